from __future__ import annotations

import json
from pathlib import Path

from airflow_entra.finding import exit_code
from airflow_entra.report.check import conclusion, render
from airflow_entra.settings.check import check

DATA = Path(__file__).parent / "data"


def _files(tmp_path: Path) -> list[Path]:
    text = (DATA / "everything.yaml").read_text("utf-8")
    contents = {
        "good.yaml": text,
        "warned.yaml": text.replace("longestDagRun: 6h", "longestDagRun: 12h"),
        "wrong.yaml": text.replace("environment: production", "environment: <b>|*prod*"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, "utf-8")
    return [tmp_path / name for name in contents]


def test_warnings_alone_are_fine(tmp_path: Path) -> None:
    good, warned, wrong = _files(tmp_path)

    assert exit_code(check([good]).findings) == 0
    assert exit_code(check([good, warned]).findings) == 0
    assert exit_code(check([good, wrong, warned]).findings) == 2
    assert [len(check([file]).findings) for file in (good, warned, wrong)] == [0, 2, 1]


def test_text_says_the_place_as_compilers_do_and_the_remedy_below_it(tmp_path: Path) -> None:
    good, warned, wrong = _files(tmp_path)
    text = render(check([good, warned, wrong]), "text")

    assert len(text.splitlines()) == 9
    assert text.startswith(f"{warned}:33:20: warning: tokenLifetime is 8h")
    assert f"{wrong}:10:30: error: environment is '<b>|*prod*' [settings/not-one-of]\n  right: it is one of" in text
    assert render(check([good]), "text") == ""


def test_json_holds_the_same(tmp_path: Path) -> None:
    found = json.loads(render(check(_files(tmp_path)), "json"))

    assert [one["usable"] for one in found["files"]] == [True, True, False]
    *_, last = found["findings"]
    assert (last["id"], last["line"], last["column"]) == ("settings/not-one-of", 10, 30)


def test_markdown_shows_a_files_text_as_text(tmp_path: Path) -> None:
    *_, wrong = _files(tmp_path)
    rows = [line for line in render(check([wrong]), "markdown").splitlines() if ":10:30 " in line]

    assert len(rows) == 1
    assert r"'&lt;b>\|\*prod\*'" in rows[0]


def test_the_conclusion_says_what_to_do_next(tmp_path: Path) -> None:
    good, warned, wrong = _files(tmp_path)

    assert conclusion(check([good])) == "1 file fine. Next: pulumi preview --policy-pack policies."
    assert conclusion(check([good, warned])) == "2 files fine, 2 warnings. Next: pulumi preview --policy-pack policies."
    assert conclusion(check([good, wrong])) == "1 error in 1 of 2 files: correct and check again."
