"""Applications: what may stand in one, how a PATCH merges, credentials, owners."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tenant.directory import ADA, ADMIN, ON_CALL, UNKNOWN, Graph, reference, role

WEB = {"redirectUris": ["https://airflow.example.com/auth/oauth-authorized/azure"]}


def test_what_is_unset_comes_back_as_an_explicit_null(graph: Graph) -> None:
    made = graph.get(f"/applications/{graph.application()['id']}")
    for name in ("description", "notes", "groupMembershipClaims", "optionalClaims", "serviceManagementReference"):
        assert made[name] is None
    assert made["web"]["logoutUrl"] is None
    assert made["api"]["requestedAccessTokenVersion"] is None
    assert made["identifierUris"] == made["tags"] == made["keyCredentials"] == []
    assert made["publisherDomain"] == "contoso.example"


def test_a_beta_property_is_seen_in_beta_only(graph: Graph, beta: Graph) -> None:
    path = f"/applications/{graph.application()['id']}"
    beta.patch(path, {"oauth2RequirePostResponse": True})
    assert beta.get(path, 200, select="oauth2RequirePostResponse")["oauth2RequirePostResponse"] is True
    assert "oauth2RequirePostResponse" not in graph.get(path)


def test_a_patch_merges_objects_and_replaces_lists(graph: Graph) -> None:
    web = WEB | {"homePageUrl": "https://airflow.example.com"}
    path = f"/applications/{graph.application(web=web, tags=['a', 'b'])['id']}"
    graph.patch(path, {"web": {"implicitGrantSettings": {"enableIdTokenIssuance": True}}, "tags": ["c"]})
    after = graph.get(path)
    assert after["web"]["redirectUris"] == WEB["redirectUris"]
    assert after["web"]["homePageUrl"] == "https://airflow.example.com"
    grants = {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": True}
    assert after["web"]["implicitGrantSettings"] == grants
    assert after["tags"] == ["c"]


def test_optional_claims_are_replaced_as_a_whole(graph: Graph) -> None:
    claims = {"idToken": [{"name": "email"}], "accessToken": [{"name": "upn"}]}
    path = f"/applications/{graph.application(optionalClaims=claims)['id']}"
    graph.patch(path, {"optionalClaims": {"idToken": [{"name": "upn"}]}})
    after = graph.get(path)["optionalClaims"]
    assert [claim["name"] for claim in after["idToken"]] == ["upn"]
    assert after["accessToken"] == after["saml2Token"] == []
    graph.patch(path, {"optionalClaims": {}})
    assert graph.get(path)["optionalClaims"] == {"accessToken": [], "idToken": [], "saml2Token": []}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"displayName": "x", "nonsense": 1}, "Invalid property 'nonsense'"),
        ({"displayName": "x", "web": {"nonsense": 1}}, "Invalid property 'web.nonsense'"),
        ({"displayName": "x", "appId": UNKNOWN}, "read-only"),
        ({"displayName": ""}, "'displayName'"),
        ({}, "'displayName'"),
        ({"displayName": "x" * 121}, "'displayName'"),
        ({"displayName": 7}, "'displayName'"),
        ({"displayName": "x", "tags": "one"}, "'tags'"),
        ({"displayName": "x", "signInAudience": "Everybody"}, "'signInAudience'"),
        ({"displayName": "x", "groupMembershipClaims": "Some"}, "'groupMembershipClaims'"),
        ({"displayName": "x", "web": {"redirectUris": ["http://airflow.example.com/x"]}}, "must start with 'HTTPS'"),
        ({"displayName": "x", "web": {"redirectUris": ["https://a.example/" + "x" * 256]}}, "256 characters"),
        ({"displayName": "x", "web": {"redirectUris": ["https://a.example/$x"]}}, "not allowed"),
        ({"displayName": "x", "web": {"redirectUris": ["https://a.example/x"] * 2}}, "duplicate values"),
        ({"displayName": "x", "web": {"redirectUris": [f"https://a.example/{n}" for n in range(257)]}}, "exceeds"),
        ({"displayName": "x", "spa": {"redirectUris": ["myapp://x"]}}, "must start with 'HTTPS'"),
        ({"displayName": "x", "web": {"logoutUrl": "http://airflow.example.com/logout"}}, "web.logoutUrl"),
        ({"displayName": "x", "appRoles": [role(value="two words")]}, "has spaces"),
        ({"displayName": "x", "appRoles": [role(), role(number=2)]}, "duplicate values"),
        ({"displayName": "x", "appRoles": [role(), role("Op")]}, "duplicate values"),
        ({"displayName": "x", "appRoles": [role(allowedMemberTypes=[])]}, "allowedMemberTypes"),
        ({"displayName": "x", "appRoles": [role(id="not-a-uuid")]}, "'appRoles.id'"),
        ({"displayName": "x", "appRoles": [role(f"R{n}", n) for n in range(1201)]}, "exceeded its limit"),
    ],
)
def test_refused(graph: Graph, body: Any, says: str) -> None:
    assert says in graph.refused("POST", "/applications", 400, body)
    assert graph.ids("/applications", filter="displayName eq 'x'") == []


@pytest.mark.parametrize(
    "uri", ["http://localhost:8080/x", "http://127.0.0.1/x", "https://*.example.com/x", "https://A.example/X"]
)
def test_redirect_uris_that_entra_takes(graph: Graph, uri: str) -> None:
    assert graph.application(web={"redirectUris": [uri]})["web"]["redirectUris"] == [uri]


def test_a_native_client_may_use_its_own_scheme(graph: Graph) -> None:
    assert graph.application(publicClient={"redirectUris": ["myapp://callback"]})


def test_an_enabled_app_role_is_disabled_before_it_goes_or_changes(graph: Graph) -> None:
    path = f"/applications/{graph.application(appRoles=[role()])['id']}"
    for roles in ([], [role(value="Other")], [role(description="Another")]):
        assert "unless disabled first" in graph.refused("PATCH", path, 400, {"appRoles": roles})
    graph.patch(path, {"appRoles": [role(), role("Op", 2)]})
    graph.patch(path, {"appRoles": [role(isEnabled=False), role("Op", 2)]})
    graph.patch(path, {"appRoles": [role("Op", 2)]})
    assert [item["value"] for item in graph.get(path)["appRoles"]] == ["Op"]


def test_its_own_answer_may_be_sent_back(graph: Graph) -> None:
    made = graph.application(appRoles=[role()], web=WEB, optionalClaims={"idToken": [{"name": "email"}]})
    graph.patch(f"/applications/{made['id']}", {name: value for name, value in made.items() if "@" not in name})
    assert graph.get(f"/applications/{made['id']}") == made | {
        "@odata.context": graph.get(f"/applications/{made['id']}")["@odata.context"]
    }


def test_identifier_uris_are_unique_in_the_tenant(graph: Graph) -> None:
    graph.application(identifierUris=["api://airflow"])
    body = {"displayName": "x", "identifierUris": ["api://airflow"]}
    assert "identifierUris already exists" in graph.refused("POST", "/applications", 400, body)


# owners


def test_who_creates_owns_unless_owners_are_named(graph: Graph) -> None:
    own = graph.application()
    assert graph.ids(f"/applications/{own['id']}/owners") == [ADMIN["servicePrincipalId"]]
    bound = {"displayName": "Ada's", "owners@odata.bind": [reference(ADA)["@odata.id"]]}
    adas = graph.post("/applications", bound)
    listed = graph.get(f"/applications/{adas['id']}/owners")["value"]
    assert [(item["id"], item["@odata.type"]) for item in listed] == [(ADA, "#microsoft.graph.user")]


def test_owners_come_and_go_even_the_last_one(graph: Graph) -> None:
    owners = f"/applications/{graph.application()['id']}/owners"
    graph.add(owners, ADA)
    assert "already exist" in graph.refused("POST", f"{owners}/$ref", 400, reference(ADA))
    assert graph.ids(owners, filter=f"id eq '{ADA}'") == [ADA]
    for owner in (ADMIN["servicePrincipalId"], ADA):
        graph.delete(f"{owners}/{owner}/$ref")
    assert graph.ids(owners) == []
    graph.delete(f"{owners}/{ADA}/$ref", 404)


def test_only_people_and_service_principals_own(graph: Graph) -> None:
    owners = f"/applications/{graph.application()['id']}/owners/$ref"
    graph.post(owners, reference(ON_CALL), 404)
    graph.post(owners, reference(UNKNOWN), 404)
    bound = {"displayName": "x", "owners@odata.bind": [reference(UNKNOWN)["@odata.id"]]}
    assert "does not exist" in graph.refused("POST", "/applications", 400, bound)
    assert graph.ids("/applications", filter="displayName eq 'x'") == []


# passwords


def test_a_password_is_shown_once(graph: Graph) -> None:
    path = f"/applications/{graph.application()['id']}"
    wanted = {"passwordCredential": {"displayName": "slot-a", "endDateTime": "2030-01-01T00:00:00Z"}}
    added = graph.post(f"{path}/addPassword", wanted, 200)
    assert len(added["secretText"]) == 40
    assert added["hint"] == added["secretText"][:3]
    kept = graph.get(path)["passwordCredentials"]
    assert kept == [{name: value for name, value in added.items() if "@" not in name} | {"secretText": None}]
    graph.post(f"{path}/removePassword", {"keyId": added["keyId"]}, 204)
    assert graph.get(path)["passwordCredentials"] == []
    assert "No password credential" in graph.refused("POST", f"{path}/removePassword", 400, {"keyId": added["keyId"]})


def test_a_password_lives_two_years_unless_it_is_told_otherwise(graph: Graph) -> None:
    path = f"/applications/{graph.application()['id']}/addPassword"
    added = graph.post(path, {"passwordCredential": {"displayName": "slot-a"}}, 200)
    lifetime = datetime.fromisoformat(added["endDateTime"]) - datetime.fromisoformat(added["startDateTime"])
    assert lifetime == timedelta(days=730)
    ended = {"passwordCredential": {"endDateTime": "2001-01-01T00:00:00Z"}}
    assert "before it starts" in graph.refused("POST", path, 400, ended)


def test_an_application_may_be_born_with_a_password(graph: Graph) -> None:
    made = graph.application(passwordCredentials=[{"displayName": "first"}])
    assert len(made["passwordCredentials"][0]["secretText"]) == 40
    assert graph.get(f"/applications/{made['id']}")["passwordCredentials"][0]["secretText"] is None


def test_a_secret_is_in_no_stored_byte(graph: Graph, tmp_path: Any) -> None:
    path = f"/applications/{graph.application()['id']}/addPassword"
    secret = graph.post(path, {"passwordCredential": {}}, 200)["secretText"].encode()
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("tenant.sqlite*"))
    assert b"passwordHash" in stored
    assert secret not in stored


# certificates


def certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "airflow")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def test_certificates_are_shown_to_who_asks_for_them(graph: Graph) -> None:
    path = f"/applications/{graph.application()['id']}"
    key = certificate()
    graph.patch(path, {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": key}]})
    (shown,) = graph.get(path)["keyCredentials"]
    assert shown["key"] is None
    assert shown["displayName"] == "CN=airflow"
    assert len(base64.b64decode(shown["customKeyIdentifier"])) == 20
    assert graph.get(path, 200, select="keyCredentials")["keyCredentials"][0]["key"] == key
    # A kept certificate is sent back without its key.
    graph.patch(path, {"keyCredentials": [shown, {"key": certificate()}]})
    assert len(graph.get(path)["keyCredentials"]) == 2
    graph.patch(path, {"keyCredentials": []})
    assert graph.get(path)["keyCredentials"] == []


@pytest.mark.parametrize("key", [{"key": "bm90IGEgY2VydA=="}, {"key": "!"}, {"keyId": UNKNOWN}, "text"])
def test_certificates_that_are_none(graph: Graph, key: Any) -> None:
    path = f"/applications/{graph.application()['id']}"
    graph.refused("PATCH", path, 400, {"keyCredentials": [key]})


# federated credentials

FEDERATED = {
    "name": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:o/r:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
    "description": "",
}


def test_federated_credentials(graph: Graph) -> None:
    path = f"/applications/{graph.application()['id']}/federatedIdentityCredentials"
    made = graph.post(path, FEDERATED)
    assert {name: made[name] for name in FEDERATED} == FEDERATED
    graph.patch(f"{path}/{made['id']}", {"subject": "repo:o/r:environment:prod"})
    assert graph.get(f"{path}/{made['id']}")["subject"] == "repo:o/r:environment:prod"
    assert graph.ids(path) == [made["id"]]
    assert "cannot be changed" in graph.refused("PATCH", f"{path}/{made['id']}", 400, {"name": "other"})
    graph.delete(f"{path}/{made['id']}")
    graph.get(f"{path}/{made['id']}", 404)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "other"}, 409),
        ({"subject": "another"}, 409),
        ({"name": "other", "subject": "another", "audiences": []}, 400),
        ({"name": "other", "subject": "another", "audiences": ["a", "b"]}, 400),
        ({"name": "other", "subject": "another", "issuer": "http://plain.example"}, 400),
        ({"name": "other", "subject": ""}, 400),
        ({"name": "with space", "subject": "another"}, 400),
        ({"name": "other", "subject": "s" * 601}, 400),
    ],
)
def test_federated_credentials_that_are_refused(graph: Graph, change: Any, status: int) -> None:
    path = f"/applications/{graph.application()['id']}/federatedIdentityCredentials"
    graph.post(path, FEDERATED)
    graph.refused("POST", path, status, FEDERATED | change)
    assert len(graph.ids(path)) == 1


def test_twenty_federated_credentials_and_no_more(graph: Graph) -> None:
    path = f"/applications/{graph.application()['id']}/federatedIdentityCredentials"
    for number in range(20):
        graph.post(path, FEDERATED | {"name": f"fic-{number}", "subject": f"s{number}"})
    assert "maximum of 20" in graph.refused("POST", path, 400, FEDERATED)
