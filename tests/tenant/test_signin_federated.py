"""A code redeemed without a secret: by the word of another issuer, as a workload identity does it."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.tenant.browser import APP, Browser, person, refusal_of
from tests.tenant.world import Tenant

ADA = person(1, "Ada Lovelace")
TRUSTED = {
    "issuer": "https://issuer.example",
    "subject": "system:serviceaccount:airflow:webserver",
    "audience": "api://AzureADTokenExchange",
}
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def browser(tenant: Tenant, key: rsa.RSAPrivateKey) -> Browser:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k1"}
    federated = [TRUSTED | {"jwks": {"keys": [jwk]}}]
    tenant.seed({"users": [ADA], "applications": [APP | {"federatedCredentials": federated}]})
    return Browser(tenant)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({}, None),
        ({"sub": "another"}, 700213),
        ({"sub": TRUSTED["subject"].upper()}, 7002138),
        ({"iss": "https://issuer.example/"}, 700211),
        ({"iss": "https://ISSUER.example"}, 700211),
        ({"aud": "api://another"}, 700212),
        ({"aud": TRUSTED["audience"].lower()}, 700212),
    ],
)
def test_a_workload_redeems_a_code_where_issuer_subject_and_audience_are_exactly_what_is_trusted(
    browser: Browser, key: rsa.RSAPrivateKey, said: dict[str, str], refusal: int | None
) -> None:
    claims = {"iss": TRUSTED["issuer"], "sub": TRUSTED["subject"], "aud": TRUSTED["audience"]} | said
    ends = datetime.now(UTC) + timedelta(minutes=5)
    assertion = jwt.encode(claims | {"exp": ends}, key, algorithm="RS256", headers={"kid": "k1"})
    code = browser.sign_in(ADA["userPrincipalName"])["code"]
    reply = browser.redeem(code, client_secret=None, client_assertion=assertion, client_assertion_type=TYPE)
    assert reply.status == 200 if refusal is None else refusal_of(reply) == ("invalid_client", refusal)
