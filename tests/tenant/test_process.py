"""The tenant as a process: ready file, proxy, real clients, wrong ports, kills, a full disk."""

import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import psutil
import pytest
from azure.identity import WorkloadIdentityCredential
from cryptography.hazmat.primitives.asymmetric import rsa

from entra_local.wire import JsonObject
from tests.tenant import directory, world
from tests.tenant.directory import ADMIN
from tests.tenant.process import Served, refused, seed, served
from tests.tenant.world import TENANT

GRAPH = "https://graph.microsoft.com/v1.0"
SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests that only ask."""
    state = tmp_path_factory.mktemp("tenant") / "state"
    fill(state)
    with served(state) as process:
        yield process


def fill(state: Path) -> None:
    seed(state, world.SEED)
    seed(state, directory.SEED)


def sign_in(client: httpx.Client) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": ADMIN["appId"],
        "client_secret": ADMIN["secret"],
        "scope": SCOPE,
    }
    answer = client.post(f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token", data=form)
    return f"Bearer {answer.json()['access_token']}"


def group(name: str) -> JsonObject:
    return {"displayName": name, "mailNickname": name, "mailEnabled": False, "securityEnabled": True}


def test_a_client_that_knows_only_azures_names(running: Served) -> None:
    with running.client() as client:
        client.headers["authorization"] = sign_in(client)
        made = client.post(f"{GRAPH}/groups", json=group("viewers"))
        assert made.status_code == 201
        assert client.get(f"{GRAPH}/groups/{made.json()['id']}").json()["displayName"] == "viewers"


def test_connections_are_kept_alive(running: Served) -> None:
    with running.client() as client:
        for _ in range(3):
            assert client.get("https://login.microsoftonline.com/common/discovery/instance").status_code == 200
        network = psutil.Process(running.process.pid).net_connections(kind="tcp")
        open_here = [item for item in network if item.status == psutil.CONN_ESTABLISHED]
        assert open_here


def test_azure_identity_signs_in_with_a_workloads_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "k1"}
    trusted = {
        "issuer": "https://issuer.example",
        "subject": "system:serviceaccount:airflow:scheduler",
        "audience": "api://AzureADTokenExchange",
        "jwks": {"keys": [jwk]},
    }
    state = tmp_path / "state"
    fill(state)
    seed(state, {"applications": [ADMIN | {"federatedCredentials": [trusted]}]})
    claims = {"iss": trusted["issuer"], "sub": trusted["subject"], "aud": trusted["audience"], "exp": 4102444800}
    file = tmp_path / "token"
    file.write_text(jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"}))
    with served(state) as process:
        for name, value in process.environment.items():
            monkeypatch.setenv(name, value)
        with WorkloadIdentityCredential(
            tenant_id=TENANT, client_id=ADMIN["appId"], token_file_path=str(file)
        ) as credential:
            assert credential.get_token(SCOPE).token


@pytest.mark.parametrize(
    "target",
    ["example.com:443", "graph.microsoft.com:80", "graph.microsoft.com.evil.example:443", "a.b.vault.azure.net:443"],
)
def test_the_proxy_refuses_every_other_place(running: Served, target: str) -> None:
    with socket.create_connection(("127.0.0.1", running.proxy_port), timeout=10) as connection:
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        answer = connection.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 403 ")
    assert "refuses" in answer
    assert target in answer


def test_the_proxy_forwards_no_plain_request(running: Served) -> None:
    with httpx.Client(proxy=running.proxy, trust_env=False) as client:
        assert client.get("http://example.com/").status_code == 405


def test_a_header_without_end_is_cut_off(running: Served) -> None:
    with socket.create_connection(("127.0.0.1", running.proxy_port), timeout=10) as connection:
        connection.sendall(b"CONNECT " + b"x" * 9000)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 431 ")


def test_a_client_that_does_not_trust_the_ca_gets_nothing(running: Served) -> None:
    with (
        httpx.Client(proxy=running.proxy, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match="certificate verify failed"),
    ):
        client.get(f"{GRAPH}/users")


def test_the_page_and_the_health_check(running: Served) -> None:
    base = f"http://localhost:{running.http_port}"
    assert "A local Microsoft Entra tenant" in httpx.get(base, trust_env=False).text
    health = httpx.get(f"{base}/health", trust_env=False).json()
    assert health["status"] == "ok"
    assert health["tenants"][TENANT]["users"] == 2


def test_a_stranger_in_the_host_header_is_turned_away(running: Served) -> None:
    answer = httpx.get(f"http://127.0.0.1:{running.http_port}/", headers={"host": "evil.example"}, trust_env=False)
    assert answer.status_code == 421


def test_it_listens_on_loopback_only(running: Served) -> None:
    network = psutil.Process(running.process.pid).net_connections(kind="inet")
    listening = {item.laddr.ip for item in network if item.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_a_clean_exit_takes_the_ready_file_away(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with served(state):
        assert (state / "ready.json").exists()
    assert not (state / "ready.json").exists()


def test_the_state_is_its_owners_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    fill(state)
    with served(state) as process, process.client() as client:
        sign_in(client)
        modes = {path.name: path.stat().st_mode & 0o077 for path in [state, *state.rglob("*")]}
    assert "signing.pem" in modes
    assert set(modes.values()) == {0}


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        for option in ("--proxy-port", "--http-port"):
            assert f"port {port} is in use" in refused("serve", tmp_path / "state", option, str(port))


def test_a_folder_that_is_served_already(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with served(state):
        assert "already served" in refused("serve", state)
        assert (state / "ready.json").exists()


@pytest.mark.parametrize("name", ["serve", "seed"])
def test_a_state_that_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "state").write_text("a file")
    assert "can't be used" in refused(name, tmp_path / "state")


@pytest.mark.parametrize("content", ["{", "[]", '{"nonsense": []}', '{"users": [{"id": "x"}]}'])
def test_a_wrong_seed_is_one_line(tmp_path: Path, content: str) -> None:
    assert "the seed is wrong" in refused("seed", tmp_path / "state", content=content)


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state"
    fill(state)
    made = []
    with served(state, killed=True) as process, process.client() as client:
        client.headers["authorization"] = sign_in(client)
        for number in range(30):
            answer = client.post(f"{GRAPH}/groups", json=group(f"g-{number}"))
            made.append(answer.json()["id"])
        process.process.kill()
        process.process.wait()
    # The file of the killed process is still there; a new one replaces it.
    assert (state / "ready.json").exists()
    with served(state) as process, process.client() as client:
        client.headers["authorization"] = sign_in(client)
        listed = client.get(f"{GRAPH}/groups", params={"$filter": "startswith(displayName, 'g-')"}).json()["value"]
    assert [item["id"] for item in listed] == made


def test_a_full_disk_is_an_answer_not_a_loss(tmp_path: Path) -> None:
    state = tmp_path / "state"
    fill(state)
    with served(state) as process, process.client() as client:
        client.headers["authorization"] = sign_in(client)
        assert client.post(f"{GRAPH}/groups", json=group("before")).status_code == 201
        limited = psutil.Process(process.process.pid)
        limited.rlimit(psutil.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        refused = client.post(f"{GRAPH}/groups", json=group("meanwhile"))
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "ServiceUnavailable"
        limited.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert client.post(f"{GRAPH}/groups", json=group("after")).status_code == 201
        names = {item["displayName"] for item in client.get(f"{GRAPH}/groups").json()["value"]}
    assert {"before", "after"} <= names
    assert "meanwhile" not in names


def test_two_tenants_side_by_side(tmp_path: Path) -> None:
    for name in ("one", "two"):
        fill(tmp_path / name)
    with (
        served(tmp_path / "one") as one,
        served(tmp_path / "two") as two,
        one.client() as first,
        two.client() as second,
    ):
        first.headers["authorization"] = token = sign_in(first)
        first.post(f"{GRAPH}/groups", json=group("only-in-one"))
        # Each has its own keys: the token of one is worth nothing at the other.
        assert second.get(f"{GRAPH}/groups", headers={"authorization": token}).status_code == 401
        second.headers["authorization"] = sign_in(second)
        names = {item["displayName"] for item in second.get(f"{GRAPH}/groups").json()["value"]}
        assert "only-in-one" not in names


def test_a_seed_arrives_while_the_tenant_is_served(tmp_path: Path) -> None:
    state = tmp_path / "state"
    fill(state)
    with served(state) as process, process.client() as client:
        client.headers["authorization"] = sign_in(client)
        late = {"id": "55555555-5555-4555-8555-555555555556", "displayName": "late", "tenantId": TENANT}
        seed(state, {"groups": [late]})
        assert client.get(f"{GRAPH}/groups/{late['id']}").json()["displayName"] == "late"


def test_no_secret_is_in_the_state(tmp_path: Path) -> None:
    state = tmp_path / "state"
    fill(state)
    with served(state) as process, process.client() as client:
        sign_in(client)
    stored = b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())
    assert ADMIN["displayName"].encode() in stored
    assert ADMIN["secret"].encode() not in stored
