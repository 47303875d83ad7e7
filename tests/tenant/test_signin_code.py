"""The authorization code flow: from the application's request to its tokens."""

import pytest

from tests.tenant.browser import APP, Browser, answer_of, page_of, person
from tests.tenant.world import LOGIN, TENANT, Tenant, body_of

ADA = person(1, "Ada Lovelace")


@pytest.fixture
def browser(tenant: Tenant) -> Browser:
    tenant.seed({"users": [ADA], "applications": [APP]})
    return Browser(tenant)


def test_a_person_signs_in(browser: Browser) -> None:
    answer = browser.sign_in(ADA["userPrincipalName"])
    assert answer["state"] == "the-state"
    tokens = body_of(browser.redeem(answer["code"]))
    claims = browser.verified(tokens["id_token"])
    assert (
        claims.items()
        >= {
            "aud": APP["appId"],
            "iss": f"{LOGIN}/{TENANT}/v2.0",
            "tid": TENANT,
            "oid": ADA["id"],
            "name": "Ada Lovelace",
            "preferred_username": ADA["userPrincipalName"],
            "email": ADA["mail"],
            "nonce": "the-nonce",
            "ver": "2.0",
            "sid": answer["session_state"],
        }.items()
    )
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["nbf"] == claims["iat"]
    assert {"sub", "uti"} <= set(claims)
    assert "roles" not in claims
    assert "groups" not in claims
    assert tokens["token_type"] == "Bearer"
    assert 3600 <= tokens["expires_in"] <= 5400
    assert "refresh_token" not in tokens


def test_the_session_signs_in_without_a_page(browser: Browser) -> None:
    first = browser.sign_in(ADA["userPrincipalName"])
    second = answer_of(browser.ask())
    assert second["session_state"] == first["session_state"]
    assert second["code"] != first["code"]
    assert page_of(browser.ask(prompt="select_account")).accounts == [ADA["userPrincipalName"]]
