"""airflow-entra diff, as it is called: revisions, folders and files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_entra.cli import main
from tests.cli.test_who import home as home  # a local tenant that holds what `pulumi up` of stack local makes

SHIPPED = Path(__file__).parents[2] / "stacks"
NEW_GROUP = "- create: airflow-prod-admins\n        - create: airflow-prod-more"


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def git(*arguments: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@contoso.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose branch `main` has the shipped stacks, with the caller in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    for file in SHIPPED.glob("Pulumi.*.yaml"):
        (tmp_path / "stacks" / file.name).write_bytes(file.read_bytes())
    git("init", "--initial-branch", "main")
    git("add", ".")
    git("commit", "--message", "first")
    return tmp_path


def edit(project: Path, stack: str, old: str, new: str) -> None:
    file = project / "stacks" / f"Pulumi.{stack}.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_the_working_tree_against_a_branch(project: Path) -> None:
    edit(project, "prod", "- create: airflow-prod-admins", NEW_GROUP)
    result = diff("main")
    assert result.exit_code == 0, result.output
    first, *lines = result.stdout.splitlines()
    assert first == "Access changes in 1 of 4 stacks: 1 role gained by groups, 0 lost, 1 warning."
    assert [line.split() for line in lines if line.startswith("  gains ")] == [
        ["gains", "Admin", "airflow-prod-more", "new", "group"]
    ]
    assert "group airflow-prod-more gains Admin in production [risk/production-admin-widened]" in result.stdout


def test_two_revisions_leave_the_working_tree_alone(project: Path) -> None:
    git("checkout", "--quiet", "-b", "work")
    edit(project, "prod", "- create: airflow-prod-admins", NEW_GROUP)
    git("commit", "--all", "--message", "more")
    git("checkout", "--quiet", "main")
    edit(project, "dev", "guests: allow", "guests: refuse")

    document = json.loads(diff("main", "work", "--format", "json").stdout)
    assert [change["stack"] for change in document["stacks"]] == ["prod"]
    assert document["stacks"][0]["roles"] == {
        "gained": [{"role": "Admin", "group": "airflow-prod-more", "key": "airflow-prod-more"}],
        "lost": [],
    }
    assert "guests: refuse" in (project / "stacks" / "Pulumi.dev.yaml").read_text()


def test_no_change_says_so_and_exit_codes_follow_the_option(project: Path) -> None:
    edit(project, "prod", "# Production:", "# In production:")  # the text differs, what it says doesn't
    result = diff("main", "--exit-code")
    assert result.exit_code == 0
    assert result.stdout == "No change in access: 4 stacks say the same in main and this folder.\n"

    edit(project, "prod", "guests: refuse", "guests: allow")
    assert diff("main").exit_code == 0
    assert diff("main", "--exit-code").exit_code == 1


def test_a_wrong_file_on_either_side_is_named_with_its_place(project: Path) -> None:
    edit(project, "prod", "guests: refuse", "guests: maybe")
    line = 1 + (project / "stacks" / "Pulumi.prod.yaml").read_text()[:-1].split("guests:")[0].count("\n")
    after = diff("main", ".")
    assert (after.exit_code, after.stdout) == (2, "")
    assert f"stacks/Pulumi.prod.yaml:{line}:13:" in after.stderr

    git("commit", "--all", "--message", "wrong")
    before = diff("HEAD", "HEAD~1")
    assert before.exit_code == 2
    assert f"HEAD:stacks/Pulumi.prod.yaml:{line}:13:" in before.stderr


@pytest.mark.parametrize("name", ["no-such-branch", "--output=x", "main:stacks", "HEAD^{tree}"])
def test_what_is_neither_file_nor_revision_is_exit_code_2(project: Path, name: str) -> None:
    result = CliRunner().invoke(main, ["diff", "--", name, "main"])
    assert result.exit_code == 2
    assert f"{name} is no file or folder, and no git revision" in result.stderr
    assert {path.name for path in project.iterdir()} == {".git", "stacks"}


def test_an_empty_side_is_not_this_folder(project: Path) -> None:
    result = diff("")
    assert result.exit_code == 2
    assert "one side is empty" in result.stderr


def test_two_files_are_one_stack_and_folders_may_be_projects_or_stacks(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "proposal.yaml"
    text = (project / "stacks" / "Pulumi.prod.yaml").read_text()
    other.write_text(text.replace("- create: airflow-prod-admins", NEW_GROUP))
    result = diff(project / "stacks" / "Pulumi.prod.yaml", other)
    assert "Access changes in 1 of 1 stack: 1 role gained by groups, 0 lost" in result.stdout
    assert "proposal (production): changed" in result.stdout
    assert "No change in access" in diff(project, project / "stacks").stdout


def test_added_and_removed_stacks(project: Path) -> None:
    (project / "stacks" / "Pulumi.staging.yaml").rename(project / "stacks" / "Pulumi.quality.yaml")
    output = diff("main").stdout
    assert "quality (staging): new stack" in output
    assert "staging (staging): stack removed: everybody loses access" in output


def test_foreign_text_is_harmless_in_markdown_and_on_a_terminal(project: Path) -> None:
    edit(project, "prod", "- create: airflow-prod-admins", '- create: "| <b>x</b> `y` \\u202e[z](u)"')
    markdown = diff("main", "--format", "markdown").stdout
    assert "\\| &lt;b>x&lt;/b> \\`y\\` \\[z\\](u)" in markdown
    assert "\u202e" not in markdown + diff("main").stdout


def test_one_group_is_no_admin_of_two_environments(project: Path) -> None:
    edit(project, "prod", "- create: airflow-prod-admins", "- create: airflow-dev-admins")
    result = diff("main")
    assert result.exit_code == 1
    places = [line.partition(": ")[0] for line in result.stdout.splitlines() if "gives Admin in" in line]
    assert [place.rpartition(":")[0].rpartition(":")[0] for place in places] == [
        "stacks/Pulumi.dev.yaml",
        "stacks/Pulumi.prod.yaml",
    ]
    for place in places:
        file, line, column = place.split(":")
        assert Path(file).read_text().splitlines()[int(line) - 1][int(column) - 1 :] == "create: airflow-dev-admins"
    found = json.loads(diff("main", "--format", "json").stdout)["findings"]
    assert [one["severity"] for one in found] == ["error", "error", "warning"]
    assert "| **error** | stacks/Pulumi.dev.yaml:" in diff("main", "--format", "markdown").stdout


def test_the_local_environment_shares_what_it_likes(project: Path) -> None:
    edit(project, "local", "- create: airflow-local-admins", "- create: airflow-prod-admins")
    assert diff("main").exit_code == 0


def test_people_of_the_local_tenant(home: Path, tmp_path: Path) -> None:
    for file in SHIPPED.glob("Pulumi.local.yaml"):
        text = file.read_text()
        (tmp_path / "Pulumi.local.yaml").write_text(text.replace("- create: airflow-local-admins", "- create: nobody"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(SHIPPED.parent)
        patch.setenv("AIRFLOW_ENTRA_LOCAL", str(home))
        listed = json.loads(CliRunner().invoke(main, ["who", "--port", "0", "--format", "json"]).stdout)
        files = (SHIPPED / "Pulumi.local.yaml", tmp_path / "Pulumi.local.yaml")
        people = json.loads(diff(*files, "--people", "--port", "0", "--format", "json").stdout)["people"]
        markdown = diff(*files, "--people", "--port", "0", "--format", "markdown").stdout
    admins = {
        f"{one['name']} ({one['signInName']})"
        for one in listed["people"]
        if "Admin" in [role["role"] for role in one["roles"]]
    }
    assert admins
    assert {one["person"] for one in people if one["lost"] == ["Admin"] and not one["gained"]} == admins
    assert all(f"| {person.partition(' (')[0]}" in markdown for person in admins)


def test_of_one_stack_alone(project: Path) -> None:
    for stack in ("prod", "dev"):
        edit(project, stack, f"- create: airflow-{stack}-admins", f"- create: airflow-{stack}-more")
    (project / "stacks" / "Pulumi.local.yaml").write_text("config: 1\n")
    result = diff("main", "--stack", "dev")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Access changes in 1 of 1 stack: ")
    assert "airflow-prod" not in result.stdout
    unknown = diff("main", "--stack", "qa")
    assert unknown.exit_code == 2
    assert "neither side has a stack qa; there is one for: dev, local, prod, staging" in unknown.stderr
