"""The watcher's life, with what it leans on replaced: lease, the book of applied rounds, and clocks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import pytest

from airflow_entra_auth.credential import ClientCredential, CredentialError
from airflow_entra_auth.graph import GraphError
from airflow_entra_auth.watch import run as runs
from airflow_entra_auth.watch.answers import ApplicationGoneError
from airflow_entra_auth.watch.application import CONFIRM_AFTER
from airflow_entra_auth.watch.follow import Applied, LeaseLostError, Round
from airflow_entra_auth.watch.monitor import Monitor
from airflow_entra_auth.watch.run import Watcher, told
from airflow_entra_auth.watch.state import STALE, State
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


@dataclass(frozen=True)
class Last:
    number: int
    at: int = 1_700_000_000


@dataclass
class Book:
    """Airflow's database. `number` is None before the first round; `kept`: a restore is for this watcher to mend."""

    number: int | None = None
    kept: bool = True
    ended: list[tuple[int, int | None]] = field(default_factory=list)
    reads: list[int | Exception | None] = field(default_factory=list)
    """What the next readings find instead."""

    def read(self) -> Last | None:
        found = self.reads.pop(0) if self.reads else self.number
        if isinstance(found, Exception):
            raise found
        self.number = found
        return None if found is None else Last(found)

    def record(self, known: int | None) -> Last | None:
        if self.number != known:
            return None
        self.number = (known or 0) + 1
        return Last(self.number)

    def end_restored(self, remembered: int, found: Last | None) -> list[Applied] | None:
        if not self.kept:
            return None
        self.ended.append((remembered, found.number if found else None))
        self.number = remembered + 1_000_000
        return [Applied(PERSON, ("Viewer",), ("Viewer",), 3, "before a restore")]


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


def run(lease: Lease, *what: Exception | Round, book: Book | None = None) -> tuple[Rounds, State, list[str]]:
    stop, state, refused = threading.Event(), State(), list[str]()
    rounds = Rounds(stop, *what)
    watcher(lease, rounds, state, refused, book).run()
    return rounds, state, refused


def watcher(lease: Lease, rounds: Rounds, state: State, heard: list[str], book: Book | None = None) -> Watcher:
    """`heard`: that a token was refused, and why everybody's sessions ended."""

    def end_everybody(because: str) -> list[Applied]:
        heard.append(because)
        return []

    return Watcher(
        lease,
        book or Book(),
        rounds.begin,
        state,
        stop=rounds.stop,
        interval=0.001,
        refused=lambda: heard.append("refused"),
        end_everybody=end_everybody,
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


def test_an_answer_that_says_to_wait_for_days_is_waited_out_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LONGEST_ASKED", 0.01)
    days = GraphError("GET", "/users/delta", 429, "Code", "Message", "", retry_after=1e9)
    rounds, state, _ = run(Lease(True), days, Round())
    assert not rounds.what
    assert metric(state, "rounds_total") == 1


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


def test_a_doubt_about_the_application_is_confirmed_a_moment_later_and_owed_answers_at_once() -> None:
    """The next request may reach the same replica."""
    assert Round(owed=3, doubtful=True).pause(5.0) == 0.0
    assert Round(doubtful=True).pause(5.0) == CONFIRM_AFTER
    assert Round(doubtful=True).pause(0.2) == 0.2
    assert Round().pause(5.0) == 5.0


def test_only_a_round_that_owes_nobody_is_written_down_as_applied() -> None:
    for owed, number in ((3, None), (0, 1)):
        book = Book()
        _, state, _ = run(Lease(True), Round(looked_at=200, owed=owed), book=book)
        assert metric(state, "leading") == 1
        assert book.number == number


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


def test_a_watcher_that_waits_knows_from_the_database_alone_how_fresh_airflow_is() -> None:
    """A lease that somebody else holds says nothing, however long it runs."""
    for numbers, fresh in ([7] * 4, False), ([7, 7, 8, 8], True):
        book = Book(7)
        book.reads = [*numbers]
        _, state, _ = run(Lease(False, False, False, False, True), error(500), book=book)
        assert state.freshness().fresh == fresh


def test_a_book_that_goes_back_is_a_restored_backup_and_ends_what_began_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for found in (900, None):
        book = Book(1000)
        book.reads = [1000, found]
        rounds, state, _ = run(Lease(True), error(500), Round(), Round(), book=book)
        assert book.ended == [(1000, found)]
        assert (metric(state, "restores_total"), metric(state, "sessions_ended_total")) == (1, 3)
        assert rounds.begun == 2, "what it remembers of the directory is newer than the database"
    assert "restored from a backup" in caplog.text


def test_a_restore_during_a_round_is_noticed_by_the_next_look() -> None:
    book = Book(1000)

    class Restoring(Rounds):
        def round(self) -> Round:
            book.number = 900 if len(self.what) == 2 else book.number
            return super().round()

    rounds = Restoring(threading.Event(), Round(), Round())
    watcher(Lease(True), rounds, State(), [], book).run()
    assert book.ended == [(1000, 900)]


def test_a_watcher_that_waits_notices_a_restore_too() -> None:
    book = Book(1000)
    book.reads = [1000, 1000, 900]
    run(Lease(False, False, False, True), Round(), book=book)
    assert book.ended == [(1000, 900)]


def test_a_restore_that_the_database_hides_for_a_moment_is_noticed_afterwards() -> None:
    book = Book(1000)
    book.reads = [1000, DatabaseAwayError("restoring"), DatabaseAwayError("restoring"), 900]
    run(Lease(True), Round(owed=1), Round(owed=1), Round(), book=book)
    assert [remembered for remembered, _ in book.ended] == [1000]


def test_a_restore_that_another_watcher_dealt_with_is_dealt_with_once() -> None:
    book = Book(1000, kept=False)
    book.reads = [1000, 900, 1_001_000]
    rounds, state, _ = run(Lease(True), Round(owed=1), Round(owed=1), Round(owed=1), book=book)
    assert metric(state, "restores_total") == 0
    assert rounds.begun == 2
    book.reads = [1000, 1_001_000]
    rounds, _, _ = run(Lease(True), Round(owed=1), Round(owed=1), book=book)
    assert rounds.begun == 2, "its links are from before the restore"


def test_an_application_that_is_gone_ends_everybody_when_it_is_said_twice_in_a_row() -> None:
    gone = ApplicationGoneError("AADSTS7000112: disabled")
    assert run(Lease(True), gone, Round(), gone, error(500), gone, Round())[2] == []
    assert run(Lease(True), gone, gone, Round())[2] == ["AADSTS7000112: disabled"]


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

    said = told(WrappedError("INSERT INTO secret VALUES (1)"))
    assert said == "Airflow's database does not answer: connection refused"


def test_trouble_is_said_in_words_and_not_in_names_of_classes() -> None:
    assert told(httpx.ConnectError("Connection refused")) == "Entra or Graph does not answer: Connection refused"
    assert told(httpx.ReadTimeout("")) == "Entra or Graph does not answer"
    assert told(KeyError("value")) == "an answer can't be read: 'value'"


# --- what a monitor sees ---


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def test_a_monitor_reads_metrics_liveness_and_freshness() -> None:
    clock = Clock()
    state = State(clock)
    with Monitor(state, "127.0.0.1", 0) as monitor, httpx.Client(base_url=monitor.address, trust_env=False) as client:

        def asked(path: str) -> tuple[int, str]:
            answer = client.get(path)
            return answer.status_code, answer.text.strip()

        assert (asked("/healthz"), asked("/fresh")) == ((200, "starting"), (503, "starting"))
        assert "airflow_entra_watch_up_to_date_seconds +Inf\n" in client.get("/metrics").text
        state.waiting()
        state.saw(7, 1_700_000_000)
        assert asked("/fresh") == (503, "starting"), "that round may be of last week"
        state.saw(8, 1_700_000_002)
        assert asked("/fresh") == (200, "another watcher follows the directory")
        assert "airflow_entra_watch_last_applied_timestamp_seconds 1700000002\n" in client.get("/metrics").text
        state.finished(Round())
        assert asked("/fresh") == (200, "following the directory")
        metrics = client.get("/metrics")
        assert metrics.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert "# TYPE airflow_entra_watch_rounds_total counter\nairflow_entra_watch_rounds_total 1\n" in metrics.text
        state.failed("Graph is away")
        clock.now += STALE
        assert asked("/fresh")[0] == 200
        clock.now += 1
        state.saw(8, 1_700_000_002)
        state.finished(Round(owed=3))
        stale = "stale: nothing was applied for 61 s; Graph is away"
        assert (asked("/fresh"), asked("/healthz")) == ((503, stale), (200, stale)), (
            "an alarm; nothing is killed for it"
        )
        state.saw(9, 1_700_000_070)
        assert asked("/fresh") == (200, "following the directory")
        assert asked("/")[0] == 404


def test_a_watcher_that_never_saw_a_round_is_stale_after_a_while() -> None:
    clock = Clock()
    state = State(clock)
    state.waiting()
    clock.now += STALE + 1
    assert state.freshness().text == "stale: nothing was applied for 61 s; no watcher applies the directory's changes"


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
    assert not isinstance(caught.value, ApplicationGoneError)


def test_an_application_that_is_disabled_says_so() -> None:
    body = {"error": "unauthorized_client", "error_codes": [7000112], "error_description": "AADSTS7000112: Disabled."}
    with pytest.raises(ApplicationGoneError, match="AADSTS7000112"):
        app_token(lambda _: httpx.Response(400, json=body), "s3cret")()
