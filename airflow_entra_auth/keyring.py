"""The key that Airflow's API server (2.11: webserver) and the watcher have, and no code of a DAG: what it keeps safe.

AIRFLOW_ENTRA_SESSION_KEY holds at least 32 random bytes as base64url; several keys with commas or spaces between them
while one is exchanged: the first is used, and what the others made still holds. From each key three are derived: for
the hashes of sessions' handles, for the MACs of rows, and for what is sealed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from airflow_entra_auth.reference import UnreadError, read
from airflow_entra_auth.rules import RulesError
from airflow_entra_auth.sign_on import configured
from airflow_entra_auth.variables import SESSION_KEY

_LEAST_BYTES = 32
_FIX = (
    'make one with `python -c "import secrets; print(secrets.token_urlsafe(32))"`, keep it as a secret, and give it to '
    "Airflow's API server (2.11: webserver) and to the watcher, the same to all of them and to no other process"
)

Kind = Literal["session", "identity"]
Purpose = Literal["sign-in", "refresh token"]


class UnsealedError(Exception):
    """No key of this Airflow opens it, or it is too old."""


class OtherKeyError(ValueError):
    """Airflow's live sessions were made with another key than this process has."""

    def __init__(self, sessions: int) -> None:
        super().__init__(
            f"none of Airflow's {sessions} live sessions was made with the key in {SESSION_KEY}: give this process the "
            "key that Airflow's API server (2.11: webserver) has. Where the key was changed there and the old one "
            "dropped, the next sign-in mends this"
        )


@dataclass(frozen=True)
class _Keys:
    """What one key of the variable is good for."""

    handles: bytes = field(repr=False)
    rows: bytes = field(repr=False)
    seals: bytes = field(repr=False)
    cookies: bytes = field(repr=False)


class Keyring:
    """`keys` are the variable's, the one to use first. Never shows one."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = [_Keys(*(_derived(key, label) for label in _LABELS)) for key in keys]

    def hash_of(self, handle: str) -> str:
        """What a new session's row has in place of its handle: 64 hexadecimal digits."""
        return self.hashes_of(handle)[0]

    def hashes_of(self, handle: str) -> tuple[str, ...]:
        """What the row of a session with this handle has: one for each key, the first key's first."""
        return tuple(hmac.new(keys.handles, handle.encode(), hashlib.sha256).hexdigest() for keys in self._keys)

    def mac(self, kind: Kind, *said: Any) -> str:
        """The MAC of what a row says: 64 hexadecimal digits. `said` are texts, numbers and None."""
        return _mac(self._keys[0], kind, said)

    def is_mac(self, mac: Any, kind: Kind, *said: Any) -> bool:
        """Whether a process with one of the keys wrote a row that says this."""
        if not isinstance(mac, str) or not mac.isascii():
            return False
        return any(hmac.compare_digest(_mac(keys, kind, said), mac) for keys in self._keys)

    def seal(self, purpose: Purpose, content: bytes) -> str:
        """Encrypted and signed, with the time: base64url."""
        return str(self._fernet(purpose).encrypt(content).decode())

    def unseal(self, purpose: Purpose, sealed: str, *, within: int | None = None) -> bytes:
        """What was sealed for this purpose, in the last `within` seconds where that is said. Raises UnsealedError."""
        from cryptography.fernet import InvalidToken

        try:
            return bytes(self._fernet(purpose).decrypt(sealed.encode(), ttl=within))
        except (InvalidToken, UnicodeError) as error:
            raise UnsealedError(f"no key of {SESSION_KEY} opens it, or it is too old") from error

    @property
    def cookie_keys(self) -> list[bytes]:
        """What Flask's session cookie is signed with, the key to use last, as itsdangerous takes them."""
        return [keys.cookies for keys in reversed(self._keys)]

    def _fernet(self, purpose: Purpose) -> Any:
        from cryptography.fernet import Fernet, MultiFernet

        derived = (_derived(keys.seals, purpose) for keys in self._keys)
        return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


@lru_cache(maxsize=1)
def keyring() -> Keyring:
    """This process's, read once: the variable's, or else what airflow.cfg refers to. Raises RulesError, which never
    shows a key."""
    text, reference = os.environ.get(SESSION_KEY, ""), configured("session_key")
    if text or not reference:
        return parse(text)
    try:
        return parse(read(reference).decode("ascii", "replace"))
    except UnreadError as error:
        raise RulesError(f"The key of people's sessions: {error}") from error


def parse(text: str) -> Keyring:
    """The keys in the variable's text. Raises RulesError."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if not words:
        raise RulesError(f"{SESSION_KEY} is not set, so nobody's session could be told from a made-up one; {_FIX}")
    return Keyring([_key(number, word) for number, word in enumerate(words, 1)])


def _key(number: int, word: str) -> bytes:
    which = f"key {number} in {SESSION_KEY}"
    try:
        key = base64.b64decode(word.rstrip("=") + "=" * (-len(word.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise RulesError(f"{which} is not base64url (A-Z, a-z, 0-9, - and _); {_FIX}") from None
    if len(key) < _LEAST_BYTES:
        raise RulesError(f"{which} has {len(key)} bytes, and fewer than {_LEAST_BYTES} could be guessed; {_FIX}")
    return key


_LABELS = ("handles", "rows", "seals", "cookies")


def _derived(key: bytes, label: str) -> bytes:
    """HKDF's second step (RFC 5869) for one block: the key is random already."""
    return hmac.new(key, b"airflow-entra 1 " + label.encode() + b"\x01", hashlib.sha256).digest()


def _mac(keys: _Keys, kind: Kind, said: Sequence[Any]) -> str:
    text = json.dumps([kind, *said], separators=(",", ":"))  # its quotes and commas keep one field from the next
    return hmac.new(keys.rows, text.encode(), hashlib.sha256).hexdigest()
