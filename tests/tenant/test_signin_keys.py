"""Signing keys and their rotation; discovery at every address; redirect URIs as a rule of its own."""

from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from entra_local.__main__ import main
from entra_local.keys import Keys
from entra_local.signin.models.requests import is_registered, platform_of
from entra_local.wire import JsonObject
from tests.tenant.browser import APP, Browser, person
from tests.tenant.world import GRAPH, LOGIN, TENANT, Tenant, body_of, tenant_in

ADA = person(1, "Ada Lovelace")
UPN: str = ADA["userPrincipalName"]


def _listed(tenant: Tenant, path: str = f"{TENANT}/discovery/v2.0/keys") -> list[str]:
    return [key["kid"] for key in body_of(tenant.send("GET", f"{LOGIN}/{path}"))["keys"]]


def test_a_rotated_key_signs_and_the_old_one_stays_listed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    with tenant_in(folder, Keys(folder / "keys")) as tenant:
        tenant.seed({"users": [ADA], "applications": [APP]})
        browser = Browser(tenant)
        before = browser.tokens(UPN, scope="openid profile User.Read")
        old = _listed(tenant)
        # As a command, beside a tenant that is running.
        assert main(["rotate-keys", "--state", str(folder)]) == 0
        after = browser.tokens(UPN, prompt="login", scope="openid profile User.Read")
        new = _listed(tenant)
        assert new == [jwt.get_unverified_header(after["id_token"])["kid"], *old]
        assert _listed(tenant, "common/discovery/keys") == new
        for tokens in (before, after):
            assert browser.verified(tokens["id_token"])["oid"] == ADA["id"]
            assert tenant.send("GET", f"{GRAPH}/v1.0/me", token=tokens["access_token"]).status == 200


def test_only_the_latest_retired_keys_are_kept(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    made = [keys.signing_keys[0].id, *(keys.rotate() for _ in range(5))]
    assert [key.id for key in keys.signing_keys] == made[:1:-1][:4]
    assert [key.id for key in Keys(tmp_path).signing_keys] == [key.id for key in keys.signing_keys]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_first_rotation_needs_no_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    assert [keys.rotate()] == [key.id for key in keys.signing_keys]


def test_a_ticket_is_read_by_its_maker_and_in_time(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "one")
    ticket = keys.ticket({"a": "ö"})
    assert keys.read_ticket(ticket, 60) == {"a": "ö"}
    assert keys.read_ticket(ticket, -1) is None
    assert Keys(tmp_path / "two").read_ticket(ticket, 60) is None


# discovery


@pytest.mark.parametrize(
    ("base", "userinfo"),
    [
        (LOGIN, f"{GRAPH}/oidc/userinfo"),
        ("http://localhost:8081", "http://localhost:8081/oidc/userinfo"),
        ("http://127.0.0.1:8081", "http://127.0.0.1:8081/oidc/userinfo"),
    ],
)
def test_discovery_names_the_address_that_was_used(tenant: Tenant, base: str, userinfo: str) -> None:
    found = body_of(tenant.send("GET", f"{base}/{TENANT}/v2.0/.well-known/openid-configuration"))
    endpoints: dict[str, Any] = {
        "authorization_endpoint": f"{base}/{TENANT}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/{TENANT}/oauth2/v2.0/token",
        "end_session_endpoint": f"{base}/{TENANT}/oauth2/v2.0/logout",
        "jwks_uri": f"{base}/{TENANT}/discovery/v2.0/keys",
        "userinfo_endpoint": userinfo,
    }
    facts: JsonObject = {
        "issuer": f"{LOGIN}/{TENANT}/v2.0",
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "frontchannel_logout_supported": True,
        "http_logout_supported": True,
        "cloud_instance_name": "microsoftonline.com",
    }
    assert found.items() >= (endpoints | facts).items()
    assert "code" in found["response_types_supported"]
    assert {"openid", "profile", "email", "offline_access"} == set(found["scopes_supported"])
    assert {"client_secret_post", "client_secret_basic", "private_key_jwt"} == set(
        found["token_endpoint_auth_methods_supported"]
    )
    assert {"sub", "nonce", "preferred_username"} <= set(found["claims_supported"])
    assert "code_challenge_methods_supported" not in found, "Entra does not list them"


def test_the_whole_flow_at_loopback_has_the_same_issuer(tenant: Tenant) -> None:
    tenant.seed({"users": [ADA], "applications": [APP]})
    assert Browser(tenant, base="http://localhost:8081").claims(UPN)["iss"] == f"{LOGIN}/{TENANT}/v2.0"


# redirect URIs


def _application(*uris: str) -> JsonObject:
    return {"web": {"redirectUris": list(uris)}, "spa": {"redirectUris": []}, "publicClient": {"redirectUris": []}}


@pytest.mark.parametrize(
    ("uri", "registered", "good"),
    [
        ("http://localhost:8080/cb", "http://localhost/cb", True),
        ("http://localhost:8080/cb", "http://localhost:9090/cb", True),
        ("http://localhost/cb", "http://localhost:9090/cb", True),
        ("https://localhost:1/cb", "http://localhost:1/cb", False),
        ("http://localhost:8080/cb/", "http://localhost:8080/cb", False),
        ("http://localhost:8080/CB", "http://localhost:8080/cb", False),
        ("http://localhost:8080/cb?x", "http://localhost:8080/cb", False),
        ("http://localhost:8080/cb#x", "http://localhost:8080/cb", False),
        ("http://localhost:x/cb", "http://localhost:8080/cb", False),
        ("http://localhost.evil.example/cb", "http://localhost/cb", False),
        ("http://localhost@evil.example/cb", "http://localhost/cb", False),
        ("http://evil@localhost:1/cb", "http://localhost/cb", False),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:9090/cb", False),
        ("https://a.example:8080/cb", "https://a.example:9090/cb", False),
        ("", "http://localhost/cb", False),
    ],
)
def test_redirect_uris_compare_exactly_but_for_the_port_of_localhost(uri: str, registered: str, good: bool) -> None:
    assert is_registered(_application(registered), uri) == good


@given(some.text())
def test_what_is_not_registered_is_never_accepted(uri: str) -> None:
    registered = "https://airflow.contoso.example/cb"
    assert is_registered(_application(registered), uri) == (uri == registered)


@given(some.integers(0, 65535), some.integers(0, 65535))
def test_any_port_of_localhost_will_do(asked: int, registered: int) -> None:
    application = _application(f"http://localhost:{registered}/cb")
    assert platform_of(application, f"http://localhost:{asked}/cb") == "web"
