"""Base URLs of Airflow and issuers of tokens: what Entra accepts, normalised so that equal addresses are equal."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from airflow_entra.settings import limits
from airflow_entra.settings.forms import quote
from airflow_entra.settings.mistakes import wrong
from airflow_entra_auth.airflow_paths import CALLBACK, MOUNT, PROVIDER, SIGN_OUT

_FORBIDDEN = re.compile(r"[!$'(),;\\<>\"`{}|^\s\x00-\x1f]")  # the first seven are Entra's rule, the others no URL has
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_FIX = "write https://HOST[:PORT][/PREFIX] and nothing more"
_LOCAL = frozenset({"localhost", "127.0.0.1"})
_PAGE = re.compile(
    rf"(?:{MOUNT})?(?:/home|/login(?:/{PROVIDER})?|{SIGN_OUT}|{CALLBACK}(?:/.*)?|/dags(?:/.*)?|/health|/api/v[12](?:/.*)?)/?$"
    rf"|{MOUNT}/?$",
    re.IGNORECASE,
)
"""What an address ends with that somebody copied from their browser or from the app registration."""


def is_local(url: str) -> bool:
    return urlsplit(url).hostname in _LOCAL


def base_url(text: str) -> str:
    """`text` with a lower-case host, without a default port and trailing slash; the case of the path counts."""
    parts, port = _split(text)
    page = _PAGE.search(parts.path)
    prefix = parts.path[: page.start()] if page else parts.path
    scheme = parts.scheme if parts.hostname in _LOCAL else "https"
    meant = f"write {scheme}://{parts.netloc}{prefix.rstrip('/')}"
    if page:
        # Without its query: a redirect URI that was copied while somebody signed in has a code in it.
        raise wrong(
            f"{quote(re.split('[?#]', text)[0])} goes on to {page.group()}, a page of Airflow's own",
            right="the base URL alone: the redirect URI follows from it",
            fix=meant,
        )
    _refuse(text, len(text) > limits.BASE_URL, "is too long", f"at most {limits.BASE_URL} characters")
    _refuse(text, "*" in text, "has a wildcard", "Airflow has one address, and a wildcard lets others take codes")
    _refuse(text, bool(parts.query) or "?" in text, "has a query", "the address ends with the path prefix", meant)
    _refuse(text, bool(parts.fragment) or "#" in text, "has a fragment", "the address ends with the path prefix", meant)
    _refuse(text, "//" in parts.path, "has an empty path segment", "one slash separates segments")
    _refuse(text, bool({".", ".."} & set(parts.path.split("/"))), "has . or .. in its path", "the path is written out")
    host = parts.hostname or ""
    if parts.scheme == "http" and host not in _LOCAL:
        raise wrong(
            f"{quote(text)} is not https",
            right="Entra accepts http for localhost alone",
            fix=f"serve Airflow behind TLS and write {_https(text)}",
        )
    default = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}{f':{port}' if port and port != default else ''}{parts.path.rstrip('/')}"


def issuer(text: str) -> str:
    """`text` as it is: Entra compares it with the iss claim character by character."""
    parts, _ = _split(text)
    _refuse(text, len(text) > limits.SUBJECT, "is too long", f"at most {limits.SUBJECT} characters")
    _refuse(text, "*" in text, "has a wildcard", "Entra compares the issuer exactly")
    _refuse(text, bool(parts.query or parts.fragment), "has a query or fragment", "an issuer is a URL without them")
    _refuse(text, parts.scheme != "https", "is not https", "Entra reads the issuer's keys over https")
    return text


def _split(text: str) -> tuple[SplitResult, int | None]:
    if found := _FORBIDDEN.search(text):
        raise wrong(
            f"{quote(text)} has the character {quote(found.group())}",
            right="Entra refuses ! $ ' ( ) , ; and URLs have no blanks or brackets",
            fix="delete it, or serve Airflow under an address without it",
        )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise wrong(
            f"{quote(text)} is not a URL: {error}", right="https://HOST[:PORT][/PREFIX]", fix="correct the address"
        ) from None
    if parts.scheme not in ("http", "https") or not text.lower().startswith(("http://", "https://")):
        raise wrong(
            f"{quote(text)} is not a web address", right="https://HOST[:PORT][/PREFIX]", fix="start it with https://"
        )
    _refuse(text, "@" in parts.netloc, "carries a user name", "an address has none")
    if not _HOST.fullmatch(parts.hostname or "") and "*" not in text:
        raise wrong(
            f"{quote(text)} has no valid host name",
            right="letters, digits, hyphens and dots; other scripts as xn-- names",
            fix="write the name that DNS resolves",
        )
    return parts, port


def _refuse(text: str, condition: bool, what: str, right: str, fix: str = _FIX) -> None:
    if condition:
        raise wrong(f"{quote(text)} {what}", right=right, fix=fix)


def _https(text: str) -> str:
    return quote("https" + text[len("http") :])
