"""One spelling for each value: a policy judges what a program can do, not how it writes it.

Everything that a policy reads goes through `plain` first. Azure, Entra and the providers take an id in any case, a host
with a dot at its end or a flag as text; here each has one form, so that a policy may simply compare.
"""

from __future__ import annotations

import math
import posixpath
import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from policies.resources import Value

_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:/+[^/]", re.IGNORECASE)
_PATH_OF_AZURE = re.compile(r"/+(subscriptions|providers|applications|serviceprincipals|groups)/", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_WORDS = """
    AzureADMyOrg Admin All Allow Application ApplicationGroup Deny DirectoryRole DynamicMembership None Private Public
    Role Scope SecurityGroup ServicePrincipal Unified User always days disabled enabled hours production
    environment:production
"""
_SPELLING: Mapping[str, Value] = {
    **{word.casefold(): word for word in _WORDS.split()},
    "true": True,
    "false": False,
}
"""The words that policies compare with, by their lower-case form, and the flags that providers take as text too."""


def plain(value: Value) -> Value:
    """The value with each text in it in its one form. Text that stands for nothing but itself stays as it is."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, Sequence) else value


def number(value: Value) -> int | float | None:
    """A number that may be written as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) else None


@lru_cache(maxsize=4096)
def _text(written: str) -> Value:
    bare = _visible(written)
    word = bare.casefold()
    if word in _SPELLING:
        return _SPELLING[word]
    if guid := _GUID.fullmatch(word):
        return guid[1]
    if _ADDRESS.match(bare):
        return _address(bare)
    if _PATH_OF_AZURE.match(unquote(bare)):
        return posixpath.normpath("/" + unquote(bare).strip("/")).lower()
    return written


def _visible(written: str) -> str:
    """Without blanks at its ends and characters that nobody sees; letters that look like others are those others."""
    if written.isascii():
        return written.strip()
    shown = (one for one in unicodedata.normalize("NFKC", written) if unicodedata.category(one) != "Cf")
    return "".join(shown).strip()


def _address(written: str) -> str:
    """Scheme and host in lower case, the host as it goes over the wire (punycode), no default port, nothing encoded."""
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:  # such as brackets that hold no IPv6 address
        return written
    scheme = parts.scheme.lower()
    user, at, _ = parts.netloc.rpartition("@")
    host = _host(unquote(parts.hostname or ""))
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS.get(scheme):
        place += f":{port}"
    path = "" if parts.path == "/" and not parts.query and not parts.fragment else unquote(parts.path)
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{user}{at}{place}{path}{query}" + (f"#{parts.fragment}" if parts.fragment else "")


def _host(name: str) -> str:
    with suppress(UnicodeError):
        name = name.encode("idna").decode("ascii")
    return name.lower().rstrip(".")
