"""The client secret is rotated, after a leak even twice, while people sign in: nobody notices."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_entra.access import DeclaredStack
from airflow_entra.local.run import open_session
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.rotation.leftovers import GraphEntra
from airflow_entra.rotation.rotate import Rotate
from airflow_entra.settings import load
from tests.airflow.company import Company
from tests.airflow.forger import Forger
from tests.airflow.signing_in import signing_in
from tests.airflow.site import Site

STACK = "pair"


@pytest.mark.parametrize("site", ["3.3"], indirect=True)
def test_nobody_who_signs_in_notices_that_both_secrets_are_replaced(
    site: Site, company: Company, forger: Forger
) -> None:
    before = {one["keyId"] for one in company.application(STACK)["passwordCredentials"]}
    refused = len(forger.refusals)
    with signing_in(site) as people:
        people.go_on(2)
        done = rotation(company).run(at_once=True)
        people.go_on(6)
    assert done.findings == ()
    assert done.outcome == "rotated"
    assert people.failed == []
    told = forger.refusals[refused:]
    assert told, "Airflow still had the secret that was taken away"
    assert all("AADSTS7000215" in one for one in told), told
    after = {one["keyId"] for one in company.application(STACK)["passwordCredentials"]}
    assert len(after) == 2
    assert not before & after, "what leaked is worth nothing"


def rotation(company: Company) -> Rotate:
    session = open_session(company.world, [STACK], http_port=0, say=_quiet)
    file = company.world.stack_file(STACK)
    pulumi = Pulumi(company.world.workspace, session.environment, STACK)
    how = (pulumi, _nothing_was_interrupted, GraphEntra(lambda: company.graph), datetime.now(UTC), _quiet)
    return Rotate(DeclaredStack(STACK, load(file)), file, *how, proofs=1)


def _nothing_was_interrupted() -> None:
    raise AssertionError("nothing is to be recovered")


def _quiet(line: str) -> None:
    """What went wrong is in the result."""
