"""What the CI system is told, and how."""

from __future__ import annotations

import shlex

import pytest

from airflow_entra.access.ci_variables import Variable, commands, variables
from airflow_entra.access.grants import Made
from airflow_entra.access.pipeline import pipeline
from airflow_entra.access.repository import github
from tests.access.pipelines import PROJECT, connected, declared, stack

STACKS = {"production": ["prod"], "staging": ["staging"]}
MADE = {"preview": Made("reader", "r"), "production": Made("deployer", "d")}


def test_the_reader_is_the_repository_s_and_each_deployer_its_environment_s() -> None:
    found = variables(declared(), MADE, {"production": "azurekeyvault://kv"}, STACKS)
    assert {one.name: one.value for one in found if one.environment is None} == {
        "AZURE_TENANT_ID": declared().tenant,
        "AZURE_SUBSCRIPTION_ID": declared().state.subscription,
        "AZURE_CLIENT_ID_PREVIEW": "reader",
        "PULUMI_BACKEND_URL": declared().state.backend,
    }
    assert [one for one in found if one.environment == "production"] == [
        Variable("AZURE_CLIENT_ID", "deployer", "production"),
        Variable("PULUMI_SECRETS_PROVIDER", "azurekeyvault://kv", "production"),
    ]
    assert Variable("AZURE_CLIENT_ID", "<client id of airflow-entra-staging>", "staging") in found


def test_stacks_that_the_reader_may_not_see_are_left_out_by_name() -> None:
    found = variables(declared(without_preview=["production"]), MADE, {}, STACKS)
    assert Variable("PREVIEW_STACKS", "staging") in found


def test_on_github_environments_come_before_their_variables_and_each_line_is_one_command() -> None:
    lines = [shlex.split(line) for line in commands(declared(), variables(declared(), MADE, {}, STACKS))]
    made = [line[-1].rpartition("/")[2] for line in lines if line[:2] == ["gh", "api"]]
    assert all("||" in line for line in lines[: len(made)]), "an environment that is there keeps its protections"
    assert made == ["production", "staging", "drift"]
    assert [line[0:3] for line in lines[: len(made)]] == [["gh", "api", "--silent"]] * 3
    wanted = "gh variable set AZURE_CLIENT_ID --repo contoso/airflow-sign-on --env production --body deployer"
    assert wanted.split() in lines


def test_on_azure_devops_connections_say_who_and_groups_the_rest() -> None:
    there = pipeline(PROJECT, {"prod": stack()}, trusts=connected("production"))
    told = commands(there, variables(there, MADE, {}, STACKS))
    assert [line for line in told if line.startswith("#")] == [
        "# Finish the service connection airflow-entra-preview with the application (client) id reader",
        "# Finish the service connection airflow-entra-production with the application (client) id deployer",
    ]
    common, production = (shlex.split(line) for line in told if not line.startswith("#"))
    assert common[common.index("--name") + 1] == "airflow-entra"
    assert common[common.index("--project") + 1] == "data platform"
    assert production[production.index("--name") + 1] == "airflow-entra-production"
    assert production[-1] == "PULUMI_SECRETS_PROVIDER=<known once it is made>"
    assert not [value for value in (*common, *production) if "CLIENT_ID" in value]


@pytest.mark.parametrize(
    ("issuer", "host"),
    [
        ("https://token.actions.octocorp.ghe.com", "octocorp.ghe.com"),
        ("https://git.contoso.com/_services/token", "git.contoso.com"),
    ],
)
def test_the_lines_ask_the_github_that_the_repository_is_on(issuer: str, host: str) -> None:
    there = pipeline(github("contoso/a", "repo:contoso/a", issuer), {"prod": stack()})
    lines = commands(there, variables(there, MADE, {}, STACKS))
    assert all(f"--hostname {host}" in line or f"--repo {host}/contoso/a" in line for line in lines)
