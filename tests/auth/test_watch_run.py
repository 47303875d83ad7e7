"""The watcher's life, with what it leans on replaced: lease, rounds and the clock of nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import pytest

from airflow_entra_auth.credential import ClientCredential, CredentialError
from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.watch import run as runs
from airflow_entra_auth.watch import state as states
from airflow_entra_auth.watch.follow import Applied, LeaseLostError, Round
from airflow_entra_auth.watch.monitor import Monitor
from airflow_entra_auth.watch.run import Watcher, told
from airflow_entra_auth.watch.state import State
from airflow_entra_auth.watch.token import AppToken
from tests.auth.sign_on import CLIENT, PERSON, TENANT, rules


class DatabaseAwayError(Exception):
    pass


class Lease:
    def __init__(self, *answers: bool | Exception) -> None:
        self.answers, self.released = list(answers), 0

    def hold(self) -> bool:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def release(self) -> None:
        self.released += 1


class Rounds:
    """Each round is one of `what`, an exception or a result; after the last the watcher is asked to stop."""

    def __init__(self, stop: threading.Event, *what: Exception | Round) -> None:
        self.stop, self.what, self.begun = stop, list(what), 0

    def begin(self) -> Rounds:
        self.begun += 1
        return self

    def round(self) -> Round:
        what = self.what.pop(0)
        if not self.what:
            self.stop.set()
        if isinstance(what, Exception):
            raise what
        return what


def run(lease: Lease, *what: Exception | Round) -> tuple[Rounds, State, list[str]]:
    stop, state, refused = threading.Event(), State(), list[str]()
    rounds = Rounds(stop, *what)
    watcher(lease, rounds, state, refused).run()
    return rounds, state, refused


def watcher(lease: Lease, rounds: Rounds, state: State, refused: list[str]) -> Watcher:
    return Watcher(
        lease,
        rounds.begin,
        state,
        stop=rounds.stop,
        interval=0.001,
        refused=lambda: refused.append("refused"),
        database_error=DatabaseAwayError,
    )


def error(status: int) -> GraphError:
    return GraphError("GET", "/users/delta", status, "Code", "Message", "")


def metric(state: State, name: str) -> float:
    (line,) = (line for line in state.metrics().splitlines() if line.startswith(f"airflow_entra_watch_{name} "))
    return float(line.split()[1])


@pytest.mark.parametrize(
    "trouble",
    [
        error(429),
        error(500),
        httpx.ConnectError("refused"),
        CredentialError("The vault is away."),
        DatabaseAwayError("gone"),
        KeyError("value"),
    ],
)
def test_trouble_is_waited_out(trouble: Exception) -> None:
    lease = Lease(True)
    rounds, state, _ = run(lease, Round(), trouble, trouble, Round())
    assert rounds.begun == 1, "it goes on where it was"
    assert (metric(state, "rounds_total"), metric(state, "failures_total")) == (2, 2)
    assert lease.released == 1


def test_once_is_one_comparison_or_none_beside_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "GIVEN_UP", 0.0)
    for held, done in ((True, Round(compared=True)), (False, None)):
        lease, stop = Lease(held), threading.Event()
        rounds = Rounds(stop, Round(compared=True))
        assert watcher(lease, rounds, State(), []).once() == done
        assert lease.released == 1


def test_once_goes_on_until_nobody_is_owed() -> None:
    out = Applied(PERSON, ("Viewer",), (), 2, "no role left")
    lease, stop = Lease(True), threading.Event()
    rounds = Rounds(stop, Round((out,), 200, owed=7), Round((), 7, compared=True))
    assert watcher(lease, rounds, State(), []).once() == Round((out,), 207, compared=True)


def test_only_a_round_that_owes_nobody_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "STALE", -1.0)
    for owed in (3, 0):
        _, state, _ = run(Lease(True), Round(looked_at=200, owed=owed))
        assert metric(state, "leading") == 1
        monkeypatch.setattr(states, "STALE", 60.0)
        assert state.health().text == ("starting" if owed else "following the directory")


def test_a_token_that_is_refused_is_not_used_again() -> None:
    _, _, refused = run(Lease(True), error(401), error(403), error(500), Round())
    assert refused == ["refused", "refused"]


def test_a_database_that_is_away_at_the_start_is_waited_for() -> None:
    rounds, state, _ = run(Lease(DatabaseAwayError("gone"), True), Round())
    assert (rounds.begun, metric(state, "failures_total")) == (1, 1)


def test_one_waits_while_another_has_the_lease() -> None:
    rounds, state, _ = run(Lease(False, False, True), Round())
    assert rounds.begun == 1
    assert metric(state, "leading") == 1


def test_a_lease_that_is_lost_is_taken_anew_with_a_new_memory() -> None:
    rounds, _, _ = run(Lease(True), Round(), LeaseLostError(), Round())
    assert rounds.begun == 2


def test_what_happened_is_counted_and_written_down(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    out = Applied(PERSON, ("Viewer",), (), 2, "disabled in the directory")
    _, state, _ = run(Lease(True), Round((out,), 1), Round((), 7, compared=True, lost=True))
    counted = {name: metric(state, f"{name}_total") for name in ("sessions_ended", "roles_changed", "people_checked")}
    assert counted == {"sessions_ended": 2, "roles_changed": 1, "people_checked": 8}
    assert (metric(state, "comparisons_total"), metric(state, "links_lost_total")) == (1, 1)
    assert f"{PERSON}: roles none, were Viewer; 2 sessions ended (disabled in the directory)" in caplog.text


def test_trouble_that_lasts_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    run(Lease(True), *[error(500)] * 4, Round())
    assert caplog.text.count("can't be applied") == 1


def test_a_missing_permission_names_the_fix_and_a_database_no_statement() -> None:
    assert "User.Read.All" in told(error(403))

    class WrappedError(Exception):
        orig = ValueError("connection refused\nDETAIL: more")

    assert told(WrappedError("INSERT INTO secret VALUES (1)")) == "WrappedError: connection refused"


# --- what a monitor sees ---


def test_a_monitor_reads_metrics_and_health(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State()
    with Monitor(state, "127.0.0.1", 0) as monitor, httpx.Client(base_url=monitor.address, trust_env=False) as client:
        assert client.get("/healthz").text == "starting\n"
        state.waiting()
        assert client.get("/healthz").text == "another watcher follows the directory\n"
        state.finished(Round())
        assert client.get("/healthz").text == "following the directory\n"
        metrics = client.get("/metrics")
        assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "# TYPE airflow_entra_watch_rounds_total counter\nairflow_entra_watch_rounds_total 1\n" in metrics.text
        state.failed("Graph is away")
        assert client.get("/healthz").status_code == 200
        monkeypatch.setattr(states, "STALE", -1.0)
        stale = client.get("/healthz")
        assert (stale.status_code, stale.text.startswith("stale")) == (503, True)
        assert "Graph is away" in stale.text
        assert client.get("/").status_code == 404


# --- its own token ---


class Credential:
    def __init__(self, *secrets: str) -> None:
        self.secrets = list(secrets)

    def parameters(self, client_id: str, token_endpoint: str) -> dict[str, str]:
        assert (client_id, token_endpoint) == (CLIENT, f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token")
        return {"client_secret": self.secrets[0]}

    def refused(self) -> bool:
        self.secrets.pop(0)
        return bool(self.secrets)


def app_token(answer: Callable[[httpx.Request], httpx.Response], *secrets: str) -> AppToken:
    client = httpx.Client(transport=httpx.MockTransport(answer))
    return AppToken(rules(), ClientCredential(Credential(*secrets), "a test's"), client)


def test_the_application_gets_a_token_with_its_own_credential_and_keeps_it() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content.decode())
        return httpx.Response(200, json={"access_token": f"t{len(asked)}", "expires_in": 3599})

    token = app_token(answer, "s3cret")
    assert (token(), token()) == ("t1", "t1")
    assert "grant_type=client_credentials" in asked[0]
    assert "scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in asked[0]
    token.forget()
    assert token() == "t2"


def test_a_rotated_secret_is_read_again_and_a_wrong_one_is_told() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if b"client_secret=new" in request.content:
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3599})
        return httpx.Response(401, json={"error_description": "AADSTS7000215: Invalid client secret.\r\nTrace: x"})

    assert app_token(answer, "old", "new")() == "t"
    with pytest.raises(CredentialError, match="AADSTS7000215: Invalid client secret") as caught:
        app_token(answer, "old")()
    assert "Trace" not in str(caught.value)
