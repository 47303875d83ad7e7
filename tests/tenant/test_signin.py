"""Sign-in of applications: what proves who they are, what the token says, and how each refusal is worded."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from entra_local.wire import JsonObject, Reply
from tests.tenant.world import ARM, DEPLOYER, GRAPH, LOGIN, TENANT, VAULT, Tenant, body_of

ISSUER = "https://issuer.example/airflow"
SUBJECT = "system:serviceaccount:airflow:scheduler"
AUDIENCE = "api://AzureADTokenExchange"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_token_says_who_and_what(tenant: Tenant) -> None:
    answer = body_of(tenant.sign_in(scope=f"{GRAPH}/.default"))
    keys = body_of(tenant.send("GET", f"{LOGIN}/{TENANT}/discovery/v2.0/keys"))
    key = jwt.PyJWKSet.from_dict(keys).keys[0]
    claims = jwt.decode(answer["access_token"], key.key, algorithms=["RS256"], audience=GRAPH)
    assert jwt.get_unverified_header(answer["access_token"])["kid"] == key.key_id
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] >= 3600
    assert claims["exp"] - claims["iat"] == answer["expires_in"]
    assert claims["roles"] == ["Application.ReadWrite.All", "Group.ReadWrite.All"]
    assert {name: claims[name] for name in ("oid", "sub", "appid", "tid", "idtyp", "app_displayname")} == {
        "oid": DEPLOYER["servicePrincipalId"],
        "sub": DEPLOYER["servicePrincipalId"],
        "appid": DEPLOYER["appId"],
        "tid": TENANT,
        "idtyp": "app",
        "app_displayname": "deployer",
    }


@pytest.mark.parametrize(
    ("scope", "audience"),
    [
        (f"{GRAPH}/.default", GRAPH),
        (f"{GRAPH}//.default", GRAPH),
        ("00000003-0000-0000-c000-000000000000/.default", GRAPH),
        (f"{ARM}/.default", ARM),
        (f"{ARM}//.default", ARM),
        ("https://management.core.windows.net//.default", "https://management.core.windows.net"),
        (f"{VAULT}/.default", VAULT),
        (f"{VAULT}//.default", VAULT),
        (f"{ARM}/.default openid profile offline_access", ARM),
    ],
)
def test_a_scope_decides_the_audience(tenant: Tenant, scope: str, audience: str) -> None:
    token = body_of(tenant.sign_in(scope=scope))["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["aud"] == audience


def test_the_tenant_may_be_named_by_its_domain(tenant: Tenant) -> None:
    assert tenant.sign_in(tenant="Contoso.Example").status == 200


@pytest.mark.parametrize(
    ("fields", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": "not-a-secret-but-another"}, 401, "invalid_client", 7000215),
        ({"client_secret": ""}, 401, "invalid_client", 7000216),
        ({"client_id": "99999999-0000-0000-0000-000000000000"}, 400, "unauthorized_client", 700016),
        ({"client_id": ""}, 400, "invalid_request", 900144),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": f"{GRAPH}/User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": f"{GRAPH}/.default {ARM}/.default"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://unknown.example/.default"}, 400, "invalid_resource", 500011),
        ({"client_assertion": "no.jwt.atall", "client_assertion_type": ASSERTION}, 401, "invalid_client", 700027),
        ({"client_assertion": "no.jwt.atall"}, 400, "invalid_request", 900144),
    ],
)
def test_refusals(tenant: Tenant, fields: dict[str, str], status: int, error: str, number: int) -> None:
    _assert_refused(tenant.sign_in(DEPLOYER, TENANT, **fields), status, error, number)


@pytest.mark.parametrize(("name", "number"), [(f"9{TENANT[1:]}", 90002), ("other.example", 90002), ("x!", 900023)])
def test_unknown_tenants(tenant: Tenant, name: str, number: int) -> None:
    _assert_refused(tenant.sign_in(tenant=name), 400, "invalid_request", number)


def test_a_secret_added_through_graph_signs_in_until_it_is_removed(tenant: Tenant) -> None:
    application = f"/applications/{DEPLOYER['id']}"
    wanted = {"passwordCredential": {"displayName": "slot-a"}}
    added = body_of(tenant.graph("POST", f"{application}/addPassword", wanted))
    assert tenant.sign_in(client_secret=added["secretText"]).status == 200
    assert tenant.sign_in().status == 200, "the seeded secret works beside it"
    assert tenant.graph("POST", f"{application}/removePassword", {"keyId": added["keyId"]}).status == 204
    _assert_refused(tenant.sign_in(client_secret=added["secretText"]), 401, "invalid_client", 7000215)


def test_an_expired_secret_is_told_from_a_wrong_one(tenant: Tenant) -> None:
    past = {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2020-01-02T00:00:00Z"}
    added = body_of(tenant.graph("POST", f"/applications/{DEPLOYER['id']}/addPassword", {"passwordCredential": past}))
    _assert_refused(tenant.sign_in(client_secret=added["secretText"]), 401, "invalid_client", 7000222)


def test_a_disabled_service_principal_gets_no_token(tenant: Tenant) -> None:
    other = tenant.application("other")
    path = f"/servicePrincipals/{other['servicePrincipalId']}"
    assert tenant.graph("PATCH", path, {"accountEnabled": False}).status == 204
    _assert_refused(tenant.sign_in(other), 400, "unauthorized_client", 7000112)


# federated credentials


@pytest.fixture(scope="module")
def issuer_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def workload(tenant: Tenant, issuer_key: rsa.RSAPrivateKey) -> JsonObject:
    """An application that trusts the issuer."""
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(issuer_key.public_key(), as_dict=True) | {"kid": "k1", "use": "sig"}
    trusted = {"issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE, "jwks": {"keys": [jwk]}}
    return tenant.application("workload", federatedCredentials=[trusted])


def test_another_issuers_word_signs_in(tenant: Tenant, workload: JsonObject, issuer_key: rsa.RSAPrivateKey) -> None:
    answer = body_of(_sign_in_with(tenant, workload, _assertion(issuer_key)))
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["oid"] == workload["servicePrincipalId"]


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"iss": ISSUER + "/"}, 700211),
        ({"sub": SUBJECT.upper()}, 7002138),
        ({"sub": SUBJECT + "-2"}, 700213),
        ({"aud": "https://other.example"}, 700212),
        ({"aud": AUDIENCE.lower()}, 700212),
    ],
)
def test_a_federated_credential_matches_exactly(
    tenant: Tenant, workload: JsonObject, issuer_key: rsa.RSAPrivateKey, claims: JsonObject, number: int
) -> None:
    reply = _sign_in_with(tenant, workload, _assertion(issuer_key, **claims))
    _assert_refused(reply, 401, "invalid_client", number)


def test_an_application_that_trusts_nobody_matches_nothing(tenant: Tenant, issuer_key: rsa.RSAPrivateKey) -> None:
    _assert_refused(_sign_in_with(tenant, DEPLOYER, _assertion(issuer_key)), 401, "invalid_client", 70025)


def test_an_assertion_must_be_signed_by_the_issuer_and_in_time(
    tenant: Tenant, workload: JsonObject, issuer_key: rsa.RSAPrivateKey
) -> None:
    forged = _assertion(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    unsigned = jwt.encode(_claims(), "", algorithm="none", headers={"kid": "k1"})
    symmetric = jwt.encode(_claims(), "k" * 32, algorithm="HS256", headers={"kid": "k1"})
    for assertion in (forged, unsigned, symmetric, _assertion(issuer_key, kid="k2")):
        _assert_refused(_sign_in_with(tenant, workload, assertion), 401, "invalid_client", 700027)
    old = _assertion(issuer_key, exp=datetime.now(UTC) - timedelta(minutes=10))
    _assert_refused(_sign_in_with(tenant, workload, old), 401, "invalid_client", 700024)


# certificates


@pytest.mark.parametrize("thumbprint", ["x5t", "x5t#S256", "kid"])
def test_a_registered_certificate_signs_in(tenant: Tenant, thumbprint: str) -> None:
    key, certificate = _certificate()
    registered = {"key": base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()}
    registered |= {"type": "AsymmetricX509Cert", "usage": "Verify"}
    body = {"keyCredentials": [registered]}
    assert tenant.graph("PATCH", f"/applications/{DEPLOYER['id']}", body).status == 204
    digest = certificate.fingerprint(hashes.SHA256() if thumbprint == "x5t#S256" else hashes.SHA1())  # noqa: S303
    named = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    claims = {"iss": DEPLOYER["appId"], "sub": DEPLOYER["appId"], "aud": f"{LOGIN}/{TENANT}/oauth2/v2.0/token"}

    signed = jwt.encode(_claims(**claims), key, algorithm="RS256", headers={thumbprint: named})
    assert _sign_in_with(tenant, DEPLOYER, signed).status == 200

    stranger, _ = _certificate()
    forged = jwt.encode(_claims(**claims), stranger, algorithm="RS256", headers={thumbprint: named})
    _assert_refused(_sign_in_with(tenant, DEPLOYER, forged), 401, "invalid_client", 700027)
    elsewhere = jwt.encode(_claims(**claims | {"aud": GRAPH}), key, algorithm="RS256", headers={thumbprint: named})
    _assert_refused(_sign_in_with(tenant, DEPLOYER, elsewhere), 401, "invalid_client", 700027)


def test_a_certificates_assertion_may_be_meant_for_loopback_where_it_is_sent_there(tenant: Tenant) -> None:
    key, certificate = _certificate()
    registered = {"key": base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()}
    body = {"keyCredentials": [registered | {"type": "AsymmetricX509Cert", "usage": "Verify"}]}
    assert tenant.graph("PATCH", f"/applications/{DEPLOYER['id']}", body).status == 204
    named = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
    for meant, status in (("http://localhost:8081", 200), (LOGIN, 200), ("http://localhost:8082", 401)):
        audience = f"{meant}/{TENANT}/oauth2/v2.0/token"
        claims = _claims(iss=DEPLOYER["appId"], sub=DEPLOYER["appId"], aud=audience)
        form = {
            "grant_type": "client_credentials",
            "client_id": DEPLOYER["appId"],
            "scope": f"{ARM}/.default",
            "client_assertion": jwt.encode(claims, key, algorithm="RS256", headers={"x5t#S256": named}),
            "client_assertion_type": ASSERTION,
        }
        url = f"http://localhost:8081/{TENANT}/oauth2/v2.0/token"
        assert tenant.send("POST", url, urlencode(form).encode()).status == status


def test_an_unregistered_certificate_is_refused(tenant: Tenant) -> None:
    key, _ = _certificate()
    claims = _claims(iss=DEPLOYER["appId"], sub=DEPLOYER["appId"], aud=f"{LOGIN}/{TENANT}/oauth2/v2.0/token")
    signed = jwt.encode(claims, key, algorithm="RS256", headers={"x5t": "AAAA"})
    _assert_refused(_sign_in_with(tenant, DEPLOYER, signed), 401, "invalid_client", 700027)


# discovery


def test_the_documents_name_each_other(tenant: Tenant) -> None:
    found = body_of(tenant.send("GET", f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration"))
    assert found["issuer"] == f"{LOGIN}/{TENANT}/v2.0"
    assert body_of(tenant.send("GET", found["jwks_uri"])) == body_of(
        tenant.send("GET", f"{LOGIN}/common/discovery/keys")
    )
    assert tenant.send("POST", found["token_endpoint"]).status == 400, "served: it misses the grant"
    unknown = tenant.send("GET", f"{LOGIN}/other.example/v2.0/.well-known/openid-configuration")
    _assert_refused(unknown, 400, "invalid_request", 90002)
    instances = body_of(tenant.send("GET", f"{LOGIN}/common/discovery/instance"))
    assert "login.microsoftonline.com" in instances["metadata"][0]["aliases"]


def test_the_cloud_description_has_what_clients_read_unchecked(tenant: Tenant) -> None:
    cloud = body_of(tenant.send("GET", f"{ARM}/metadata/endpoints?api-version=2022-09-01"))
    assert cloud["name"]
    assert cloud["resourceManager"]
    assert cloud["microsoftGraphResourceId"].rstrip("/") == GRAPH
    assert not cloud["authentication"]["loginEndpoint"].endswith("/")
    assert cloud["authentication"]["audiences"][0]
    assert cloud["suffixes"]["keyVaultDns"] == "vault.azure.net"


def test_the_token_endpoint_takes_posts_only(tenant: Tenant) -> None:
    reply = tenant.send("GET", f"{LOGIN}/{TENANT}/oauth2/v2.0/token")
    _assert_refused(reply, 405, "invalid_request", 900561)
    assert reply.headers["Allow"] == "POST"


def _sign_in_with(tenant: Tenant, application: JsonObject, assertion: str) -> Reply:
    return tenant.sign_in(application, client_secret="", client_assertion=assertion, client_assertion_type=ASSERTION)


def _claims(**changed: Any) -> JsonObject:
    ends = datetime.now(UTC) + timedelta(minutes=5)
    return {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "exp": ends} | changed


def _assertion(key: rsa.RSAPrivateKey, *, kid: str = "k1", **changed: Any) -> str:
    return jwt.encode(_claims(**changed), key, algorithm="RS256", headers={"kid": kid})


def _certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "airflow")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return key, builder.sign(key, hashes.SHA256())


def _assert_refused(reply: Reply, status: int, error: str, number: int) -> None:
    body = body_of(reply, status)
    assert body["error"] == error
    assert body["error_codes"] == [number]
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(body)
