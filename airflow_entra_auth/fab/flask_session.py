"""Flask's session, in the browser itself: form tokens, filters, messages. Nobody is signed in by it.

Airflow's own keep it in its database, a row for whoever asks for a page, or sign it with a key that a DAG's code may
have.
"""

from __future__ import annotations

import hashlib
from typing import Any

from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface
from flask_babel import LazyString
from itsdangerous import URLSafeTimedSerializer

from airflow_entra_auth.keyring import keyring


class _LazyText(JSONTag):
    """A message of Flask-AppBuilder's that isn't translated yet becomes a text."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        return isinstance(value, LazyString)

    def to_json(self, value: Any) -> Any:
        return str(value)

    tag = to_json


class SignedSessions(SecureCookieSessionInterface):
    """Signed with a key that only this server has."""

    def __init__(self) -> None:
        self.serializer = TaggedJSONSerializer()
        self.serializer.register(_LazyText, index=0)

    def get_signing_serializer(self, app: Any) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            keyring().cookie_keys,
            salt="airflow-entra flask session",
            serializer=self.serializer,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


def keep_in_cookies(app: Any) -> None:
    """From now on. Airflow chooses its own later in its start, so the choice is made again with each request."""
    sessions, inner = SignedSessions(), app.wsgi_app

    def wsgi_app(environ: Any, start_response: Any) -> Any:
        app.session_interface = sessions
        return inner(environ, start_response)

    app.wsgi_app = wsgi_app
