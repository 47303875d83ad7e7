"""The types that the tenant keeps, property by property, in the order in which Graph shows them."""

from entra_local.graph.entities.applications import APPLICATION, FEDERATED_CREDENTIAL, KEY, PASSWORD, SERVICE_PRINCIPAL
from entra_local.graph.entities.audit import DIRECTORY_AUDIT, SIGN_IN
from entra_local.graph.entities.entity import Entity
from entra_local.graph.entities.grants import APP_ROLE_ASSIGNMENT, PERMISSION_GRANT
from entra_local.graph.entities.people import GROUP, USER
from entra_local.graph.entities.policies import (
    CLAIMS_MAPPING_POLICY,
    CONDITIONAL_ACCESS_POLICY,
    NAMED_LOCATION,
    TOKEN_LIFETIME_POLICY,
)

DIRECTORY_OBJECTS = {entity.kind: entity for entity in (USER, GROUP, SERVICE_PRINCIPAL, APPLICATION)}
"""What `/directoryObjects/{id}` finds, in the order in which it looks."""

__all__ = [
    "APPLICATION",
    "APP_ROLE_ASSIGNMENT",
    "CLAIMS_MAPPING_POLICY",
    "CONDITIONAL_ACCESS_POLICY",
    "DIRECTORY_AUDIT",
    "DIRECTORY_OBJECTS",
    "FEDERATED_CREDENTIAL",
    "GROUP",
    "KEY",
    "NAMED_LOCATION",
    "PASSWORD",
    "PERMISSION_GRANT",
    "SERVICE_PRINCIPAL",
    "SIGN_IN",
    "TOKEN_LIFETIME_POLICY",
    "USER",
    "Entity",
]
