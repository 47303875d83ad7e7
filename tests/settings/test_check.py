from __future__ import annotations

import json
from pathlib import Path

from airflow_entra.report.findings import conclusion, render
from airflow_entra.settings.check import check, exit_code

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

    assert exit_code(check([good])) == 0
    assert exit_code(check([good, warned])) == 0
    assert exit_code(check([good, wrong, warned])) == 2
    assert [len(one.mistakes) for one in check([good, warned, wrong])] == [0, 2, 1]


def test_text_is_one_line_per_finding(tmp_path: Path) -> None:
    good, warned, wrong = _files(tmp_path)
    text = render(check([good, warned, wrong]), "text")

    assert len(text.splitlines()) == 3
    assert text.startswith(f"{warned}:33:20: warning: tokenLifetime is 8h")
    assert f"{wrong}:10:30: error: environment is '<b>|*prod*'; it is one of local, development" in text
    assert render(check([good]), "text") == ""


def test_json_holds_the_same(tmp_path: Path) -> None:
    files = json.loads(render(check(_files(tmp_path)), "json"))["files"]

    assert [one["usable"] for one in files] == [True, True, False]
    assert files[2]["findings"][0]["line"] == 10
    assert files[2]["findings"][0].keys() == {"line", "column", "severity", "kind", "what", "right", "fix"}


def test_markdown_shows_a_files_text_as_text(tmp_path: Path) -> None:
    *_, wrong = _files(tmp_path)
    rows = [line for line in render(check([wrong]), "markdown").splitlines() if line.startswith("| 10:30 ")]

    assert len(rows) == 1
    assert r"'&lt;b>\|\*prod\*'" in rows[0]


def test_the_conclusion_says_what_to_do_next(tmp_path: Path) -> None:
    good, warned, wrong = _files(tmp_path)

    assert conclusion(check([good])) == "1 file fine. Next: pulumi preview."
    assert conclusion(check([good, warned])) == "2 files fine, 2 warnings. Next: pulumi preview."
    assert conclusion(check([good, wrong])) == "1 mistake in 1 of 2 files: correct and check again."
