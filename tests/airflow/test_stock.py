"""What stock Airflow leaves open, seen by the same probes that show that ours closes it: the table in docs/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.airflow.company import Company
from tests.airflow.gate import Gate
from tests.airflow.liar import Liar
from tests.airflow.probes import PROBES, Place
from tests.airflow.site import Site
from tests.airflow.tables import VERSIONS, Table

_OURS, _STOCK = "airflow_entra_auth", "stock"

TABLE = Table(
    file="airflow-stock.md",
    title="Stock Airflow's sign-in and this one",
    about=(
        "The same stack, the same people, the same probes. *Stock* is Airflow with its FAB provider alone, configured "
        "by `airflow-entra render --stock`: verified tokens, PKCE, roles from security groups, sessions of 8 hours."
    ),
    corner="What is tried",
    rows=tuple(PROBES),
    columns=tuple(f"{version}, {which}" for version in VERSIONS for which in (_STOCK, _OURS)),
)

HOLDS_IN_STOCK = {
    "3": {
        "PKCE",
        "What is left of an 8 hours' session that began 7 h 59 min ago, after a request",
    },
    "2": {
        "PKCE",
        "A copied session cookie, after the sign-out",
        "A user with a password from before",  # `render --stock` leaves no back end that takes a password
    },
}
"""By major version, what stock Airflow does as well; all else is a hole, and the tests see it."""


@pytest.fixture(scope="session")
def liar(company: Company) -> Iterator[Liar]:
    """Between the Airflows of stack `apart` and the tenant's sign-in, where the gate leads to it."""
    liar = Liar(company.tenant.url, company.signing_key, company.tenant.ca_file.parent)
    yield liar
    liar.close()


@pytest.mark.parametrize("probe", PROBES)
def test_ours_holds(company_site: Site, company: Company, gate: Gate, liar: Liar, probe: str) -> None:
    seen = PROBES[probe](Place(company_site, company, gate, liar))
    TABLE.put(probe, f"{company_site.running.home.version}, {_OURS}", seen.what)
    assert seen.holds, seen.what


@pytest.mark.parametrize("probe", PROBES)
def test_stock_has_the_holes_that_the_comparison_names(
    stock_site: Site, company: Company, gate: Gate, liar: Liar, probe: str
) -> None:
    seen = PROBES[probe](Place(stock_site, company, gate, liar))
    TABLE.put(probe, f"{stock_site.running.home.version}, {_STOCK}", seen.what)
    assert seen.holds == (probe in HOLDS_IN_STOCK[stock_site.version[0]]), seen.what
