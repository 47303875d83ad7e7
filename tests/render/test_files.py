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

from airflow_entra.access import DeclaredStack
from airflow_entra.errors import UserError
from airflow_entra.local.airflow.deployed import parse_environment
from airflow_entra.render import NOT_STOCK, TARGETS, Facts, Target, render, sign_on_file
from airflow_entra.render import facts as facts_of
from airflow_entra_auth.rules import Certificate, PlatformIdentity, VaultSecret, load_rules
from tests.render.stacks import CLIENT, CREDENTIALS, EXISTING, TENANT, WATCHER, group_id, known, outputs, settings

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


def test_the_package_reads_which_other_tenants_may_sign_in(tmp_path: Path) -> None:
    file = tmp_path / "sign-on.json"
    other = "99999999-0000-4000-8000-000000000009"
    file.write_text(render("roles", known(guests={"tenants": [other]}, externalSession="1h")))
    rules = load_rules(file)
    assert (rules.guests, rules.external_session) == ("tenants", 3600)
    assert rules.home_tenants == {other}


def server_of(facts: Facts) -> dict[str, str]:
    """The variables of the API server, or of 2.11's webserver."""
    return parse_environment(render("env", facts)) | parse_environment(render("server-env", facts))


@BOTH
def test_https_means_secure_cookies_and_a_proxy_in_front_a_local_one_neither(version: str) -> None:
    far = server_of(known(version))
    near = server_of(known(version, url="http://localhost:8080/data"))
    section = f"AIRFLOW__{SECTION[version]}__"

    assert far[f"{section}COOKIE_SECURE"] == far[f"{section}ENABLE_PROXY_FIX"] == "True"
    assert near[f"{section}COOKIE_SECURE"] == near[f"{section}ENABLE_PROXY_FIX"] == "False"
    assert far[f"{section}COOKIE_SAMESITE"] == "Lax"
    assert far[f"{section}PROXY_FIX_X_PREFIX"] == "0"


@BOTH
@given(minutes=st.integers(1, 30 * 24 * 60))
def test_nothing_outlives_the_declared_session(version: str, minutes: int) -> None:
    variables = server_of(known(version, airflowSession=f"{minutes}m"))
    section = f"AIRFLOW__{SECTION[version]}__"

    assert variables[f"{section}SESSION_LIFETIME_MINUTES"] == str(minutes)
    if version == "3.3":
        assert variables[f"{section}SESSION_MAX_LIFETIME_MINUTES"] == str(minutes)
        tokens = [int(value) for name, value in variables.items() if name.startswith("AIRFLOW__API_AUTH__JWT")]
        assert len(tokens) == 2
        assert max(tokens) <= minutes * 60


WATCHERS: dict[str, dict[str, Any]] = {
    "refresh": {},
    "watch": {"revocation": "watch"},
    "existing": {"revocation": "watch", "watcher": {"existing": EXISTING}},
    "certificate": {"revocation": "watch", "watcher": {"certificate": "watcher.pem"}},
}
EVERY_WATCHER = pytest.mark.parametrize("watcher", sorted(WATCHERS))
FOR_ALL = {
    "3.3": {"AIRFLOW__CORE__AUTH_MANAGER", "AIRFLOW__API__BASE_URL"},
    "2.11": {"AIRFLOW__CORE__AUTH_MANAGER", "AIRFLOW__WEBSERVER__BASE_URL"},
}


@BOTH
@EVERY_MODE
@EVERY_WATCHER
def test_a_process_that_runs_dags_gets_two_options_and_nothing_else(version: str, mode: str, watcher: str) -> None:
    facts = known(version, mode, **WATCHERS[watcher])
    compose = yaml.safe_load(render("compose", facts))

    assert set(parse_environment(render("env", facts))) == FOR_ALL[version]
    assert set(compose["x-airflow-common"]) == {"environment"}
    assert set(compose["x-airflow-common"]["environment"]) == FOR_ALL[version]
    server = {"3.3": "airflow-apiserver", "2.11": "airflow-webserver"}[version]
    assert set(compose["services"]) == {"airflow-init", server, "airflow-entra-watch"}
    assert compose["services"]["airflow-init"]["environment"] == {"_AIRFLOW_WWW_USER_CREATE": ""}

    values = yaml.safe_load(render("helm", facts))
    own = SERVER[version]
    assert set(values) - {own} == {"airflowVersion", "config", "createUserJob", "extraConfigMaps"}
    assert "secrets" not in values["config"]


@BOTH
@EVERY_MODE
@EVERY_WATCHER
def test_no_file_names_a_backend_of_secrets_which_may_be_the_teams(version: str, mode: str, watcher: str) -> None:
    facts = known(version, mode, **WATCHERS[watcher])
    for target in TARGETS:
        assert "SECRETS__BACKEND" not in render(target, facts), target


@BOTH
@EVERY_MODE
def test_helm_values_hold_the_same_options_and_files(version: str, mode: str) -> None:
    facts = known(version, mode)
    values = yaml.safe_load(render("helm", facts))
    variables = server_of(facts)

    options = {
        f"AIRFLOW__{section.upper()}__{name.upper()}": unescaped(value)
        for section, options in values["config"].items()
        if section != "airflow_entra"
        for name, value in options.items()
    }
    others = {f"AIRFLOW__{SECTION[version]}__CONFIG_FILE", "AIRFLOW_ENTRA_SIGN_ON"}  # the chart's mount; an `env` entry
    assert options == {name: value for name, value in variables.items() if name not in others}
    assert config_file(version, values).strip() == render("webserver-config", facts).strip()
    (files,) = (yaml.safe_load(item["data"]) for item in values["extraConfigMaps"].values())
    said = json.loads(unescaped(files["sign-on.json"]))
    assert said | {"credential": None} == json.loads(sign_on_file(facts)) | {"credential": None}
    assert values["createUserJob"] == {"enabled": False}


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
@EVERY_WATCHER
def test_compose_gives_the_server_and_the_watcher_their_own(version: str, mode: str, watcher: str) -> None:
    facts = known(version, mode, **WATCHERS[watcher])
    compose = yaml.safe_load(render("compose", facts))
    server = compose["services"][{"3.3": "airflow-apiserver", "2.11": "airflow-webserver"}[version]]
    watch = compose["services"]["airflow-entra-watch"]

    said = {name: value.replace("$$", "$") for name, value in server["environment"].items()}
    assert said == server_of(facts)
    sign_on = {"AIRFLOW_ENTRA_SIGN_ON": "/opt/airflow/sign-on.json"}
    assert watch["environment"] == compose["x-airflow-common"]["environment"] | sign_on
    assert "/opt/airflow/sign-on.json" in {one["target"] for one in server["configs"]}
    assert "/opt/airflow/sign-on.json" in {one["target"] for one in watch["configs"]}
    assert [one["path"] for one in server["env_file"]][1:] == ["server.secrets.env"]
    assert [one["path"] for one in watch["env_file"]][1:] == ["watcher.secrets.env"]
    assert watch["restart"] == "always"
    for service in (server, watch):
        for kind in ("configs", "secrets"):
            assert {one["source"] for one in service.get(kind, ())} <= set(compose.get(kind, ()))


@BOTH
@EVERY_MODE
@EVERY_WATCHER
def test_the_watcher_is_a_deployment_of_its_own(version: str, mode: str, watcher: str) -> None:
    facts = known(version, mode, **WATCHERS[watcher])
    text = render("helm-watcher", facts)
    objects = {one["kind"]: one for one in yaml.safe_load_all(text)}
    assert set(objects) == {"Role", "RoleBinding", "ServiceAccount", "PodDisruptionBudget", "Deployment"}
    spec = objects["Deployment"]["spec"]
    pod, labels = spec["template"]["spec"], spec["template"]["metadata"]["labels"]
    (container,) = pod["containers"]

    assert spec["replicas"] == 2
    assert objects["PodDisruptionBudget"]["spec"]["minAvailable"] == 1
    for selector in (spec["selector"], objects["PodDisruptionBudget"]["spec"]["selector"]):
        assert selector["matchLabels"].items() <= labels.items()
    assert pod["serviceAccountName"] == objects["ServiceAccount"]["metadata"]["name"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["args"][:3] == ["python", "-m", "airflow_entra_auth.watch"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert "readinessProbe" not in container  # nothing is sent to it
    assert container["resources"]["limits"]["memory"]
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in pod["volumes"]}
    assert {"AIRFLOW_ENTRA_SIGN_ON", "AIRFLOW_ENTRA_SESSION_KEY"} < {one["name"] for one in container["env"]}
    values = yaml.safe_load(render("helm", facts))
    assert "extraContainers" not in values[SERVER[version]]  # no sidecar
    used = [one["configMap"]["name"] for one in pod["volumes"] if "configMap" in one]
    assert set(used) == {"airflow-config", *values["extraConfigMaps"]}
    assert facts.soon in text


@BOTH
def test_the_watcher_runs_as_the_account_that_entra_trusts_for_it(version: str) -> None:
    def account(text: str) -> Any:
        return next(one for one in yaml.safe_load_all(text) if one["kind"] == "ServiceAccount")["metadata"]

    derived = account(render("helm-watcher", known(version, "federated", revocation="watch")))
    assert derived["name"] == "airflow-api-watcher"
    assert derived["annotations"] == {"azure.workload.identity/client-id": WATCHER}
    as_the_application = account(render("helm-watcher", known(version, "federated")))
    assert as_the_application["name"] == "airflow-api"
    assert as_the_application["annotations"] == {"azure.workload.identity/client-id": CLIENT}
    existing = account(render("helm-watcher", known(version, **WATCHERS["existing"])))
    assert existing["annotations"] == {"azure.workload.identity/client-id": WATCHER}


@BOTH
@EVERY_MODE
@EVERY_WATCHER
def test_the_package_reads_who_the_watcher_is(version: str, mode: str, watcher: str, tmp_path: Path) -> None:
    file = tmp_path / "sign-on.json"
    file.write_text(render("roles", known(version, mode, **WATCHERS[watcher])))
    rules = load_rules(file)

    if watcher == "refresh":
        assert rules.watcher is None
        return
    assert rules.watcher is not None
    assert rules.watcher.client_id == WATCHER
    if watcher == "existing":
        assert rules.watcher.credential == PlatformIdentity()
    if watcher == "certificate":
        assert rules.watcher.credential == Certificate(
            "/opt/airflow/watcher-certificate/tls.key", "/opt/airflow/watcher-certificate/tls.crt"
        )
    if (watcher, mode) == ("watch", "vaultSecret"):
        assert rules.watcher.credential == VaultSecret(
            "https://kv-airflow.vault.azure.net", "airflow-oauth-client-secret-watcher"
        )


def test_a_stack_that_an_older_release_deployed_is_rendered_as_it_was() -> None:
    declared = settings(revocation="watch")
    deployed = {key: value for key, value in outputs(declared).items() if key != "watcher"}

    assert facts_of(DeclaredStack("dev", declared), deployed).watcher is None


def test_a_watcher_that_is_deployed_otherwise_is_told() -> None:
    declared, other = settings(revocation="watch"), settings(revocation="watch", watcher={"existing": EXISTING})

    with pytest.raises(UserError, match="a watcher of mode existing, its file says vaultSecret"):
        facts_of(DeclaredStack("dev", declared), outputs(other))


@pytest.mark.parametrize("target", sorted(NOT_STOCK - {"roles"}))
def test_stock_airflow_has_no_watcher(target: Target) -> None:
    with pytest.raises(UserError, match="leave out --stock"):
        render(target, known(), stock=True)


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
    with pytest.raises(UserError, match="needs a client secret"):
        render("webserver-config", known(mode=mode), stock=True)


def test_stock_airflow_reads_no_sign_on_file() -> None:
    with pytest.raises(UserError, match="reads no sign-on file"):
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
