"""Declares a stack against Pulumi's own mocks and keeps what they registered, options included."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pulumi
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime import rpc

from airflow_entra.directory.tenant import Denied
from airflow_entra.settings.model import StackSettings

DEPLOYER = "9e6e5e3a-533d-5916-9361-192d95b35083"
GRAPH_ITSELF = "00000000-aaaa-4000-8000-000000000003"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

BASE: dict[str, Any] = {
    "azuread:tenantId": "7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11",
    "azure-native:subscriptionId": "1b2d7c94-0e6f-4a38-8c55-b7f1d3a90c21",
    "azure-native:location": "westeurope",
    "airflow-entra:environment": "development",
    "airflow-entra:tenant": {"licence": "P1", "manage": {}},
    "airflow-entra:airflow": [{"version": "3.3", "url": "https://airflow.contoso.com"}],
    "airflow-entra:signIn": {"rolesFrom": "appRoles", "tokenLifetime": "8h"},
    "airflow-entra:owners": {"application": [DEPLOYER], "groups": ["0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"]},
    "airflow-entra:credential": {
        "mode": "vaultSecret",
        "vault": {
            "create": "kv-airflow",
            "resourceGroup": "rg-airflow",
            "readers": ["4c1e9a77-2b60-4d3f-8e21-5f0a7c9d3b02"],
        },
    },
    "airflow-entra:roles": {
        "Admin": {"groups": [{"create": "airflow-admins"}]},
        "Viewer": {
            "groups": [
                {"create": "airflow-viewers"},
                {"id": "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03", "name": "everybody"},
            ]
        },
    },
}


def stack_settings(changes: Mapping[str, Any]) -> StackSettings:
    """BASE with some values replaced; a key is a path such as "tenant.manage.groups" below `airflow-entra:`."""
    config = copy.deepcopy(BASE)
    for path, value in changes.items():
        first, *rest = path.split(".")
        name = first if ":" in first else f"airflow-entra:{first}"
        if not rest:
            config[name] = value
            continue
        target = config[name]
        for part in rest[:-1]:
            target = target.setdefault(part, {})
        if value is None:
            target.pop(rest[-1], None)
        else:
            target[rest[-1]] = value
    return StackSettings.model_validate(config, by_alias=True, by_name=False)


@dataclass
class FakeTenant:
    """Answers for a live tenant; `denied` makes it refuse everything."""

    deleted_vaults: set[str] = field(default_factory=set)
    assigned: set[tuple[str, str]] = field(default_factory=set)
    consented: set[str] = field(default_factory=set)
    app_roles: set[str] = field(default_factory=set)
    app_roles_of: dict[str, set[str]] = field(default_factory=dict)
    manifest: set[str] = field(default_factory=set)
    lifetimes: list[dict[str, Any]] = field(default_factory=list)
    conditional: list[dict[str, Any]] = field(default_factory=list)
    role_assignments: set[str] = field(default_factory=set)
    known_groups: set[str] | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    """Object ids that are no service principals."""
    denied: bool = False
    asked: list[str] = field(default_factory=list)
    late: set[str] = field(default_factory=set)

    def _answer(self, question: str, answer: Any) -> Any:
        self.asked.append(question)
        return Denied(question) if self.denied else answer

    def identity(self) -> Any:
        return None

    def azure_policy(self, group: str, resource: Any) -> Any:
        return Denied("Azure Policy")

    def vault_is_there(self, vault: str) -> bool:
        return False

    def policy(self, name: str) -> Any:
        return Denied(name)

    def made(self, tag: str) -> Any:
        return None

    def allowed_at(self, scope: str) -> Any:
        return Denied("Azure")

    def just_made(self, ids: Iterable[str], say: Callable[[str], object]) -> None:
        self.late = set(ids)

    def missing_groups(self, ids: Iterable[str]) -> Any:
        known = self.known_groups
        return self._answer("groups", frozenset() if known is None else frozenset(ids) - known)

    def service_principals(self, ids: Iterable[str]) -> Any:
        return self._answer("service principals", frozenset(ids) - self.people)

    def vault_is_soft_deleted(self, subscription: str, location: str, vault: str) -> Any:
        return self._answer("deleted vaults", vault in self.deleted_vaults)

    def app_role_assignments(self, service_principal: str) -> Any:
        return self._answer("assignments", frozenset(self.assigned))

    def consented_scopes(self, service_principal: str) -> Any:
        return self._answer("consent", frozenset(self.consented))

    def app_permissions(self, service_principal: str) -> Any:
        return self._answer("own permissions", frozenset(self.app_roles_of.get(service_principal, self.app_roles)))

    def asked_for_itself(self, tag: str) -> Any:
        return self._answer(f"manifest of {tag}", frozenset(self.manifest))

    def token_lifetime_policies(self, application: str) -> Any:
        return self._answer("token lifetime", tuple(self.lifetimes))

    def conditional_access_policies(self, client_id: str) -> Any:
        return self._answer("conditional access", tuple(self.conditional))

    def principal_type(self, object_id: str) -> Any:
        return self._answer(f"kind of {object_id}", self.kinds.get(object_id))

    def role_assignment_exists(self, scope: str, name: str) -> Any:
        return self._answer("role assignments", name in self.role_assignments)


@dataclass(frozen=True)
class Registered:
    """One resource as the engine was told of it."""

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    protect: bool
    ignore_changes: tuple[str, ...]
    aliases: tuple[str, ...]
    provider: str
    depends_on: frozenset[str] = frozenset()
    """The logical names of what it waits for."""


@dataclass
class Deployment:
    resources: list[Registered]
    outputs: dict[str, Any]
    tenant: FakeTenant

    def all(self, kind: str) -> list[Registered]:
        return [one for one in self.resources if one.type.rpartition(":")[2] == kind]

    def called(self, kind: str, name: str) -> Registered:
        (only,) = [resource for resource in self.all(kind) if resource.name == name]
        return only

    def one(self, kind: str) -> Registered:
        (only,) = self.all(kind)
        return only

    @property
    def names(self) -> set[tuple[str, str]]:
        return {(one.type, one.name) for one in self.resources}


class Monitor(pulumi_mocks.MockMonitor):
    def __init__(self, mocks: pulumi.runtime.Mocks, registered: list[Registered]) -> None:
        super().__init__(mocks)
        self._registered = registered

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        if request.type != "pulumi:pulumi:Stack":
            inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
            self._registered.append(
                Registered(
                    request.type,
                    request.name,
                    {key: rpc.unwrap_rpc_secret(value) for key, value in inputs.items()},
                    request.parent.rpartition("::")[2],
                    request.protect,
                    tuple(request.ignoreChanges),
                    tuple(alias.spec.name for alias in request.aliases),
                    request.provider,
                    frozenset(urn.rpartition("::")[2] for urn in request.dependencies),
                )
            )
        return _with_loop_closed(super().RegisterResource, request)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 -- the protocol's name
        return _with_loop_closed(super().Invoke, request)


def _with_loop_closed(answer: Callable[[Any], Any], request: Any) -> Any:
    """The mocks make an event loop in each worker thread and leave it open, which Python reports as a leak."""
    result = answer(request)
    if threading.current_thread() is not threading.main_thread():
        with contextlib.suppress(RuntimeError):  # there was none to make
            asyncio.get_event_loop().close()
        asyncio.set_event_loop(None)
    return result


class Entra(pulumi.runtime.Mocks):
    """Answers each creation with the ids that the real provider would add."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = dict(args.inputs)
        if args.typ.startswith("azuread:"):
            outputs |= {"objectId": f"{args.name}-object-id", "clientId": outputs.get("clientId", "client-id")}
        if args.typ.endswith(":ApplicationPassword"):
            outputs |= {"value": f"value of {args.name}"}
        if args.typ.endswith(":TokenLifetimePolicy"):
            outputs |= {"organizationDefault": ""}
        return f"{args.name}-id", outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == "azuread:index/getClientConfig:getClientConfig":
            return {"objectId": DEPLOYER, "clientId": "c", "tenantId": "t", "id": "i"}, []
        assert args.token == "azuread:index/getServicePrincipal:getServicePrincipal"
        return {"objectId": GRAPH_ITSELF, "id": GRAPH_ITSELF}, []


Deploy = Callable[..., Deployment]
