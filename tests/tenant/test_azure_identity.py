"""Microsoft's own client library, unmodified, against a tenant in a process of its own, through the proxy."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, WorkloadIdentityCredential
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.tenant.azure import VAULT, vault_body
from tests.tenant.process import Process, seed, serving
from tests.tenant.world import ARM, DEPLOYER, GRAPH, SEED, TENANT
from tests.tenant.world import VAULT as VAULT_SCOPE

ISSUER, SUBJECT, AUDIENCE = "https://issuer.example", "system:serviceaccount:airflow:x", "api://AzureADTokenExchange"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    state = tmp_path_factory.mktemp("tenant")
    seed(state, SEED)
    with serving(state) as process:
        yield process


@pytest.fixture
def proxied(process: Process, monkeypatch: pytest.MonkeyPatch) -> Process:
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value)
    return process


def test_a_client_secret_signs_in_for_every_resource(proxied: Process) -> None:
    with ClientSecretCredential(TENANT, DEPLOYER["appId"], DEPLOYER["secret"]) as credential:
        for scope, audience in ((GRAPH, GRAPH), (ARM, ARM), (f"{ARM}/", ARM), (VAULT_SCOPE, VAULT_SCOPE)):
            token = credential.get_token(f"{scope}/.default")
            claims = jwt.decode(token.token, options={"verify_signature": False})
            assert (claims["aud"], claims["oid"]) == (audience, DEPLOYER["servicePrincipalId"])
            assert token.expires_on - datetime.now(UTC).timestamp() > 3500


def test_a_wrong_secret_fails_with_entras_own_number(proxied: Process) -> None:
    with (
        ClientSecretCredential(TENANT, DEPLOYER["appId"], "wrong") as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(f"{GRAPH}/.default")


def test_a_workloads_token_signs_in(proxied: Process, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k1"}
    trusted = {"issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE, "jwks": {"keys": [jwk]}}
    # Seeded while the tenant is served.
    seed(proxied.state, {"applications": [DEPLOYER | {"federatedCredentials": [trusted]}]})
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": AUDIENCE, "exp": datetime.now(UTC) + timedelta(minutes=5)}
    file = tmp_path / "token"
    file.write_text(jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"}))
    with WorkloadIdentityCredential(
        tenant_id=TENANT, client_id=DEPLOYER["appId"], token_file_path=str(file)
    ) as credential:
        token = credential.get_token(f"{GRAPH}/.default")
    assert jwt.decode(token.token, options={"verify_signature": False})["appid"] == DEPLOYER["appId"]


def test_a_vault_is_made_and_asked_at_its_own_name(proxied: Process) -> None:
    with ClientSecretCredential(TENANT, DEPLOYER["appId"], DEPLOYER["secret"]) as credential:
        token = credential.get_token(f"{ARM}/.default").token
    with httpx.Client(proxy=proxied.proxy, verify=proxied.ssl_context(), trust_env=False) as client:
        made = client.put(
            f"{ARM}{VAULT}?api-version=2024-11-01",
            json=vault_body(),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert made.status_code == 200
        asked = client.get("https://kv-airflow.vault.azure.net/secrets/x?api-version=7.5")
    assert asked.status_code == 401
    assert f'authorization="https://login.microsoftonline.com/{TENANT}"' in asked.headers["WWW-Authenticate"]
    assert httpx.get(f"{proxied.http}/health", trust_env=False).json()["azure"]["vaults"] == 1


def test_an_idle_client_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        client = httpx.Client(proxy=process.proxy, verify=process.ssl_context(), trust_env=False)
        assert client.get("https://login.microsoftonline.com/common/discovery/keys").status_code == 200
        # Still connected when the process is told to end; `serving` wants a clean end without a word on stderr.
    assert not (tmp_path / "ready.json").exists()
    client.close()
