"""Which Airflows an application serves, as its redirect URIs tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from airflow_entra.access.airflow_urls import urls
from airflow_entra.directory.registered import Registered
from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding, Severity
from airflow_entra.importing.choices import Choices, DraftError
from airflow_entra.settings.types import Url
from airflow_entra.settings.urls import is_local
from airflow_entra_auth.airflow_paths import CALLBACK, MOUNT, PROVIDER, REDIRECTS

_CALLBACK = re.compile(rf"(?P<base>https?://.*?)(?P<three>{MOUNT})?{CALLBACK}/(?P<provider>[^/?#]+)/?")


@dataclass(frozen=True)
class Airflows:
    """`entries` are the stack file's, newest first."""

    entries: tuple[dict[str, str], ...]
    findings: tuple[Finding, ...]


def airflows(application: Registered, choices: Choices) -> Airflows:
    """Raises DraftError where no redirect URI is an Airflow's and the caller names none either."""
    findings: list[Finding] = []
    by_version: dict[str, str] = {}
    three = choices.airflow_version if choices.airflow_version.startswith("3") else "3.3"
    for base in choices.urls:
        by_version[choices.airflow_version] = base
    for uri in sorted(application.redirects, key=_rank):
        match = _CALLBACK.fullmatch(uri)
        version = (three if match["three"] else "2.11") if match else ""
        callback_of = _base(match["base"]) if match else None
        if match is None or callback_of is None:
            findings.append(_foreign(uri))
        elif choices.environment == "production" and is_local(callback_of):
            findings.append(_goes(uri, "is this machine, but the environment is production", "warning"))
        elif callback_of in (by_version[other] for other in by_version if other != version):
            findings.append(_goes(uri, "is what an older Airflow answered at, at the address of a newer", "warning"))
        elif by_version.setdefault(version, callback_of) != callback_of:
            findings.append(_goes(uri, f"is another Airflow {version} than {by_version[version]}", "warning"))
        elif uri not in (other := urls(version, callback_of).redirect_uri):
            findings.append(_other_name(uri, other, match["provider"]))
    if not by_version:
        raise DraftError(_nothing(application))
    newest = sorted(by_version, key=lambda version: [int(part) for part in version.split(".")], reverse=True)
    if len(newest) > 2:
        findings += [_goes(by_version[version], "is a third Airflow", "warning") for version in newest[2:]]
    entries = tuple({"version": version, "url": by_version[version]} for version in newest[:2])
    return Airflows(entries, tuple(findings) + tuple(_platforms(application.other_redirects or {})))


def _base(text: str) -> str | None:
    try:
        return str(TypeAdapter(Url).validate_python(text))
    except ValidationError:
        return None


def _rank(uri: str) -> tuple[bool, bool, bool]:
    """The newer Airflow first, a public address before this machine's, https before http: of two alike one stays."""
    return f"{MOUNT}{CALLBACK}/" not in uri, _local(uri), not uri.startswith("https:")


def _local(uri: str) -> bool:
    return any(uri.startswith(f"{scheme}://{host}") for scheme in ("http", "https") for host in ("localhost", "127."))


def _foreign(uri: str) -> Finding:
    if "*" in uri:
        return _goes(uri, "has a wildcard: whoever controls any matching address gets people's codes", "error")
    if uri.startswith("http:") and not _local(uri):
        return _goes(uri, "is not https: codes travel in clear text", "error")
    return _goes(uri, "is no address that Airflow answers at", "warning")


def _goes(uri: str, what: str, severity: Severity) -> Finding:
    return Finding(
        f"redirect URI {line(uri)}",
        what,
        "the redirect URIs are those of the stack's Airflows, and no others",
        "it is left out of the stack file, so the next `pulumi up` takes it off; give another program its own "
        "application first, or name another Airflow with --url",
        severity=severity,
        id="import/redirect-uri",
    )


def _other_name(uri: str, ours: str, provider: str) -> Finding:
    return Finding(
        f"redirect URI {line(uri)}",
        f"Airflow's sign-in is called {line(provider)} there",
        f"{PROVIDER}, as in {ours}, which is what `airflow-entra render` writes into Airflow's settings",
        "bring out the rendered settings together with the next `pulumi up`, which changes the redirect URI; "
        "people who are signing in at that moment start again",
        severity="warning",
        id="import/other-provider-name",
    )


def _platforms(others: Iterable[str] | dict[str, tuple[str, ...]]) -> Iterable[Finding]:
    for platform, uris in others.items() if isinstance(others, dict) else ():
        for uri in uris:
            yield _goes(uri, f"belongs to the platform {platform}, which Airflow is none of", "warning")


def _nothing(application: Registered) -> Finding:
    return Finding(
        f"application {line(application.name)}",
        "none of its redirect URIs is an Airflow's",
        f"https://HOST{REDIRECTS[3]} (Airflow 3) or https://HOST{REDIRECTS[2]} (2.11)",
        "name Airflow's public base URL: --url https://airflow.contoso.com --airflow-version 3.3",
        id="import/no-airflow",
    )
