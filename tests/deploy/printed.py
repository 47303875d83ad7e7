"""Identities that have exactly what `airflow-entra bootstrap` prints for a stack's deployer, or all of it but one."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_entra.access.grants import Made, asks
from airflow_entra.access.identity_permissions import permission_id
from airflow_entra.access.permissions import GRAPH_APP_ID
from airflow_entra.access.pipeline import Pipeline, pipeline
from airflow_entra.access.requests import Ask
from airflow_entra.local.run import Session
from airflow_entra.settings.model import StackSettings
from tests.access.pipelines import REPOSITORY
from tests.deploy.deployment import Live


@dataclass(frozen=True)
class Printed:
    """What is printed for one stack: permissions of Microsoft Graph by name, roles of Azure by the ask's title."""

    stack: str
    settings: StackSettings

    @property
    def permissions(self) -> tuple[str, ...]:
        return self._pipeline.deployers[0].permissions

    def asks(self, made: Made) -> tuple[Ask, ...]:
        (deployer,) = self._pipeline.deployers
        found = asks(self._pipeline, {self.stack: self.settings}, {deployer.key: made})
        return tuple(ask for ask in found if f" {deployer.name} " in ask.title)

    @property
    def azure_roles(self) -> tuple[str, ...]:
        return tuple(ask.title for ask in self.asks(Made("", "")) if ask.part == "azure_roles")

    @property
    def _pipeline(self) -> Pipeline:
        return pipeline(REPOSITORY, {self.stack: self.settings}, environments=[self.settings.environment])


def identity(session: Session, live: Live, printed: Printed, without: str = "") -> Session:
    """The session as a new identity to which all that is printed was granted, call by call, but one thing."""
    application = live.graph.post("/applications", {"displayName": "has what is printed"})
    principal = live.graph.post("/servicePrincipals", {"appId": application["appId"]})["id"]
    secret = live.graph.post(f"/applications/{application['id']}/addPassword", {"passwordCredential": {}})["secretText"]
    (graph,) = live.graph.pages("/servicePrincipals", {"$filter": f"appId eq '{GRAPH_APP_ID}'"})
    for ask in printed.asks(Made(application["appId"], principal)):
        _grant(live, ask, graph["id"], without)
    who = {"ARM_CLIENT_ID": application["appId"], "ARM_CLIENT_SECRET": secret}
    return Session(session.world, session.tenant, session.engine, session.environment | who)


def _grant(live: Live, ask: Ask, graph: str, without: str) -> None:
    if ask.title == without:
        return
    for call in ask.calls:
        body = dict(call.body or {})
        if call.method == "PUT":
            path, _, version = call.url.removeprefix("https://management.azure.com").partition("?api-version=")
            live.arm.put(path, body, {"api-version": version})
        elif call.method == "POST" and (not without or body["appRoleId"] != _id(without)):
            path = call.url.removeprefix("https://graph.microsoft.com/v1.0")
            live.graph.post(path, body | {"resourceId": graph})


def _id(name: str) -> str:
    return "" if name.startswith("Give ") else permission_id(name)
