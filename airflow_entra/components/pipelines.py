"""What pipelines need before the first of them runs: identities, the state's place, its keys, and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_azure_native import authorization

from airflow_entra.access import names
from airflow_entra.access.azure_roles import BLOB_CONTRIBUTOR, BLOB_READER, CRYPTO_USER, role_definition
from airflow_entra.access.pipeline import Pipeline
from airflow_entra.components.part import Part
from airflow_entra.components.pipeline_identity import PipelineIdentity
from airflow_entra.components.state_keys import StateKeys
from airflow_entra.components.state_storage import StateStorage


class Pipelines(Part):
    """`outputs` are the program's: no secret among them, and none in its state."""

    outputs: Mapping[str, pulumi.Input[Any]]

    def __init__(self, declared: Pipeline) -> None:
        super().__init__("pipelines")
        self._place = declared.state
        tags = {"managed-by": "airflow-entra bootstrap", "repository": str(declared.repository)}
        storage = StateStorage(declared.state, tags, self)
        keys = StateKeys(declared.state, declared.tenant, declared.environments, tags, storage.ready, self)
        identities = {one.key: PipelineIdentity(one, declared.owners, self) for one in declared.identities}
        for one in declared.identities:
            principal = identities[one.key].object_id
            role = BLOB_READER if one.previews else BLOB_CONTRIBUTOR
            self._assign(f"state/{one.key}", role, declared.state.container_id, principal, storage.container)
            decrypts = set(declared.environments) - set(declared.without_preview) if one.previews else {one.key}
            for environment in sorted(decrypts):
                scope, key = declared.state.key_id(environment), keys.keys[environment]
                self._assign(f"key/{environment}/{one.key}", CRYPTO_USER, scope, principal, key)
        self.outputs = {
            "tenantId": declared.tenant,
            "subscriptionId": declared.state.subscription,
            "backend": declared.state.backend,
            "identities": {key: identity.facts for key, identity in identities.items()},
            "secretsProviders": keys.providers,
        }
        self.register_outputs({})

    def _assign(self, name: str, role: str, scope: str, principal: pulumi.Output[str], scoped: pulumi.Resource) -> None:
        authorization.RoleAssignment(
            f"role/{name}",
            scope=scope,
            principal_id=principal,
            # Said, so that Azure takes a principal that was made a moment ago and isn't known everywhere yet.
            principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
            role_definition_id=role_definition(self._place.subscription, role),
            role_assignment_name=principal.apply(lambda id_: names.role_assignment_name(scope, id_, role)),
            opts=self.child(depends_on=[scoped]),
        )
