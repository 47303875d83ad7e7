"""What GitHub Actions is told: one command for each mistake, whatever the file says."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.escape.terminal import line
from airflow_entra.escape.workflow import without_commands
from airflow_entra.finding import Finding, InFile
from airflow_entra.report.findings_annotations import workflow_commands
from airflow_entra.settings.kinds import KINDS

ROOT = Path("/repo")
FOREIGN = st.text(max_size=40) | st.sampled_from(["::error::x", "a%0Ab", "a,b:c", "\r\n::stop-commands::x", "%25"])


def mistake(what: str = "w", file: str = "/repo/stacks/Pulumi.x.yaml") -> Finding:
    return Finding(InFile(Path(file), 3, 7), what, "r", "f", id="yaml/not-yaml")


def read(command_line: str) -> tuple[str, dict[str, str], str]:
    """What the runner makes of a line (actions/runner, ActionCommand.TryParseV2): command, properties, message."""
    assert command_line.startswith("::")
    head, _, message = command_line[2:].partition("::")
    command, _, said = head.partition(" ")
    properties = dict(part.split("=", 1) for part in said.split(","))

    def plain(text: str, *also: tuple[str, str]) -> str:
        for written, meant in (("%0D", "\r"), ("%0A", "\n"), *also, ("%25", "%")):
            text = text.replace(written, meant)
        return text

    return command, {k: plain(v, ("%3A", ":"), ("%2C", ",")) for k, v in properties.items()}, plain(message)


def test_a_mistake_marks_its_line() -> None:
    assert workflow_commands([mistake()], ROOT) == (
        "::error file=stacks/Pulumi.x.yaml,line=3,col=7,title=The text is not YAML (yaml/not-yaml)"
        f"::w; r; f%0ASee {KINDS['yaml/not-yaml'].link}\n"
    )


def test_a_warning_is_one_and_a_file_elsewhere_keeps_its_path() -> None:
    one = Finding(InFile(Path("/else/y.yaml"), 1, 1), "w", "r", "f", severity="warning", id="yaml/tag")
    assert workflow_commands([one], ROOT).startswith("::warning file=/else/y.yaml,line=1,")


@given(what=FOREIGN, name=FOREIGN.map(lambda text: text.replace("/", "").replace("\0", "") or "x"))
def test_no_text_adds_a_command_or_is_changed(what: str, name: str) -> None:
    lines = workflow_commands([mistake(what, f"/repo/{name}.yaml")], ROOT)
    assert lines.count("\n") == 1
    assert "\r" not in lines
    command, properties, message = read(lines[:-1])
    assert command == "error"
    assert properties.keys() == {"file", "line", "col", "title"}
    assert properties["file"] == without_commands(f"{name}.yaml")
    assert message.startswith(f"{without_commands(line(f'{what}; r; f'))}\n")


def test_a_policys_name_and_its_place_move_no_cursor() -> None:
    foreign = "g\u202egpj \x1b[31m\n::error::x\r ##vso[task.setvariable variable=a]b ##[error]c"
    found = Finding(foreign, foreign, foreign, foreign, id=f"policy/{foreign}", stack=foreign)
    written = workflow_commands([found], ROOT)
    _, properties, message = read(written[:-1])
    assert not {"\u202e", "\x1b", "\n", "\r"} & {*"".join(properties.values()), *message, *written[:-1]}
    assert "%0A" not in written
    assert not re.search(r"##(vso)?\[", written)
