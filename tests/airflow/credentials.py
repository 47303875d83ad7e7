"""The application's secrets, as Entra knows them and as the vault says them, changed for the length of a test.

Written into the tenant's own file: Graph dates no secret back, and a vault would keep what a test put there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from entra_local.keys import Keys
from entra_local.keyvault.models import secret_id
from entra_local.server import open_world
from entra_local.store import EVERYWHERE, Directory
from tests.airflow.company import Company
from tests.airflow.stacks import TENANT

LONG_AGO = "2020-01-01T00:00:00Z"


@contextmanager
def expired_secrets(company: Company, stack: str) -> Iterator[None]:
    """None of the application's secrets is valid any more."""
    application = company.application(stack)["id"]
    with _directory(company, TENANT) as (directory, _):
        body = _body(directory, "application", application)
        expired = [one | {"endDateTime": LONG_AGO} for one in body["passwordCredentials"]]
        directory.put("application", application, body | {"passwordCredentials": expired})
    try:
        yield
    finally:
        with _directory(company, TENANT) as (directory, _):
            directory.put("application", application, body)


@contextmanager
def vault_says(company: Company, stack: str, value: str | None) -> Iterator[None]:
    """The vault gives another value for the client secret, or with None nothing: the secret is disabled."""
    with _directory(company, EVERYWHERE) as (directory, keys):
        id_, body = _client_secret(directory, stack)
        change: dict[str, Any] = {"sealed": keys.seal(value)} if value else {}
        versions = [one | change | _enabled(one, value is not None) for one in body["versions"]]
        directory.put("secret", id_, body | {"versions": versions})
    try:
        yield
    finally:
        with _directory(company, EVERYWHERE) as (directory, _):
            directory.put("secret", id_, body)


def disabled_behind_graphs_back(company: Company, person: str) -> None:
    """The account is disabled while Graph is away, as an administrator's own portal may do it."""
    with _directory(company, TENANT) as (directory, _):
        directory.put("user", person, _body(directory, "user", person) | {"accountEnabled": False})


def _enabled(version: dict[str, Any], enabled: bool) -> dict[str, Any]:
    return {"attributes": version["attributes"] | {"enabled": enabled}}


def _client_secret(directory: Directory, stack: str) -> tuple[str, dict[str, Any]]:
    (vault,) = [one.body for one in directory.scan("vault") if one.body["name"] == f"kv-airflow-{stack}"]
    secrets = directory.find("secret", "vaultId", vault["id"])
    (found,) = [secret for secret in secrets if not secret.body["name"].endswith("-watcher")]
    assert found.id == secret_id(vault, found.body["name"])
    return found.id, found.body


def _body(directory: Directory, kind: str, id_: str) -> dict[str, Any]:
    found = directory.get(kind, id_)
    assert found is not None
    return found.body


@contextmanager
def _directory(company: Company, tenant: str) -> Iterator[tuple[Directory, Keys]]:
    world = open_world(company.world.tenant)
    with closing(world.store), world.store.transaction() as store:
        yield store.of(tenant), world.keys
