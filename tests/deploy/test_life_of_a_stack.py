"""A stack from its first `up` to its second, on the real engine and the local tenant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine

VAULT = (
    "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/resourceGroups/rg-airflow-local"
    "/providers/Microsoft.KeyVault/vaults/kv-airflow-local"
)


def test_up_then_nothing_changes_then_one_change_of_each_kind_then_destroy_and_up_again(deployment: Deployment) -> None:
    deployment.up()
    assert deployment.preview() == []
    deployment.pulumi("refresh --yes --skip-preview --expect-no-changes")
    assert deployment.preview() == []

    for section, value, expected in _changes(deployment):
        before = deployment.read("local", section)
        deployment.write("local", section, value)
        assert deployment.preview() == expected, section
        deployment.write("local", section, before)
    _apply_some(deployment)

    client_id = deployment.outputs()["clientId"]
    deployment.pulumi("destroy --yes --skip-preview")
    live = deployment.live()
    assert live.applications() == []
    assert live.groups() == []
    assert live.vault(VAULT) is None
    assert list(live.graph.pages("/servicePrincipals", {"$filter": f"appId eq '{client_id}'"})) == []
    assert list(live.graph.pages("/policies/tokenLifetimePolicies")) == []
    leftovers = live.arm.get(
        "/subscriptions/1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21/providers/Microsoft.KeyVault/deletedVaults",
        {"api-version": "2023-07-01"},
    )["value"]
    assert [vault["name"] for vault in leftovers] == ["kv-airflow-local"]

    deployment.up()
    recovered = deployment.live().vault(VAULT)
    assert recovered is not None
    assert deployment.preview() == []
    assert deployment.outputs()["clientId"] != client_id


def _changes(deployment: Deployment) -> list[tuple[str, Any, list[tuple[str, str]]]]:
    """(section, its new value, the steps that it causes): one of each kind."""
    roles = deployment.read("local", "roles")
    credential = deployment.read("local", "credential")
    owners = deployment.read("local", "owners")
    sign_in = deployment.read("local", "signIn")
    vault = credential["vault"]
    another = "6b9d4e18-1c72-4a05-93ee-8d0f5a2b7c04"
    groups = ("airflow-local-admins", "airflow-local-sales", "airflow-local-viewers")
    renamed = {"groups": [{"create": "airflow-local-chiefs", "was": "airflow-local-admins"}]}
    added = {"groups": [{"create": "airflow-local-users"}]}
    reordered = {
        name: role | {"groups": list(reversed(role["groups"]))} for name, role in reversed(list(roles.items()))
    }
    return [
        ("signIn", sign_in | {"tokenLifetime": "4h"}, [("update", "token-lifetime-policy")]),
        ("airflow", [{"version": "3.3", "url": "http://localhost:9090"}], [("update", "application")]),
        (
            "roles",
            roles | {"User": added},
            [
                ("create", "User/airflow-local-users"),
                ("create", "airflow-local-users"),
                ("update", "application"),
            ],
        ),
        ("roles", roles | {"Admin": renamed}, [("update", "airflow-local-admins")]),
        ("roles", reordered, []),
        ("owners", owners | {"groups": [*owners["groups"], another]}, [("update", group) for group in groups]),
        (
            "credential",
            credential | {"vault": vault | {"readers": [*vault["readers"], another]}},
            [("create", f"secrets-user/{another}")],
        ),
        ("credential", credential | {"rotateEvery": "60d"}, []),
    ]


def _apply_some(deployment: Deployment) -> None:
    """The preview's word is kept: what it says is done, in place, and the objects stay the same ones."""
    before = {one["urn"]: one.get("id") for one in deployment.state()}
    deployment.edit("local", "signIn", tokenLifetime="4h")
    roles = deployment.read("local", "roles")
    roles["Admin"]["groups"] = [{"create": "airflow-local-chiefs", "was": "airflow-local-admins"}]
    deployment.edit("local", "roles", **roles)
    deployment.up()
    assert deployment.preview() == []
    assert {one["urn"]: one.get("id") for one in deployment.state()} == before
    live = deployment.live()
    (policy,) = live.graph.pages("/policies/tokenLifetimePolicies")
    assert "04:00:00" in policy["definition"][0]
    assert "airflow-local-chiefs" in [group["displayName"] for group in live.groups()]
