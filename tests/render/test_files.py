"""What is rendered parses as what it claims to be, and says what the stack file says; whatever people write in one."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.local.airflow.deployed import parse_environment
from airflow_entra.render import TARGETS, Facts, RenderError, render, sign_on_file
from airflow_entra_auth.rules import load_rules
from tests.render.stacks import CLIENT, CREDENTIALS, TENANT, group_id, known

BOTH = pytest.mark.parametrize("version", ["3.3", "2.11"])
EVERY_MODE = pytest.mark.parametrize("mode", sorted(CREDENTIALS))
SECTION = {"3.3": "FAB", "2.11": "WEBSERVER"}
SERVER = {"3.3": "apiServer", "2.11": "webserver"}


def unescaped(text: str) -> str:
    """A Helm value after Helm's templates."""
    return text.replace('{{ "{{" }}', "{{")


def config_file(version: str, values: dict[str, Any]) -> str:
    """The webserver_config.py in Helm's values."""
    text: str = values[SERVER[version]][f"{SERVER[version]}Config"]
    return unescaped(text)


@BOTH
@EVERY_MODE
def test_the_package_reads_the_sign_on_file(version: str, mode: str, tmp_path: Path) -> None:
    file = tmp_path / "sign-on.json"
    file.write_text(render("roles", known(version, mode, contact="data@contoso.com", airflowSession="90m")))
    rules = load_rules(file)

    assert (rules.tenant_id, rules.client_id, rules.airflow_session) == (TENANT, CLIENT, 5400)
    assert rules.issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert rules.contact == "data@contoso.com"
    assert rules.roles["Viewer"].groups == (group_id("viewers"), group_id("analysts"))
    assert rules.roles["sales-editor"].dags == {"sales_*": ("read", "trigger")}
    assert [role.name for role in rules.custom_roles] == ["sales-editor"]


@BOTH
def test_https_means_secure_cookies_and_a_proxy_in_front_a_local_one_neither(version: str) -> None:
    far = parse_environment(render("env", known(version)))
    near = parse_environment(render("env", known(version, url="http://localhost:8080/data")))
    section = f"AIRFLOW__{SECTION[version]}__"

    assert far[f"{section}COOKIE_SECURE"] == far[f"{section}ENABLE_PROXY_FIX"] == "True"
    assert near[f"{section}COOKIE_SECURE"] == near[f"{section}ENABLE_PROXY_FIX"] == "False"
    assert far[f"{section}COOKIE_SAMESITE"] == "Lax"
    assert far[f"{section}PROXY_FIX_X_PREFIX"] == "0"


@BOTH
@given(minutes=st.integers(1, 30 * 24 * 60))
def test_nothing_outlives_the_declared_session(version: str, minutes: int) -> None:
    variables = parse_environment(render("env", known(version, airflowSession=f"{minutes}m")))
    section = f"AIRFLOW__{SECTION[version]}__"

    assert variables[f"{section}SESSION_LIFETIME_MINUTES"] == str(minutes)
    if version == "3.3":
        assert variables[f"{section}SESSION_MAX_LIFETIME_MINUTES"] == str(minutes)
        tokens = [int(value) for name, value in variables.items() if name.startswith("AIRFLOW__API_AUTH__JWT")]
        assert len(tokens) == 2
        assert max(tokens) <= minutes * 60


@BOTH
@EVERY_MODE
def test_helm_values_hold_the_same_options_and_files(version: str, mode: str) -> None:
    facts = known(version, mode)
    values = yaml.safe_load(render("helm", facts))
    variables = parse_environment(render("env", facts))

    options = {
        f"AIRFLOW__{section.upper()}__{name.upper()}": unescaped(value)
        for section, options in values["config"].items()
        for name, value in options.items()
    }
    others = {f"AIRFLOW__{SECTION[version]}__CONFIG_FILE", "AIRFLOW_ENTRA_SIGN_ON"}  # the chart's mount; an `env` entry
    assert options == {name: value for name, value in variables.items() if name not in others}
    assert config_file(version, values).strip() == render("webserver-config", facts).strip()
    (files,) = (yaml.safe_load(item["data"]) for item in values["extraConfigMaps"].values())
    assert json.loads(unescaped(files["sign-on.json"])) == json.loads(sign_on_file(facts))
    mounts = {mount["name"]: mount["mountPath"] for mount in values["volumeMounts"]}
    assert values["env"] == [{"name": "AIRFLOW_ENTRA_SIGN_ON", "value": "/opt/airflow/sign-on/sign-on.json"}]
    assert mounts["airflow-entra-sign-on"] == "/opt/airflow/sign-on"
    assert {volume["name"] for volume in values["volumes"]} == set(mounts)
    assert values["createUserJob"] == {"defaultUser": {"enabled": False}}
    assert values["webserver"]["defaultUser"] == {"enabled": False}


@BOTH
def test_helm_runs_a_federated_airflow_as_the_account_that_entra_trusts(version: str) -> None:
    server = yaml.safe_load(render("helm", known(version, "federated")))[SERVER[version]]

    assert server["serviceAccount"] == {
        "name": "airflow-api",
        "annotations": {"azure.workload.identity/client-id": CLIENT},
    }
    assert server["labels"] == {"azure.workload.identity/use": "true"}


@BOTH
@EVERY_MODE
def test_compose_holds_the_same_variables_and_no_first_user(version: str, mode: str) -> None:
    facts = known(version, mode)
    compose = yaml.safe_load(render("compose", facts))
    common = compose["x-airflow-common"]

    said = {name: value.replace("$$", "$") for name, value in common["environment"].items()}
    assert parse_environment(render("env", facts)).items() <= said.items()
    assert "./sign-on.json:/opt/airflow/sign-on.json:ro" in common["volumes"]
    assert compose["services"]["airflow-init"]["environment"] == {"_AIRFLOW_WWW_USER_CREATE": ""}


@BOTH
@EVERY_MODE
@pytest.mark.parametrize(("revocation", "soon"), [("watch", "within seconds"), ("refresh", "within five minutes")])
def test_a_watcher_stands_beside_airflow(version: str, mode: str, revocation: str, soon: str) -> None:
    facts = known(version, mode, revocation=revocation)
    program = ["python", "-m", "airflow_entra_auth.watch"]

    assert " ".join(program) in render("env", facts)
    compose, helm = render("compose", facts), render("helm", facts)
    assert soon in compose
    assert soon in helm
    service, values = yaml.safe_load(compose)["services"]["airflow-entra-watch"], yaml.safe_load(helm)
    (container,) = values[SERVER[version]]["extraContainers"]
    assert service["command"] == container["args"][:3] == program
    assert service["environment"]["AIRFLOW_ENTRA_SIGN_ON"] == "/opt/airflow/sign-on.json"
    assert {one["name"] for one in container["volumeMounts"]} - {"config"} == {one["name"] for one in values["volumes"]}
    assert {one["name"] for one in container["env"]} > {one["name"] for one in values["env"]}


@given(
    contact=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50),
    pattern=st.from_regex(re.compile(r"[\w.*?\[\]!-]{1,40}", re.ASCII), fullmatch=True),
)
def test_whatever_people_write_comes_out_as_they_wrote_it(contact: str, pattern: str) -> None:
    contact = "{{" + contact + "$}}"
    roles = {"own": {"groups": [{"create": "own"}], "dags": {pattern: ["read"]}}}
    facts = known(contact=contact, roles=roles)
    said = json.loads(sign_on_file(facts))
    values = yaml.safe_load(render("helm", facts))

    assert said["contact"] == contact
    assert said["roles"]["own"]["dags"] == {pattern: ["read"]}
    (files,) = (yaml.safe_load(item["data"]) for item in values["extraConfigMaps"].values())
    assert json.loads(unescaped(files["sign-on.json"])) == said
    assert "{{" not in re.sub(r'\{\{ "\{\{" \}\}', "", files["sign-on.json"])


@BOTH
@pytest.mark.parametrize("stock", [False, True])
@pytest.mark.parametrize("roles_from", ["appRoles", "assignedGroups", "securityGroups"])
def test_the_settings_are_python_with_what_matters(version: str, stock: bool, roles_from: str) -> None:
    text = render("webserver-config", known(version, rolesFrom=roles_from), stock=stock)
    tree = ast.parse(text)

    assert ("airflow_entra_auth.fab" in text.partition('"""\n\n')[2]) != stock
    assert "rbac = True" in text
    assert max(map(len, text.splitlines())) <= 160
    if not stock:
        assert len(text.splitlines()) < 15
        return
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    mapping = ast.literal_eval(assigned["AUTH_ROLES_MAPPING"])
    assert all(isinstance(roles, list) for roles in mapping.values())
    assert set(mapping) == (
        {"Admin", "Viewer", "sales-editor"}
        if roles_from == "appRoles"
        else {group_id(name) for name in ("admins", "viewers", "analysts", "sales")}
    )
    assert ast.literal_eval(assigned["AUTH_ROLES_SYNC_AT_LOGIN"]) is True


@pytest.mark.parametrize("mode", ["federated", "certificate"])
def test_stock_airflow_needs_a_secret(mode: str) -> None:
    with pytest.raises(RenderError, match="needs a client secret"):
        render("webserver-config", known(mode=mode), stock=True)


def test_stock_airflow_reads_no_sign_on_file() -> None:
    with pytest.raises(RenderError, match="reads no sign-on file"):
        render("roles", known(), stock=True)


@BOTH
@EVERY_MODE
def test_every_file_ends_in_one_line_end_and_holds_no_empty_placeholder(version: str, mode: str) -> None:
    facts: Facts = known(version, mode)
    for target in TARGETS:
        text = render(target, facts)
        assert text.endswith("\n"), target
        assert not text.endswith("\n\n"), target
        assert "None" not in text, target
