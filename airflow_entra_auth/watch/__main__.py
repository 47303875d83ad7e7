"""python -m airflow_entra_auth.watch: beside Airflow, with the environment of its other processes."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
import threading
import time
import uuid
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_entra_auth.ending import ended

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

PORT = 8798
_ANOTHER = "another watcher follows the directory: nothing to do"
log = logging.getLogger("airflow_entra_auth.watch")


def main() -> int:
    """0: asked to end; 1: `--once` or `--end-before` could not be done; 2: it can't run as it is configured."""
    arguments = _arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    from airflow import __version__, settings

    from airflow_entra_auth.releases import must_be_tested

    must_be_tested(__version__)
    from airflow.providers.fab.auth_manager.models import Role, User

    logging.basicConfig(
        level=logging.INFO, force=True, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    for quiet in ("httpx", "httpcore", "azure", "alembic"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    return _watch(arguments, stop, settings.engine, User, Role)


def _watch(arguments: argparse.Namespace, stop: threading.Event, engine: Engine, user: Any, role: Any) -> int:
    import httpx
    from sqlalchemy.exc import SQLAlchemyError

    from airflow_entra_auth.credential import ClientCredential
    from airflow_entra_auth.graph import Cancelled, Graph
    from airflow_entra_auth.keyring import keyring
    from airflow_entra_auth.sign_on import sign_on
    from airflow_entra_auth.tables import create_tables
    from airflow_entra_auth.trust import one_authority
    from airflow_entra_auth.watch.applied import AppliedRounds
    from airflow_entra_auth.watch.follow import Follower
    from airflow_entra_auth.watch.lease import DatabaseLease
    from airflow_entra_auth.watch.monitor import Monitor
    from airflow_entra_auth.watch.redeem import Redeemer
    from airflow_entra_auth.watch.refresh import MOST, Refresher
    from airflow_entra_auth.watch.refresh_store import RefreshStore
    from airflow_entra_auth.watch.run import TROUBLE, Rounds, Watcher, told
    from airflow_entra_auth.watch.state import State
    from airflow_entra_auth.watch.store import AirflowStore
    from airflow_entra_auth.watch.token import AppToken, TokenEndpoint

    one_authority()
    rules = sign_on()
    if arguments.end_before is not None:
        return _end_before(arguments.end_before, engine, rules.tenant_id)
    keyring()
    state = State()
    lease = DatabaseLease(engine, f"{socket.gethostname()[:40]}/{uuid.uuid4().hex[:16]}")
    store = AirflowStore(engine, user, role, rules.tenant_id, lease)
    refreshing = RefreshStore(engine, rules.tenant_id, lease, store)
    with ExitStack() as open_:
        # An Entra out of reach holds nobody up for longer than the lease lasts: else the watchers would take turns.
        client = open_.enter_context(httpx.Client(timeout=httpx.Timeout(10.0, connect=5.0)))
        credential = ClientCredential.of(rules.credential)
        token = AppToken(rules, credential, client)

        def asked(requests: int) -> None:
            state.asked(requests)
            watcher.keep()

        def begin() -> Rounds:
            create_tables(engine)  # the columns of this release, where no server of it has started yet
            if rules.revocation == "watch":
                graph = Graph(token, base=rules.graph, client=client, patience=5.0, cancel=stop, progress=asked)
                return Follower(graph, rules, store)
            return Refresher(
                Redeemer(rules, TokenEndpoint(rules, credential, client), client),
                rules,
                refreshing,
                every=arguments.refresh_every,
                most=None if arguments.once else MOST,
                keep=watcher.keep,
                refused_by_policy=state.refused_by_policy,
            )

        watcher = Watcher(
            lease,
            AppliedRounds(engine, rules.tenant_id, lease),
            begin,
            state,
            stop=stop,
            interval=arguments.interval,
            refused=token.forget,
            end_everybody=refreshing.end_everybody,
            database_error=SQLAlchemyError,
        )
        if arguments.once:
            try:
                done = watcher.once()
            except Cancelled:
                return 1
            except (*TROUBLE, SQLAlchemyError) as error:
                sys.stderr.write(f"airflow-entra watch: {told(error)}\n")
                return 1
            what = "people compared" if rules.revocation == "watch" else "sessions tried"
            said = f"{done.looked_at} {what}, {len(done.applied)} changed" if done else _ANOTHER
            sys.stdout.write(f"{said}\n")
            return 0
        if arguments.listen != "off":
            host, _, port = arguments.listen.rpartition(":")
            log.info("Metrics and health at %s", open_.enter_context(Monitor(state, host, int(port))).address)
        watcher.run()
    return 0


def _end_before(moment: int, engine: Engine, tenant_id: str) -> int:
    """For whoever restored Airflow's database: what the backup brought back to life ends. Needs no lease."""
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import Session

    from airflow_entra_auth.tables import create_tables
    from airflow_entra_auth.watch.ending import end_everybody
    from airflow_entra_auth.watch.run import told

    reason = "an administrator ended every session from before a restore of Airflow's database"
    try:
        create_tables(engine)
        with Session(engine) as session, session.begin():
            ended = end_everybody(session, tenant_id, "before a restore", reason, begun_before=moment)
    except SQLAlchemyError as error:
        sys.stderr.write(f"airflow-entra watch: no session was ended; run this again: {told(error)}\n")
        return 1
    sessions = sum(applied.sessions_ended for applied in ended)
    sys.stdout.write(f"{sessions} sessions of {len(ended)} people ended\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_entra_auth.watch",
        description="Follow Microsoft Entra's changes, and end the Airflow sessions of who left. Takes the environment "
        "of Airflow's other processes.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--once", action="store_true", help="compare everybody once, and end; does nothing beside a watcher that runs"
    )
    parser.add_argument(
        "--end-before",
        type=_moment,
        metavar="MOMENT",
        help="after Airflow's database was restored from a backup: end every session that began before it (2026-11-30T"
        "12:00Z, or now), and end; works beside a watcher that runs",
    )
    parser.add_argument("--interval", type=_seconds, default=1.0, help="seconds between questions to Graph (1)")
    parser.add_argument(
        "--refresh-every",
        type=_every,
        default=300.0,
        help="with `revocation: refresh`: seconds between tries of one session's refresh token (300)",
    )
    parser.add_argument(
        "--listen",
        type=_address,
        default=f"127.0.0.1:{PORT}",
        help=f"where /metrics, /healthz and /fresh are (127.0.0.1:{PORT}; 0.0.0.0:{PORT} in a pod; off)",
    )
    return parser.parse_args()


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 60:
        raise argparse.ArgumentTypeError("0.1 to 60 is right")
    return value


def _moment(text: str) -> int:
    """Seconds since 1970."""
    if text == "now":
        return int(time.time()) + 1
    wrong = argparse.ArgumentTypeError(
        "now, or a time with its zone, as 2026-11-30T12:00Z or 2026-11-30T13:00+01:00, is right"
    )
    try:
        at = datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text)
    except ValueError:
        raise wrong from None
    if at.tzinfo is None:
        raise wrong
    return int(at.timestamp())


def _every(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 3600:
        raise argparse.ArgumentTypeError("1 to 3600 is right")
    return value


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if text != "off" and (not host or not port.isdecimal() or int(port) > 65535):
        raise argparse.ArgumentTypeError("HOST:PORT, or off, is right")
    return text


if __name__ == "__main__":
    sys.exit(ended("airflow-entra watch", main))
