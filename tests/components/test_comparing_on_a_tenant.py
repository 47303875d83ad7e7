"""The comparison, answered by a local tenant in this process: what the shipped stacks need, and who lacks what."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from airflow_entra import variables
from airflow_entra.access import DeclaredStack
from airflow_entra.components.comparing import Compared, compared
from airflow_entra.directory.credentials import ARM, GRAPH, token_source
from airflow_entra.directory.tenant import LiveTenant
from airflow_entra.local.identities import FULL, KNOWN, OWNED_BY
from airflow_entra.local.seed import seed_for
from airflow_entra.settings import load
from airflow_entra_auth.azure import RESOURCE_MANAGER
from airflow_entra_auth.graph import Graph
from entra_local.keys import Keys
from entra_local.seed import apply
from entra_local.service import World
from entra_local.store import Store
from tests.directory.local_entra import LocalTenant

STACKS = Path(__file__).parents[2] / "stacks"
PURGE = "/providers/Microsoft.Authorization/policyDefinitions/0b60c0b2-2dc2-4e1c-b5c9-abbed971de53"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Made once: an RSA key takes longer than most tests."""
    return Keys(tmp_path_factory.mktemp("keys"))


class Asking:
    """A tenant with everything that a stack takes for granted, asked by one of the known identities."""

    def __init__(self, folder: Path, store: Store, keys: Keys, name: str) -> None:
        self.file = folder / f"Pulumi.{name}.yaml"
        shutil.copy(STACKS / self.file.name, self.file)
        self.stack = DeclaredStack(name, load(self.file))
        self.known = {one.name: replace(one, secret=f"the-secret-of-{one.name}") for one in KNOWN}
        with store.transaction() as transaction:
            apply(transaction, seed_for(self.stack.settings, self.known.values()))
        self.client = httpx.Client(transport=LocalTenant(World(store, keys)))

    def by(self, name: str) -> Compared:
        token = self.token(name, GRAPH)
        tenant = LiveTenant(lambda: Graph(token, client=self.client), lambda: self.arm(name), token)
        return compared(self.stack, self.file, tenant)

    def arm(self, name: str) -> Graph:
        return Graph(self.token(name, ARM), base=RESOURCE_MANAGER, client=self.client)

    def token(self, name: str, scope: str) -> Callable[[], str]:
        who = {"ARM_CLIENT_ID": self.known[name].client_id, "ARM_CLIENT_SECRET": self.known[name].secret}
        return token_source(scope, self.stack.settings.tenant_id, who, client=self.client)


@pytest.fixture
def asking(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Asking]]:
    for name in (variables.NEEDS, variables.READ_ONLY):
        monkeypatch.delenv(name, raising=False)
    with closing(Store(tmp_path / "tenant.sqlite")) as store:
        yield lambda name: Asking(tmp_path, store, keys, name)


Begin = Callable[[str], Asking]


@pytest.mark.parametrize("name", ["local", "dev", "staging", "prod"])
def test_who_may_do_everything_lacks_nothing_and_nothing_is_unknown(asking: Begin, name: str) -> None:
    found = asking(name).by(FULL)
    assert found == Compared()


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_who_may_do_little_is_told_each_part(asking: Begin, name: str) -> None:
    found = asking(name).by(OWNED_BY)
    assert found.lacking is not None
    assert "manage.groups is managed, but the identity that deploys (airflow-entra deploy (owned-by)" in str(
        found.lacking
    )


def test_with_ownedby_alone_a_stack_that_leaves_the_rest_to_others_goes_on(asking: Begin) -> None:
    found = asking("staging").by(OWNED_BY)
    assert (found.lacking, found.warnings) == (None, ())


def test_azure_policy_is_asked_in_words_that_the_tenant_understands(asking: Begin) -> None:
    local = asking("local")
    group = f"/subscriptions/{local.stack.settings.subscription_id}/resourceGroups/rg-airflow-local"
    path = f"{group}/providers/Microsoft.Authorization/policyAssignments/landing-zone"
    body = {"properties": {"policyDefinitionId": PURGE, "parameters": {}}}
    local.arm(FULL).put(path, body, {"api-version": "2023-04-01"})
    found = local.by(FULL)
    assert found.lacking is not None
    assert "Azure Policy landing-zone denies the vault (properties.enablePurgeProtection)" in str(found.lacking)
    assert "write credential.vault.purgeProtection: true" in str(found.lacking)


def test_a_resource_group_that_is_not_there_is_named_before_anything_is_made(asking: Begin) -> None:
    local = asking("local")
    local.file.write_text(local.file.read_text().replace("rg-airflow-local", "rg-nowhere"))
    local.stack = DeclaredStack("local", load(local.file))
    found = local.by(FULL)
    assert found.lacking is not None
    assert "resourceGroups/rg-nowhere in Azure" in str(found.lacking)
