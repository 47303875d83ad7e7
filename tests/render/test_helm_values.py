"""The Helm values beside a team's own: no list, no key that the chart gives up, and secrets for one service account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from airflow_entra.access import DeclaredStack
from airflow_entra.errors import UserError
from airflow_entra.render import Facts, SecretPlaces, facts, render
from airflow_entra_auth.rules import Certificate, ReferredSecret, parse_rules
from tests.render.stacks import CREDENTIALS, known, outputs, settings

BOTH = pytest.mark.parametrize("version", ["3.3", "2.11"])
EVERY_MODE = pytest.mark.parametrize("mode", sorted(CREDENTIALS))
SERVER = {"3.3": "apiServer", "2.11": "webserver"}
ACCOUNT = {"3.3": "airflow-api-server", "2.11": "airflow-webserver"}


def values(facts: Facts, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(render("helm", facts, **more))
    return found


def objects(facts: Facts) -> list[dict[str, Any]]:
    return [*yaml.safe_load_all(render("helm-watcher", facts))]


def lists(value: Any, path: str = "") -> Iterator[str]:
    """Where a value holds lists, which Helm replaces with those of a later file."""
    if isinstance(value, list):
        yield path
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from lists(below, f"{path}.{key}")


def readable(facts: Facts) -> dict[str, set[str]]:
    """The Secrets and ConfigMaps that each service account may get, by the manifests alone."""
    made = objects(facts)
    roles = {item["metadata"]["name"]: item["rules"] for item in made if item["kind"] == "Role"}
    for rules in roles.values():
        for rule in rules:
            assert (rule["verbs"], rule["apiGroups"], bool(rule["resourceNames"])) == (["get"], [""], True)
    found: dict[str, set[str]] = {}
    for binding in (item for item in made if item["kind"] == "RoleBinding"):
        (subject,) = binding["subjects"]
        names = {name for rule in roles[binding["roleRef"]["name"]] for name in rule["resourceNames"]}
        found[subject["name"]] = found.get(subject["name"], set()) | names
    return found


@BOTH
@EVERY_MODE
@pytest.mark.parametrize("stock", [False, True])
def test_there_is_no_list_that_would_replace_a_teams_own(version: str, mode: str, stock: bool) -> None:
    if stock and mode != "vaultSecret":
        return
    assert [*lists(values(known(version, mode), stock=stock))] == []


@BOTH
def test_nobody_is_made_with_a_password(version: str) -> None:
    """`webserver.defaultUser`, which said it before, is gone in the chart's next major version."""
    said = values(known(version))
    assert said["createUserJob"] == {"enabled": False}
    assert "defaultUser" not in said.get("webserver", {})
    assert (version == "3.3") == ("webserver" not in said)


@BOTH
@EVERY_MODE
def test_the_server_alone_may_read_the_session_key_and_the_rules(version: str, mode: str) -> None:
    rendered = known(version, mode)
    said = values(rendered)["config"]["airflow_entra"]
    account = "airflow-api" if mode == "federated" else ACCOUNT[version]

    assert said == {
        "sign_on": "kubernetes:configmap/airflow-entra-sign-on/sign-on.json",
        "session_key": "kubernetes:secret/airflow-entra-session/key",
    }
    assert {"airflow-entra-sign-on", "airflow-entra-session"} <= readable(rendered)[account]
    assert "airflow-entra-sign-on" in values(rendered)["extraConfigMaps"]


def signed_on(facts: Facts) -> Any:
    (files,) = (yaml.safe_load(item["data"]) for item in values(facts)["extraConfigMaps"].values())
    return parse_rules(yaml.safe_load(files["sign-on.json"]), "sign-on.json")


@BOTH
def test_a_private_key_is_read_by_whose_it_is_and_nobody_else(version: str) -> None:
    rendered = known(version, "certificate", revocation="watch", watcher={"certificate": "watcher.pem"})
    rules, may = signed_on(rendered), readable(rendered)

    assert rules.credential == Certificate(
        "kubernetes:secret/airflow-entra-certificate/tls.key", "kubernetes:secret/airflow-entra-certificate/tls.crt"
    )
    assert rules.watcher is not None
    assert rules.watcher.credential == Certificate(
        "kubernetes:secret/airflow-entra-watcher-certificate/tls.key",
        "kubernetes:secret/airflow-entra-watcher-certificate/tls.crt",
    )
    assert may == {
        ACCOUNT[version]: {"airflow-entra-sign-on", "airflow-entra-session", "airflow-entra-certificate"},
        "airflow-entra-watcher": {"airflow-entra-watcher-certificate"},
    }
    assert pod(rendered)["automountServiceAccountToken"] is True


def pod(facts: Facts) -> dict[str, Any]:
    deployment = next(item for item in objects(facts) if item["kind"] == "Deployment")
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


@BOTH
@pytest.mark.parametrize("mode", ["vaultSecret", "federated"])
def test_a_watcher_that_reads_nothing_of_kubernetes_has_no_token(version: str, mode: str) -> None:
    rendered = known(version, mode, revocation="watch")
    assert pod(rendered)["automountServiceAccountToken"] is False
    assert len(readable(rendered)) == 1


def elsewhere(version: str, secrets: SecretPlaces, mode: str = "vaultSecret") -> Facts:
    declared = settings(mode, revocation="watch")
    return facts(DeclaredStack("dev", declared), outputs(declared), version=version, secrets=secrets)


@BOTH
def test_a_client_secret_may_come_from_a_kubernetes_secret_and_a_file(version: str) -> None:
    rendered = elsewhere(version, SecretPlaces("kubernetes:secret/from-the-vault/client", "/run/secrets/watcher"))
    rules = signed_on(rendered)

    assert rules.credential == ReferredSecret("kubernetes:secret/from-the-vault/client")
    assert rules.watcher is not None
    assert rules.watcher.credential == ReferredSecret("/run/secrets/watcher")
    assert readable(rendered) == {
        ACCOUNT[version]: {"airflow-entra-sign-on", "airflow-entra-session", "from-the-vault"}
    }
    assert "azure.workload.identity" not in render("helm", rendered)
    assert "kubernetes:secret/from-the-vault/client" in render("server-env", rendered)
    assert "/run/secrets/watcher" in render("watcher-env", rendered)


def test_where_there_is_no_secret_it_is_nowhere() -> None:
    with pytest.raises(UserError, match=r"stack dev has none \(credential.mode certificate\); leave it out"):
        elsewhere("3.3", SecretPlaces("/run/secrets/client"), "certificate")


def test_stock_airflow_reads_the_vault_alone() -> None:
    with pytest.raises(UserError, match="leave out --stock, or --secret-from"):
        render("webserver-config", elsewhere("3.3", SecretPlaces("/run/secrets/client")), stock=True)
