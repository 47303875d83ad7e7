"""What bootstrap declares, against Pulumi's own mocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

from airflow_entra.access.azure_roles import BLOB_CONTRIBUTOR, BLOB_READER, CRYPTO_USER, role_definition
from airflow_entra.access.names import role_assignment_name
from airflow_entra.access.pipeline import Pipeline
from airflow_entra.bootstrap.described import read, write
from airflow_entra.components.pipelines import Pipelines
from tests.access.pipelines import declared
from tests.components.harness import Deployment, Entra, FakeTenant, Monitor, Registered


class Azure(Entra):
    """Keys have the address that the real provider would add."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id_, outputs = super().new_resource(args)
        if args.typ.endswith(":Key"):
            vault = f"https://{args.inputs['vaultName']}.vault.azure.net"
            outputs["keyUriWithVersion"] = f"{vault}/keys/{args.inputs['keyName']}/version"
        return id_, outputs


Bootstrapped = Callable[..., Deployment]


@pytest.fixture
def bootstrap() -> Iterator[Bootstrapped]:
    """Declares a pipeline; it goes through the workspace's configuration, as in a real run."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run(pipeline: Pipeline) -> Deployment:
        registered: list[Registered] = []
        mocks = Azure()
        monitor = Monitor(mocks, registered)
        pulumi.runtime.set_mocks(mocks, "airflow-entra-bootstrap", "bootstrap", False, monitor=monitor)
        outputs: dict[str, Any] = {}

        @pulumi.runtime.test  # type: ignore[untyped-decorator]
        def program() -> pulumi.Output[None]:
            return pulumi.Output.all(**Pipelines(read(write(pipeline))).outputs).apply(outputs.update)

        program()
        return Deployment(registered, outputs, FakeTenant())

    yield run
    asyncio.set_event_loop(None)
    loop.close()


def test_no_identity_has_a_secret_an_owner_or_anybody_who_signs_in_to_it(bootstrap: Bootstrapped) -> None:
    deployed = bootstrap(declared())
    kinds = {one.type for one in deployed.resources if not one.type.startswith("airflow-entra:")}
    assert kinds == {
        "azuread:index/application:Application",
        "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential",
        "azuread:index/servicePrincipal:ServicePrincipal",
        "azure-native:authorization:RoleAssignment",
        "azure-native:keyvault:Key",
        "azure-native:keyvault:Vault",
        "azure-native:resources:ResourceGroup",
        "azure-native:storage:BlobContainer",
        "azure-native:storage:BlobServiceProperties",
        "azure-native:storage:StorageAccount",
    }
    for one in (*deployed.all("Application"), *deployed.all("ServicePrincipal")):
        assert one.inputs["owners"] == []
        assert "password" not in one.inputs
    assert all(one.inputs["appRoleAssignmentRequired"] for one in deployed.all("ServicePrincipal"))
    assert {one.inputs["signInAudience"] for one in deployed.all("Application")} == {"AzureADMyOrg"}


def test_each_trust_is_one_exact_subject_for_entra_alone(bootstrap: Bootstrapped) -> None:
    pipeline = declared()
    trusts = bootstrap(pipeline).all("ApplicationFederatedIdentityCredential")
    assert {(one.inputs["applicationId"], one.inputs["subject"]) for one in trusts} == {
        (f"application/{identity.key}-id", trust.subject)
        for identity in pipeline.identities
        for trust in identity.trusts
    }
    assert all(one.inputs["audiences"] == ["api://AzureADTokenExchange"] for one in trusts)


def test_what_an_identity_asks_for_is_declared_and_granted_by_nobody(bootstrap: Bootstrapped) -> None:
    deployed = bootstrap(declared())
    asked = {
        one.name: {access["type"] for access in one.inputs["requiredResourceAccesses"][0]["resourceAccesses"]}
        for one in deployed.all("Application")
    }
    assert set(asked) == {"application/preview", "application/production", "application/staging"}
    assert all(types == {"Role"} for types in asked.values())
    assert deployed.all("AppRoleAssignment") == []


def test_the_state_takes_no_keys_shows_nothing_and_keeps_every_version(bootstrap: Bootstrapped) -> None:
    deployed = bootstrap(declared())
    account = deployed.one("StorageAccount")
    assert {
        "allowSharedKeyAccess": False,
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "isLocalUserEnabled": False,
        "minimumTlsVersion": "TLS1_2",
        "enableHttpsTrafficOnly": True,
        "sku": {"name": "Standard_ZRS"},
    }.items() <= account.inputs.items()
    blobs = deployed.one("BlobServiceProperties").inputs
    assert blobs["blobServicesName"] == "default"
    assert blobs["isVersioningEnabled"] is True
    kept = {"enabled": True, "days": 90}
    assert (blobs["deleteRetentionPolicy"], blobs["containerDeleteRetentionPolicy"]) == (kept, kept)
    assert deployed.one("BlobContainer").inputs["publicAccess"] == "None"


def test_the_keys_lie_where_nobody_can_purge_them_and_one_does_for_one_environment(bootstrap: Bootstrapped) -> None:
    deployed = bootstrap(declared())
    vault = deployed.one("Vault").inputs["properties"]
    assert vault["enableRbacAuthorization"]
    assert vault["enablePurgeProtection"]
    assert vault["softDeleteRetentionInDays"] == 90
    keys = {one.inputs["keyName"]: one.inputs["properties"] for one in deployed.all("Key")}
    assert set(keys) == {"state-production", "state-staging"}
    assert all(one["keyOps"] == ["decrypt", "encrypt"] and one["keySize"] == 3072 for one in keys.values())
    vault_name = deployed.one("Vault").inputs["vaultName"]
    assert deployed.outputs["secretsProviders"] == {
        environment: f"azurekeyvault://{vault_name}.vault.azure.net/keys/state-{environment}/version"
        for environment in ("production", "staging")
    }


def test_what_losing_would_lose_everything_is_protected(bootstrap: Bootstrapped) -> None:
    protected = {one.type.rpartition(":")[2] for one in bootstrap(declared()).resources if one.protect}
    assert protected == {"Application", "BlobContainer", "Key", "ResourceGroup", "StorageAccount", "Vault"}


def roles(deployed: Deployment, pipeline: Pipeline) -> set[tuple[str, str, str]]:
    """(who, role, on what), each checked to be of the form that Azure takes."""
    found = set()
    names = {pipeline.state.container_id: "state"}
    names |= {pipeline.state.key_id(environment): f"key of {environment}" for environment in pipeline.environments}
    for one in deployed.all("RoleAssignment"):
        given = one.inputs
        role = given["roleDefinitionId"].rpartition("/")[2]
        assert given["roleDefinitionId"] == role_definition(pipeline.state.subscription, role)
        assert given["principalType"] == "ServicePrincipal"
        assert given["roleAssignmentName"] == role_assignment_name(given["scope"], given["principalId"], role)
        found.add((given["principalId"].split("/")[1].removesuffix("-object-id"), role, names[given["scope"]]))
    return found


def test_previews_read_the_state_and_each_deployer_decrypts_its_own_environment_only(bootstrap: Bootstrapped) -> None:
    pipeline = declared()
    assert roles(bootstrap(pipeline), pipeline) == {
        ("preview", BLOB_READER, "state"),
        ("production", BLOB_CONTRIBUTOR, "state"),
        ("staging", BLOB_CONTRIBUTOR, "state"),
        ("production", CRYPTO_USER, "key of production"),
        ("staging", CRYPTO_USER, "key of staging"),
        ("preview", CRYPTO_USER, "key of production"),
        ("preview", CRYPTO_USER, "key of staging"),
    }


def test_an_environment_is_taken_out_of_previews_by_its_key(bootstrap: Bootstrapped) -> None:
    pipeline = declared(without_preview=["production"])
    found = roles(bootstrap(pipeline), pipeline)
    assert ("preview", CRYPTO_USER, "key of production") not in found
    assert ("preview", CRYPTO_USER, "key of staging") in found


def test_a_group_that_exists_is_left_alone_and_owners_are_those_that_are_named(bootstrap: Bootstrapped) -> None:
    owners = ["0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01", "6b9d4e18-1c72-4a05-93ee-8d0f5a2b7c04"]
    deployed = bootstrap(declared(group_exists=True, owners=owners, redundancy="GRS"))
    assert deployed.all("ResourceGroup") == []
    assert deployed.one("StorageAccount").inputs["sku"] == {"name": "Standard_GRS"}
    assert all(one.inputs["owners"] == owners for one in deployed.all("Application"))
