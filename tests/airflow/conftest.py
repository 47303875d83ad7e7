"""Real Airflows, started once for all tests: both versions, of two stacks, at one local tenant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow import deployed, process
from airflow_entra.local.world import World
from tests.airflow import stacks
from tests.airflow.company import Company, company_in
from tests.airflow.forger import Forger
from tests.airflow.gate import Gate
from tests.airflow.site import Site
from tests.airflow.tables import TABLES

PROJECT = Path(__file__).parents[2]
VERSIONS = ("3.3", "2.11")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-tables", action="store_true", help="write the pages in docs/ that the tests fill")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the tests ran in this process, what they saw."""
    for table in TABLES.values():
        if table.cells:
            terminalreporter.section(table.title)
            for line in table.lines():
                terminalreporter.line(line)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory, engine: Path) -> Iterator[Company]:
    """A tenant with people, and both stacks deployed to it."""
    folder = tmp_path_factory.mktemp("company")
    stacks.write(folder / "stacks")
    world = World(PROJECT, folder / "world", folder / "stacks")
    try:
        with company_in(world) as company:
            yield company
    finally:
        deployed.stop_all(world)
        tenants.stop(world)


@pytest.fixture(scope="session")
def forger(company: Company) -> Iterator[Forger]:
    """Stands between the Airflows of stack `pair` and the tenant."""
    forger = Forger(company.tenant.url, company.signing_key)
    yield forger
    forger.close()


@pytest.fixture(scope="session", params=VERSIONS, ids=["3.3", "2.11"])
def site(request: pytest.FixtureRequest, company: Company, forger: Forger) -> Iterator[Site]:
    """An Airflow of stack `pair`, at localhost: once each version."""
    yield from _closing(company.site("pair", request.param, authority=forger.url))


@pytest.fixture(scope="session")
def gate(company: Company) -> Iterator[Gate]:
    """Through it the Airflows that use Azure's own names reach the tenant."""
    gate = Gate(company.tenant.proxy_port)
    yield gate
    gate.close()


@pytest.fixture(scope="session", params=VERSIONS, ids=["3.3", "2.11"])
def company_site(request: pytest.FixtureRequest, company: Company, gate: Gate) -> Iterator[Site]:
    """An Airflow of stack `apart`, configured for production and behind a proxy: once each version."""
    yield from _closing(company.site("apart", request.param, proxy=gate.url))


@pytest.fixture(scope="session", params=VERSIONS, ids=["3.3", "2.11"])
def stock_site(request: pytest.FixtureRequest, company: Company, gate: Gate) -> Iterator[Site]:
    """The same without airflow_entra_auth, as `render --stock` configures it: once each version."""
    yield from _closing(company.site("apart", request.param, proxy=gate.url, stock=True))


def _closing(site: Site) -> Iterator[Site]:
    yield site
    for browser in site.browsers:
        browser.http.close()
    process.stop(site.running.home.folder)
