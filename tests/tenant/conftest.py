"""A seeded tenant for every test that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from entra_local.keys import Keys
from tests.tenant.azure import VAULT, vault_body
from tests.tenant.directory import SEED, Graph
from tests.tenant.world import Tenant, body_of, tenant_in


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Made once: an RSA key takes longer than most tests."""
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def tenant(tmp_path: Path, keys: Keys) -> Iterator[Tenant]:
    with tenant_in(tmp_path, keys) as tenant:
        yield tenant


@pytest.fixture
def vault(tenant: Tenant) -> Tenant:
    """The same with a vault."""
    body_of(tenant.arm("PUT", VAULT, vault_body()))
    return tenant


@pytest.fixture
def graph(tenant: Tenant) -> Graph:
    """Graph v1.0 as an application that may do everything, in a directory with people."""
    tenant.seed(SEED)
    return Graph(tenant)


@pytest.fixture
def beta(graph: Graph) -> Graph:
    """The same in beta."""
    return Graph(graph.tenant, version="beta")
