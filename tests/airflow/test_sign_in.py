"""People sign in to a real Airflow and have the role that the directory gives them."""

from __future__ import annotations

import pytest

from tests.airflow.people import ADMIN, BOTH, EDITOR, NOBODY, OP, VIEWER, TestPerson
from tests.airflow.site import Site


@pytest.mark.parametrize("person", [ADMIN, OP, VIEWER, EDITOR, BOTH], ids=lambda person: person.name)
def test_a_person_has_the_roles_of_their_groups(site: Site, person: TestPerson) -> None:
    browser, page = site.sign_in(person)
    assert page.status == 200, page.text
    assert page.url.startswith(site.url), page.text
    assert site.is_signed_in(browser)
    assert site.roles_of(person) == set(person.roles)


def test_somebody_in_no_group_is_refused_by_entra_itself(site: Site) -> None:
    browser, page = site.sign_in(NOBODY)
    assert "AADSTS50105" in page.text
    assert not site.is_signed_in(browser)
