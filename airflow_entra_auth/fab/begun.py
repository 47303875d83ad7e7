"""A sign-in that has begun, kept by the browser that began it until it is back from Entra: sealed, small, for an hour.

Nothing is kept here for somebody who isn't signed in. Each tab has a cookie of its own, so that two that begin at once
don't take each other's away. There are five: their number and size together stay below the 8 KB that servers and
proxies take as the cookies of one request.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from airflow_entra_auth.keyring import UnsealedError, keyring

LIFETIME = 3600
"""Seconds that a person may take at Entra."""
LONGEST_NEXT = 2048
"""Characters of a URL to go on to; a longer one, or one that its cookie hasn't room for, is the start page."""
TABS = 5
MOST = 1300
"""Characters in one cookie."""
_NAME = "airflow_entra_begun_"
_NAMES = tuple(f"{_NAME}{number}" for number in range(TABS))


@dataclass(frozen=True)
class Begun:
    """What has to be known again when Entra answers. `nonce` and `verifier` (PKCE) are secrets of this sign-in."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    next_url: str
    at: float
    """When it began, in seconds since 1970."""


class Beginnings:
    """Those of one browser, by the cookies of its request."""

    def __init__(self, cookies: Mapping[str, str]) -> None:
        self._found = {name: begun for name in _NAMES if (begun := _read(cookies.get(name))) is not None}

    def room_for(self, begun: Begun, *, start_page: str) -> tuple[str, str]:
        """The cookie (name, value) to keep one more in: a free one, else the one that began first."""
        free = [name for name in _NAMES if name not in self._found]
        name = secrets.choice(free) if free else min(self._found, key=lambda name: self._found[name].at)
        value = _sealed(begun) if len(begun.next_url) <= LONGEST_NEXT else ""
        if not value or len(value) > MOST:
            value = _sealed(Begun(begun.state, begun.nonce, begun.verifier, start_page, begun.at))
        return name, value

    def of(self, state: str | None) -> tuple[str, Begun] | None:
        """The sign-in that an answer with this state belongs to, and its cookie's name; None if this browser began none
        such in the last hour."""
        for name, begun in self._found.items():
            if state and secrets.compare_digest(begun.state.encode(), state.encode()):
                return name, begun
        return None


def _sealed(begun: Begun) -> str:
    return keyring().seal("sign-in", zlib.compress(json.dumps(astuple(begun)).encode(), 9))


def _read(value: str | None) -> Begun | None:
    if not value or len(value) > MOST:
        return None
    try:
        said: Any = json.loads(zlib.decompress(keyring().unseal("sign-in", value, within=LIFETIME)))
    except UnsealedError:
        return None
    return Begun(*said)
