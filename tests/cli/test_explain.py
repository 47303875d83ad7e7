"""airflow-entra explain, as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_entra.access import DeclaredStack
from airflow_entra.cli import main
from airflow_entra.directory.explain import explanation
from airflow_entra.directory.membership import Account
from airflow_entra.directory.who import Held, Missed, Standing
from airflow_entra.report.explain import render
from airflow_entra.settings import load
from tests.access.test_explain import CLIENT, encoded, token
from tests.cli.test_who import home as home  # a local tenant that holds what `pulumi up` of stack local makes

PROJECT = Path(__file__).parents[2]
ADA = Account("a0000000-0000-4000-8000-000000000001", "Ada", "ada@contoso.com")


def explain(*arguments: str, said: str = "") -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        return CliRunner().invoke(main, ["explain", "--stack", "prod", *arguments], input=said)


def test_groups_in_three_formats() -> None:
    text = explain("--group", "airflow-prod-finance")
    assert text.exit_code == 0, text.output
    assert "has finance-editor in the Airflow of stack prod" in text.stdout
    assert "may      read, trigger, edit DAGs finance_*" in text.stdout
    (answer,) = json.loads(explain("--group", "airflow-prod-finance", "--format", "json").stdout)["answers"]
    assert (answer["admitted"], answer["roles"][0]["role"]) == (True, "finance-editor")
    markdown = explain("--group", "airflow-prod-finance", "--format", "markdown").stdout
    assert "| finance-editor | airflow-prod-finance | read, trigger, edit DAGs finance\\_\\* |" in markdown


def test_no_is_an_answer_too() -> None:
    result = explain("--token", "-", said=encoded(token(roles=[])))
    assert result.exit_code == 0
    assert "gets no role in the Airflow of stack prod: nothing gives a role" in result.stdout


def test_a_token_on_standard_input_is_never_repeated(tmp_path: Path) -> None:
    secret = encoded(token(roles=["Op"]))
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"clientId": CLIENT, "roles": {}}))
    result = explain("--token", "-", "--outputs", str(outputs), said=f"{secret}\n")
    assert result.exit_code == 0, result.output
    assert "the token of Ada" in result.stdout
    assert "platform-on-call" in result.stdout
    assert secret.split(".")[1] not in result.output


@pytest.mark.parametrize(
    ("arguments", "said", "error"),
    [
        ((), "", "say about whom"),
        (("--group", "a", "--role", "Op"), "", "say about whom"),
        (("--group", "a", "--outputs", "pyproject.toml"), "", "--outputs goes with --token"),
        (("--token", "-"), "no token", "this is no token"),
        (("--role", "op"), "", "is Op meant?"),
        (
            ("--group", "airflow-prod-admin"),
            "",
            "names no group 'airflow-prod-admin', which therefore gives nothing: is",
        ),
        (("--group", "airflow-prod-admins", "--group", "x"), "", "it names airflow-prod-admins, platform-on-call"),
        (
            ("--token", "-", "--outputs", "pyproject.toml"),
            encoded(token()),
            "pyproject.toml holds no JSON object with a stack's outputs",
        ),
        (("--stack", "nowhere", "--role", "Op"), "", "no stack file"),
    ],
)
def test_without_an_answer_the_exit_code_is_2(arguments: tuple[str, ...], said: str, error: str) -> None:
    result = explain(*arguments, said=said)
    assert (result.exit_code, result.stdout) == (2, "")
    assert error in result.stderr


def test_a_person_as_the_directory_knows_them() -> None:
    settings = load(PROJECT / "stacks" / "Pulumi.prod.yaml")
    nested = Missed(
        "Admin", "only in friends, a group inside airflow-prod-admins (app roles count direct members alone)"
    )
    standing = Standing(
        ADA, (Held("Viewer", ("airflow-prod-viewers",)), Held("Op", ("assigned in person",))), missed=(nested,)
    )
    said = render([explanation(DeclaredStack("prod", settings), standing)], "text")
    assert "Ada (ada@contoso.com) has Viewer, Op" in said
    source = (
        'member of airflow-prod-viewers (by rule: user.department -eq "Data"), which is assigned the app role Viewer'
    )
    assert source in " ".join(said.split())
    assert "through  assigned the app role Op in person" in said
    assert "not Admin: only in friends, a group inside airflow-prod-admins" in said

    refused = Standing(ADA, (), "no_role", "in no group that gives a role", (nested,))
    said = render([explanation(DeclaredStack("prod", settings), refused)], "text")
    assert said.startswith(
        "Ada (ada@contoso.com) gets no role in the Airflow of stack prod: in no group that gives a role"
    )
    assert "app roles count direct members alone" in said


def test_a_person_of_the_local_tenant(home: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(PROJECT)
        patch.setenv("AIRFLOW_ENTRA_LOCAL", str(home))
        everybody = json.loads(CliRunner().invoke(main, ["who", "--port", "0", "--format", "json"]).stdout)
        for person in everybody["people"]:
            arguments = ["explain", "--person", person["id"], "--port", "0", "--format", "json"]
            (answer,) = json.loads(CliRunner().invoke(main, arguments).stdout)["answers"]
            assert [(one["role"], one["through"]) for one in answer["roles"]] == [
                (
                    one["role"],
                    [f"member of {name}, which is assigned the app role {one['role']}" for name in one["through"]],
                )
                for one in person["roles"]
            ]
            assert answer["refused"] == person["refused"]
            assert answer["notes"] == [f"not {one['role']}: {one['why']}" for one in person["missed"]]
        nobody = CliRunner().invoke(main, ["explain", "--person", "nobody-at-all", "--port", "0"])
    assert nobody.exit_code == 2
    assert "nobody in the tenant is 'nobody-at-all'" in nobody.stderr
