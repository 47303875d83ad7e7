"""Microsoft's own client library, unmodified, against a tenant in a process of its own, through the proxy."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential

from tests.tenant.azure import VAULT, vault_body
from tests.tenant.process import Served, seed, served
from tests.tenant.world import ARM, DEPLOYER, GRAPH, SEED, TENANT
from tests.tenant.world import VAULT as VAULT_SCOPE


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    state = tmp_path_factory.mktemp("tenant")
    seed(state, SEED)
    with served(state) as process:
        yield process


@pytest.fixture
def proxied(process: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    for name, value in process.environment.items():
        monkeypatch.setenv(name, value)
    return process


def test_a_client_secret_signs_in_for_every_resource(proxied: Served) -> None:
    with ClientSecretCredential(TENANT, DEPLOYER["appId"], DEPLOYER["secret"]) as credential:
        for scope, audience in ((GRAPH, GRAPH), (ARM, ARM), (f"{ARM}/", ARM), (VAULT_SCOPE, VAULT_SCOPE)):
            token = credential.get_token(f"{scope}/.default")
            claims = jwt.decode(token.token, options={"verify_signature": False})
            assert (claims["aud"], claims["oid"]) == (audience, DEPLOYER["servicePrincipalId"])
            assert token.expires_on - datetime.now(UTC).timestamp() > 3500


def test_a_wrong_secret_fails_with_entras_own_number(proxied: Served) -> None:
    with (
        ClientSecretCredential(TENANT, DEPLOYER["appId"], "wrong") as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(f"{GRAPH}/.default")


def test_a_vault_is_made_and_asked_at_its_own_name(proxied: Served) -> None:
    with ClientSecretCredential(TENANT, DEPLOYER["appId"], DEPLOYER["secret"]) as credential:
        token = credential.get_token(f"{ARM}/.default").token
    with proxied.client() as client:
        made = client.put(
            f"{ARM}{VAULT}?api-version=2024-11-01",
            json=vault_body(),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert made.status_code == 200
        asked = client.get("https://kv-airflow.vault.azure.net/secrets/x?api-version=7.5")
    assert asked.status_code == 401
    assert f'authorization="https://login.microsoftonline.com/{TENANT}"' in asked.headers["WWW-Authenticate"]
    assert httpx.get(f"http://127.0.0.1:{proxied.http_port}/health", trust_env=False).json()["azure"]["vaults"] == 1


def test_an_idle_client_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with served(tmp_path) as process:
        client = process.client()
        assert client.get("https://login.microsoftonline.com/common/discovery/keys").status_code == 200
        # Still connected when the process is told to end.
        process.process.terminate()
        _, errors = process.process.communicate(timeout=20)
    assert (process.process.returncode, errors) == (0, "")
    assert not (tmp_path / "ready.json").exists()
    client.close()
