"""Microsoft.Network in Resource Manager: private endpoints of vaults, and the zones that they are registered in."""

from typing import Any

import pytest

from entra_local.wire import JsonObject
from tests.tenant.azure import VAULT, vault_body
from tests.tenant.world import GROUP, Tenant, body_of, refusal

NETWORK = f"{GROUP}/providers/Microsoft.Network"
ENDPOINT = f"{NETWORK}/privateEndpoints/pe-kv"
ZONES = f"{ENDPOINT}/privateDnsZoneGroups/default"
SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/endpoints"
ZONE = f"{NETWORK}/privateDnsZones/privatelink.vaultcore.azure.net"


def endpoint_body(**properties: Any) -> JsonObject:
    link = {"name": "kv", "properties": {"privateLinkServiceId": VAULT, "groupIds": ["vault"]}}
    return {
        "location": "westeurope",
        "properties": {"subnet": {"id": SUBNET}, "privateLinkServiceConnections": [link], **properties},
    }


def zones_body(zone: str = ZONE) -> JsonObject:
    return {"properties": {"privateDnsZoneConfigs": [{"name": "vault", "properties": {"privateDnsZoneId": zone}}]}}


@pytest.fixture
def vault(tenant: Tenant) -> Tenant:
    body_of(tenant.arm("PUT", VAULT, vault_body()))
    return tenant


def test_an_endpoint_says_its_own_address_until_a_zone_group_registers_it(vault: Tenant) -> None:
    made = body_of(vault.arm("PUT", ENDPOINT, endpoint_body()))["properties"]
    (link,) = made["privateLinkServiceConnections"]
    assert link["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert made["customDnsConfigs"] == [{"fqdn": "kv-airflow.vault.azure.net", "ipAddresses": ["10.0.0.4"]}]

    body_of(vault.arm("PUT", ZONES, zones_body()))
    assert body_of(vault.arm("GET", ENDPOINT))["properties"]["customDnsConfigs"] == []
    (config,) = body_of(vault.arm("GET", ZONES))["properties"]["privateDnsZoneConfigs"]
    assert config == {"name": "vault", "properties": {"privateDnsZoneId": ZONE}}

    assert vault.arm("DELETE", ZONES).status == 200
    assert len(body_of(vault.arm("GET", ENDPOINT))["properties"]["customDnsConfigs"]) == 1


def test_what_goes_takes_what_is_below_with_it(vault: Tenant) -> None:
    vault.arm("PUT", ENDPOINT, endpoint_body())
    vault.arm("PUT", ZONES, zones_body())
    assert [vault.arm("DELETE", ENDPOINT).status for _ in range(2)] == [200, 204]
    body_of(vault.arm("PUT", ENDPOINT, endpoint_body()))
    assert refusal(vault.arm("GET", ZONES))[:2] == (404, "ResourceNotFound")
    assert vault.arm("DELETE", ZONES).status == 204


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (ENDPOINT, endpoint_body(subnet={"id": VAULT}), 400, "InvalidRequestContent"),
        (ENDPOINT, endpoint_body(privateLinkServiceConnections=["kv"]), 400, "InvalidRequestContent"),
        (
            ENDPOINT,
            endpoint_body(privateLinkServiceConnections=[{"name": "a", "properties": {"privateLinkServiceId": "/x"}}]),
            400,
            "InvalidResourceReference",
        ),
        (
            ENDPOINT,
            endpoint_body(
                privateLinkServiceConnections=[
                    {"name": "a", "properties": {"privateLinkServiceId": VAULT, "groupIds": ["blob"]}}
                ]
            ),
            400,
            "BadRequest",
        ),
        (ZONES, zones_body(ZONE.replace("vaultcore", "blob")), 400, "InvalidRequestContent"),
        (ZONES, {"properties": {}}, 400, "InvalidRequestContent"),
        (ZONES, zones_body(), 404, "ResourceNotFound"),
    ],
)
def test_wrong_ones_are_refused(vault: Tenant, path: str, body: JsonObject, status: int, code: str) -> None:
    assert refusal(vault.arm("PUT", path, body))[:2] == (status, code)


def test_an_endpoint_has_one_zone_group(vault: Tenant) -> None:
    vault.arm("PUT", ENDPOINT, endpoint_body())
    body_of(vault.arm("PUT", ZONES, zones_body()))
    other = ZONES.replace("default", "deployedByPolicy")
    assert refusal(vault.arm("PUT", other, zones_body()))[:2] == (400, "BadRequest")
