"""Claims mapping policies: alone, with a key of the application's own, and where it accepts mapped claims."""

from __future__ import annotations

import json

import jwt
import pytest

from entra_local.wire import JsonObject
from tests.tenant.browser import APP, Browser, person, refusal_of
from tests.tenant.directory import Graph, reference
from tests.tenant.test_applications import certificate
from tests.tenant.world import body_of

ADA = person(1, "Ada Lovelace")
UPN: str = ADA["userPrincipalName"]
MAPPING = {"displayName": "names", "definition": [json.dumps({"ClaimsMappingPolicy": {"Version": 1}})]}
PRINCIPAL = f"/servicePrincipals/{APP['servicePrincipalId']}"


@pytest.fixture
def browser(graph: Graph) -> Browser:
    graph.tenant.seed({"users": [ADA], "applications": [APP]})
    return Browser(graph.tenant)


@pytest.fixture
def mapped(graph: Graph, browser: Browser) -> Browser:
    policy = graph.post("/policies/claimsMappingPolicies", MAPPING)["id"]
    graph.post(f"{PRINCIPAL}/claimsMappingPolicies/$ref", reference(policy), 204)
    return browser


def own_key(graph: Graph) -> None:
    key = {"type": "AsymmetricX509Cert", "usage": "Sign", "key": certificate()}
    graph.patch(PRINCIPAL, {"keyCredentials": [key]})


def redeemed(browser: Browser) -> JsonObject:
    return body_of(browser.redeem(browser.sign_in(UPN)["code"]))


def test_a_policy_alone_gives_no_token(mapped: Browser) -> None:
    assert refusal_of(mapped.redeem(mapped.sign_in(UPN)["code"])) == ("invalid_request", 50146)


def test_an_application_that_accepts_mapped_claims_gets_tokens_as_everybody(graph: Graph, mapped: Browser) -> None:
    graph.patch(f"/applications/{APP['id']}", {"api": {"acceptMappedClaims": True}})
    assert mapped.claims(UPN)["name"] == "Ada Lovelace"


def test_what_a_key_of_its_own_signs_is_verified_with_the_keys_listed_by_appid(graph: Graph, mapped: Browser) -> None:
    own_key(graph)
    token = redeemed(mapped)["id_token"]
    with pytest.raises(KeyError):
        mapped.verified(token)
    listed = jwt.PyJWKSet.from_dict(keys(mapped, APP["appId"]))
    key = listed[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key.key, algorithms=["RS256"], audience=APP["appId"])["name"] == "Ada Lovelace"


def test_by_appid_an_application_without_its_own_key_has_the_tenant_s(browser: Browser) -> None:
    assert keys(browser, APP["appId"]) == keys(browser, None)
    browser.verified(redeemed(browser)["id_token"])


def keys(browser: Browser, app_id: str | None) -> JsonObject:
    query = f"?appid={app_id}" if app_id else ""
    found = body_of(browser.send("GET", f"{browser.base}/v2.0/.well-known/openid-configuration{query}"))
    assert found["jwks_uri"].endswith(query)
    return body_of(browser.send("GET", found["jwks_uri"]))
