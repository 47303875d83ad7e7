"""What Airflow's present configuration means for a stack: whose sign-in it is, which role a value of the token gives,
and what Airflow won't do any more. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from airflow_entra.escape.terminal import line
from airflow_entra.finding import Finding, InFile, Severity
from airflow_entra.importing.webserver_config import AUTH_TYPES, Unclear, WebserverConfig
from airflow_entra_auth.azure import GRAPH, LOGIN
from airflow_entra_auth.rules import scopes

_SCOPE_FORMS = ("{}", f"{GRAPH}/{{}}")
_OAUTH = AUTH_TYPES["AUTH_OAUTH"]
_SWITCHES = ("AUTH_USER_REGISTRATION", "AUTH_ROLES_SYNC_AT_LOGIN")
_KNOWN = {
    *("AUTH_TYPE", "AUTH_ROLES_MAPPING", "AUTH_ROLES_SYNC_AT_LOGIN", "AUTH_ROLE_ADMIN", "AUTH_ROLE_PUBLIC"),
    *("AUTH_USER_REGISTRATION", "AUTH_USER_REGISTRATION_ROLE", "AUTH_USER_REGISTRATION_ROLE_JMESPATH"),
    *("OAUTH_PROVIDERS", "SECURITY_MANAGER_CLASS", "AUTH_OAUTH_ROLE_KEYS", "WTF_CSRF_ENABLED"),
}
_AUTHORITY = re.compile(rf"{re.escape(LOGIN)}/(?P<tenant>[^/]+)/")
_OURS = {form.format(scope) for scope in scopes("securityGroups", "refresh") for form in _SCOPE_FORMS}
_LEFT = "leave it so, or keep that way in a webserver_config.py of your own, without this product"


@dataclass(frozen=True)
class ExistingSignIn:
    """`roles`: a value in the token (an app role's value, a group's id or name) -> Airflow's roles.

    `everybody` is the role of people to whom the token gives none, where there is one. Ids are None where the file
    doesn't say them. `mapping` is where AUTH_ROLES_MAPPING stands.
    """

    mapping: InFile
    roles: Mapping[str, tuple[str, ...]]
    client_id: str | None
    tenant_id: str | None
    everybody: str | None
    findings: tuple[Finding, ...]


def existing_sign_in(config: WebserverConfig) -> ExistingSignIn:
    """What the file means, and a finding for each thing that a stack doesn't keep or that can't be read."""
    findings: list[Finding] = []
    roles = dict(_roles(config, findings))
    provider = _provider(config, findings)
    said = provider.get("remote_app")
    remote: Mapping[str, Any] = said if isinstance(said, dict) else {}
    findings += _ways_in(config)
    findings += _registration(config)
    findings += _remote(config, remote)
    findings += _code(config)
    everybody = config.get("AUTH_USER_REGISTRATION_ROLE") if config.get("AUTH_USER_REGISTRATION") is True else None
    return ExistingSignIn(
        config.where("AUTH_ROLES_MAPPING"),
        roles,
        _id(remote.get("client_id")),
        _tenant(remote),
        everybody if isinstance(everybody, str) and everybody != "Public" else None,
        tuple(findings),
    )


def _found(where: InFile, what: str, right: str, fix: str, severity: Severity = "warning") -> Finding:
    return Finding(where, what, right, fix, severity=severity, id="import/existing-sign-in")


def _unclear(config: WebserverConfig, name: str, why: str, fix: str, part: str = "") -> Finding:
    return Finding(
        config.where(name),
        f"{name}{part}: {why}",
        "a value that stands in the file: it is read, never run",
        fix,
        severity="warning",
        id="import/unclear-sign-in",
    )


def _roles(config: WebserverConfig, findings: list[Finding]) -> Iterator[tuple[str, tuple[str, ...]]]:
    name = "AUTH_ROLES_MAPPING"
    mapping = config.get(name)
    if isinstance(mapping, Unclear):
        findings.append(_unclear(config, name, mapping.why, "say each role: --role VALUE=ROLE"))
    for value, given in mapping.items() if isinstance(mapping, dict) else ():
        roles = given if isinstance(given, list) else [given]
        said = tuple(dict.fromkeys(role for role in roles if isinstance(role, str)))
        if len(said) < len(set(map(str, roles))):
            why = next((role.why for role in roles if isinstance(role, Unclear)), "it is no list of roles' names")
            findings.append(_unclear(config, name, why, f"say it: --role '{line(value)}=ROLE'", f"[{line(value)!r}]"))
        if said:
            yield value, said


def _provider(config: WebserverConfig, findings: list[Finding]) -> Mapping[str, Any]:
    """Entra's entry of OAUTH_PROVIDERS; all others are told."""
    name = "OAUTH_PROVIDERS"
    providers = config.get(name)
    if isinstance(providers, Unclear):
        findings.append(_unclear(config, name, providers.why, "compare its client_id and scope with the stack file"))
    entries = [one for one in providers if isinstance(one, dict)] if isinstance(providers, list) else []
    entra = next((one for one in entries if "azure" in str(one.get("name")).lower() or _tenant(one)), None)
    for other in entries:
        if other is not entra:
            findings.append(
                _found(
                    config.where(name),
                    f"people sign in with {line(str(other.get('name')))} too: that way in is lost",
                    "everybody signs in with Entra ID",
                    _LEFT,
                )
            )
    return entra or {}


def _ways_in(config: WebserverConfig) -> Iterator[Finding]:
    name = "AUTH_TYPE"
    kind = config.get(name)
    if isinstance(kind, Unclear):
        yield _unclear(config, name, kind.why, "nothing, if it is AUTH_OAUTH")
    elif kind != _OAUTH:
        said = next((word for word, number in AUTH_TYPES.items() if number == kind), "AUTH_DB, as nothing is said")
        yield _found(
            config.where(name),
            f"people sign in by {said}: their passwords and roles in Airflow give nothing any more",
            "everybody signs in with Entra ID, and roles come from groups",
            "put everybody who needs Airflow into a group that the stack file names",
        )
    public = config.get("AUTH_ROLE_PUBLIC")
    if isinstance(public, str) and public != "Public":
        yield _found(
            config.where("AUTH_ROLE_PUBLIC"),
            f"whoever doesn't sign in has the role {line(public)}: that is lost",
            "nobody sees anything without signing in",
            "give the role to a group, such as one of all employees",
        )
    admin = config.get("AUTH_ROLE_ADMIN")
    if isinstance(admin, str) and admin != "Admin":
        yield _found(
            config.where("AUTH_ROLE_ADMIN"),
            f"Airflow's administrators have the role {line(admin)}: it may do nothing special any more",
            "Airflow's own role Admin",
            f"say that it is Admin: --role '{line(admin)}=Admin'",
        )


def _registration(config: WebserverConfig) -> Iterator[Finding]:
    name = "AUTH_USER_REGISTRATION"
    registers = config.get(name)
    role = config.get("AUTH_USER_REGISTRATION_ROLE")
    if registers in (False, None) and config.get("AUTH_TYPE") == _OAUTH:
        yield _found(
            config.where(name),
            "only people who are among Airflow's users may sign in",
            "whoever has a role through a group may sign in; Airflow's users are made at their first sign-in",
            "see that the groups hold nobody else",
        )
    if registers is True and isinstance(role, str) and role != "Public":
        yield _found(
            config.where("AUTH_USER_REGISTRATION_ROLE"),
            f"everybody who signs in has {line(role)}, whatever the token says: that is lost",
            "a role is given by a group; a person without one is refused",
            f"assign a group of everybody who is meant, such as all employees, and write it below {line(role)}",
        )
    for name in (*_SWITCHES, "AUTH_ROLE_PUBLIC", "AUTH_ROLE_ADMIN", "AUTH_USER_REGISTRATION_ROLE"):
        if isinstance(value := config.get(name), Unclear):
            yield _unclear(config, name, value.why, "look it up, and read about it in docs/import.md")
    for name in ("AUTH_USER_REGISTRATION_ROLE_JMESPATH", "AUTH_OAUTH_ROLE_KEYS"):
        if config.get(name) is not None:
            yield _found(
                config.where(name),
                f"{name} takes roles from another part of the token: that is lost",
                "roles come from app roles, or from groups (signIn.rolesFrom)",
                "see that the same people are in the groups that the stack file names",
            )
    if not config.get("AUTH_ROLES_SYNC_AT_LOGIN") and config.get("AUTH_TYPE") == _OAUTH:
        yield _found(
            config.where("AUTH_ROLES_SYNC_AT_LOGIN"),
            "roles are kept in Airflow's database after the first sign-in: what was given by hand there is lost",
            "at each sign-in a person has the roles that Entra gives",
            "list them (`airflow users list -o json`), and put each person into the group of their role",
        )


def _remote(config: WebserverConfig, remote: Mapping[str, Any]) -> Iterator[Finding]:
    name = "OAUTH_PROVIDERS"
    if isinstance(remote.get("client_secret"), str):
        yield Finding(
            config.where(name),
            "the client secret stands in the file",
            "it is in a key vault that Airflow alone reads",
            "after the next `pulumi up`, and once Airflow signs in with the new secret, delete the old one at Entra",
            id="import/secret-in-configuration",
        )
    given = remote.get("client_kwargs")
    scope = given.get("scope") if isinstance(given, dict) else None
    more = sorted(set(scope.split()) - _OURS) if isinstance(scope, str) else []
    if more:
        yield _found(
            config.where(name),
            f"Airflow asks for more than the stack does: {line(', '.join(more))}",
            "Airflow asks for what a sign-in needs, and passes no token of a person on",
            "give code that calls an API with people's tokens an identity of its own",
        )


def _code(config: WebserverConfig) -> Iterator[Finding]:
    manager = config.settings.get("SECURITY_MANAGER_CLASS")
    if manager is not None:
        yield _found(
            manager.where,
            "a security manager of your own decides about sign-ins and roles: what it does is lost",
            "the package airflow_entra_auth decides, by the stack file alone",
            "read it: roles that it gives belong into the stack file (--role VALUE=ROLE), and checks into Entra",
        )
    others = sorted(name for name in config.settings if name not in _KNOWN)
    if others:
        yield _found(
            config.where(others[0]),
            f"{', '.join(map(line, others))}: the file that `airflow-entra render` writes doesn't have them",
            "what has nothing to do with sign-in may stay",
            "copy what you still want below what `render` writes",
            "note",
        )
    if config.star_imports:
        yield Finding(
            InFile(config.file, 1, 1),
            f"it takes whatever {line(', '.join(config.star_imports))} has: that is not read",
            "values that stand in the file",
            "look into that module for AUTH_ROLES_MAPPING, and say each role: --role VALUE=ROLE",
            severity="warning",
            id="import/unclear-sign-in",
        )


def _id(value: Any) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _tenant(entry: Any) -> str | None:
    """The tenant's id in any of the addresses of an entry of OAUTH_PROVIDERS."""
    if isinstance(entry, dict):
        return next((found for value in entry.values() if (found := _tenant(value))), None)
    match = _AUTHORITY.match(entry) if isinstance(entry, str) else None
    return _id(match["tenant"]) if match else None
