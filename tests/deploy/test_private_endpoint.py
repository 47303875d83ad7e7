"""A vault behind a private endpoint, registered by the stack or by a policy of the landing zone, on the real engine."""

from __future__ import annotations

import pytest

from airflow_entra_auth.azure import VAULT_ZONE
from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine

STACK = "local"


def network(deployment: Deployment, kind: str) -> str:
    """A resource id in the landing zone's network, which isn't the stack's."""
    from airflow_entra.settings import load

    subscription = load(deployment.world.stack_file(STACK)).subscription_id
    return f"/subscriptions/{subscription}/resourceGroups/rg-network/providers/Microsoft.Network/{kind}"


def behind(deployment: Deployment, zone: str) -> None:
    """Put the stack's vault behind a private endpoint in the landing zone's subnet."""
    landing_zone = network(deployment, "").partition("/providers/")[0]
    deployment.live().arm.put(landing_zone, {"location": "westeurope"}, {"api-version": "2024-03-01"})
    credential = deployment.read(STACK, "credential")
    subnet = network(deployment, "virtualNetworks/vnet/subnets/endpoints")
    vault = credential["vault"] | {"privateEndpointSubnet": subnet, "privateDnsZone": zone}
    deployment.write(STACK, "credential", credential | {"vault": vault})


def below_the_group(deployment: Deployment) -> str:
    """The resource id of the stack's private endpoint."""
    (made,) = (found for found in deployment.state(STACK) if found["type"] == "azure-native:network:PrivateEndpoint")
    return str(made["id"])


@pytest.fixture
def api() -> dict[str, str]:
    return {"api-version": "2024-05-01"}


def test_the_stack_registers_its_endpoint_in_the_zone_and_nothing_is_left_to_do(
    deployment: Deployment, api: dict[str, str]
) -> None:
    behind(deployment, network(deployment, f"privateDnsZones/{VAULT_ZONE}"))
    deployment.up(STACK)
    endpoint = below_the_group(deployment)
    live = deployment.live()

    (zone,) = live.arm.get(f"{endpoint}/privateDnsZoneGroups/default", api)["properties"]["privateDnsZoneConfigs"]
    assert zone["properties"]["privateDnsZoneId"].endswith(f"/privateDnsZones/{VAULT_ZONE}")
    assert deployment.preview(STACK) == []
    deployment.pulumi("refresh --yes --skip-preview", STACK)
    assert deployment.preview(STACK) == []
    deployment.pulumi("destroy --yes --skip-preview", STACK)


def test_a_record_that_a_policy_adds_is_no_drift_and_outlives_an_update(
    deployment: Deployment, api: dict[str, str]
) -> None:
    behind(deployment, "elsewhere")
    deployment.up(STACK)
    endpoint = below_the_group(deployment)
    zone = {"name": "vault", "properties": {"privateDnsZoneId": network(deployment, f"privateDnsZones/{VAULT_ZONE}")}}
    group = f"{endpoint}/privateDnsZoneGroups/deployedByPolicy"
    live = deployment.live()
    live.arm.put(group, {"properties": {"privateDnsZoneConfigs": [zone]}}, api)
    assert live.arm.get(endpoint, api)["properties"]["customDnsConfigs"] == []

    deployment.pulumi("refresh --yes --skip-preview", STACK)
    assert deployment.preview(STACK) == []
    deployment.up(STACK)
    assert len(live.arm.get(group, api)["properties"]["privateDnsZoneConfigs"]) == 1
