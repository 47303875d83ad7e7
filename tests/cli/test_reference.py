import subprocess
import sys
from pathlib import Path

from airflow_entra.cli.reference import reference

PROJECT = Path(__file__).parents[2]


def test_the_page_of_the_commands_is_current() -> None:
    """As `make docs` makes it: in a process of its own, for click keeps the help option of a command's first call."""
    made = subprocess.run(
        [sys.executable, "-m", "airflow_entra.cli.reference"], cwd=PROJECT, capture_output=True, check=True
    )
    assert (PROJECT / "docs" / "commands.md").read_text("utf-8") == made.stdout.decode(), "make docs"


def test_every_command_says_what_it_does() -> None:
    page = reference()
    for command in ("check", "recover", "schema", "local up", "local run", "local deploy", "local reset"):
        assert f"## `airflow-entra {command}`" in page
    for section in page.split("## `")[1:]:
        _, _, help_text = section.partition("Usage:")
        assert len(help_text.split("\n\n")[1].strip()) > 10, section
