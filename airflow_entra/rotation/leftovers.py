"""What a run that went wrong left: secrets in Entra that nobody has, and secrets in the state that Entra hasn't.

An answer may be lost on its way. Entra then has made a secret whose value nobody knows; or it has removed one, and
Pulumi tries in vain to remove it again ("No password credential found"), now and in every later update.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from airflow_entra.access.secret_slots import SLOTS, parse_rfc3339
from airflow_entra.directory.application_credentials import (
    ApplicationCredential,
    read_credentials,
    remove_credential,
)
from airflow_entra.directory.trouble import trouble
from airflow_entra.pulumi.resource_types import PASSWORD
from airflow_entra.rotation.unknown import UnreadableError

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

T = TypeVar("T")
_SETTLED = timedelta(hours=1)
"""What is older was not made by a run that is at work just now on another machine."""

InEntra = Mapping[str, datetime]
"""Key id -> when it was made, of the application's secrets that are named like a slot."""


class Entra(Protocol):
    """The application's credentials, asked past Pulumi. The first two may be denied or unanswered: None, False."""

    def secrets(self, application: str) -> InEntra | None: ...

    def remove(self, application: str, key_id: str) -> bool: ...

    def credentials(self, application: str) -> tuple[ApplicationCredential, ...]:
        """Everything that it proves itself with. Raises UnreadableError."""
        ...

    def take_away(self, credential: ApplicationCredential) -> str:
        """Remove one; why that failed, or nothing."""
        ...


class GraphEntra:
    """By Microsoft Graph; `application` is a path, as in "/applications/{object id}"."""

    def __init__(self, connect: Callable[[], Graph]) -> None:
        self._connect = connect

    @cached_property
    def _graph(self) -> Graph:
        return self._connect()

    def secrets(self, application: str) -> InEntra | None:
        credentials = self._ask(lambda graph: graph.get(application, {"$select": "passwordCredentials"}))
        if credentials is None:
            return None
        return {
            one["keyId"]: parse_rfc3339(one["startDateTime"]).astimezone(UTC)
            for one in credentials.get("passwordCredentials") or []
            if one.get("displayName") in SLOTS
        }

    def remove(self, application: str, key_id: str) -> bool:
        return self._ask(lambda graph: [graph.post(f"{application}/removePassword", {"keyId": key_id})]) is not None

    def credentials(self, application: str) -> tuple[ApplicationCredential, ...]:
        return self._answer(lambda graph: read_credentials(graph, application))

    def take_away(self, credential: ApplicationCredential) -> str:
        try:
            self._answer(lambda graph: remove_credential(graph, credential))
        except UnreadableError as refused:
            return str(refused)
        return ""

    def _ask(self, ask: Callable[[Graph], Any]) -> Any:
        try:
            return self._answer(ask)
        except UnreadableError:
            return None

    def _answer(self, ask: Callable[[Graph], T]) -> T:
        try:
            return ask(self._graph)
        except Exception as error:
            if (found := trouble(error)) is None:
                raise
            raise UnreadableError(str(found)) from error


def nobodys(in_entra: InEntra, export: Mapping[str, Any], before: Collection[str]) -> list[str]:
    """The key ids of secrets whose value nobody has: they came since `before`, which is what Entra had before the
    update, and the state doesn't know them."""
    return [key for key in _unknown(in_entra, export) if key not in before]


def forgotten(in_entra: InEntra, export: Mapping[str, Any], now: datetime) -> list[str]:
    """The key ids of such secrets of long ago. To be asked when the vault has a secret that the state knows: a state
    that was lost and restored doesn't know the one in use."""
    return [key for key in _unknown(in_entra, export) if now - in_entra[key] > _SETTLED]


def _unknown(in_entra: InEntra, export: Mapping[str, Any]) -> list[str]:
    known = {(one.get("outputs") or {}).get("keyId") for one in _passwords(export)}
    return [key for key in in_entra if key not in known]


def without_gone(export: Mapping[str, Any], in_entra: InEntra, application: str | None = None) -> dict[str, Any] | None:
    """The state without replaced secrets (of `application`, or of any) that Entra has no more; None without such."""
    gone = [one for one in _passwords(export) if one.get("delete") and _is_gone(one, in_entra, application)]
    if not gone:
        return None
    deployment = export["deployment"]
    kept = [one for one in deployment["resources"] if not any(one is other for other in gone)]
    return {**export, "deployment": {**deployment, "resources": kept}}


def _is_gone(password: Mapping[str, Any], in_entra: InEntra, application: str | None) -> bool:
    outputs = password.get("outputs") or {}
    return application in (None, outputs.get("applicationId")) and outputs.get("keyId") not in in_entra


def _passwords(export: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    resources = (export.get("deployment") or {}).get("resources") or []
    return [one for one in resources if one["type"] == PASSWORD]
