from pathlib import Path

from airflow_entra.cli.reference import reference

PROJECT = Path(__file__).parents[2]


def test_the_page_of_the_commands_is_current() -> None:
    assert (PROJECT / "docs" / "commands.md").read_text("utf-8") == reference(), "make docs"


def test_every_command_says_what_it_does() -> None:
    page = reference()
    for command in ("check", "recover", "schema", "local up", "local run", "local deploy", "local reset"):
        assert f"## `airflow-entra {command}`" in page
    for section in page.split("## `")[1:]:
        _, _, help_text = section.partition("Usage:")
        assert len(help_text.split("\n\n")[1].strip()) > 10, section
