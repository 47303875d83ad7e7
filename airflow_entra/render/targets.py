"""The files, each from its template. Values enter a template through a filter, never as pasted text."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from airflow_entra.errors import UserError
from airflow_entra.escape.configuration import compose, helm, python_value, yaml_value
from airflow_entra.render.facts import Facts
from airflow_entra.render.options import options
from airflow_entra.render.sign_on import sign_on_file
from airflow_entra_auth.reference import KUBERNETES
from airflow_entra_auth.variables import SESSION_KEY, SIGN_ON

Target = Literal[
    "webserver-config", "env", "server-env", "watcher-env", "helm", "helm-watcher", "compose", "roles", "dag"
]
FILES: dict[Target, str] = {
    "webserver-config": "webserver_config.py",
    "env": "airflow.env",
    "server-env": "server.env",
    "watcher-env": "watcher.env",
    "helm": "values.yaml",
    "helm-watcher": "watcher.yaml",
    "compose": "compose.yaml",
    "roles": "sign-on.json",
    "dag": "airflow_entra_upkeep.py",
}
"""The name of each target's file."""
TARGETS: tuple[Target, ...] = tuple(FILES)
NOT_STOCK: frozenset[Target] = frozenset({"watcher-env", "helm-watcher", "roles", "dag"})
"""What an Airflow without airflow_entra_auth has no use for."""


def render(target: Target, facts: Facts, *, stock: bool = False) -> str:
    """One file's text. `stock`: for an Airflow without airflow_entra_auth.

    Raises UserError where stock Airflow can't do what the stack declares.
    """
    if stock:
        _possible_with_stock(target, facts)
    if target == "roles":
        return sign_on_file(facts)
    return _template(target, facts, stock)


def _possible_with_stock(target: Target, facts: Facts) -> None:
    mode = facts.credential["mode"]
    if mode == "secret":
        raise UserError("stock Airflow reads its secret from the key vault: leave out --stock, or --secret-from")
    if mode != "vaultSecret":
        raise UserError(
            f"stock Airflow needs a client secret, and stack {facts.stack.name} has none (credential.mode {mode}); "
            "leave out --stock, or write credential.mode: vaultSecret"
        )
    if target in NOT_STOCK - {"roles"}:
        raise UserError(
            f"{FILES[target]} runs airflow_entra_auth, which stock Airflow hasn't got: leave out --stock, or the target"
        )
    if target == "roles":
        raise UserError(
            "stock Airflow reads no sign-on file: its roles are in webserver_config.py. Leave out --stock, or take "
            "--target webserver-config"
        )


def _template(target: Target, facts: Facts, stock: bool) -> str:
    own_certificate = _own_certificate(facts)
    if target in _IN_KUBERNETES:
        facts = _in_kubernetes(facts)
    name = f"stock_{FILES[target]}" if stock and target == "webserver-config" else FILES[target]
    context: dict[str, Any] = {
        "facts": facts,
        "stock": stock,
        "options": options(facts, stock),
        "sections": _sections(facts, stock),
        "sign_on_variable": SIGN_ON,
        "session_key_variable": SESSION_KEY,
        "sign_on": "" if stock else sign_on_file(facts),
        "sign_on_digest": "" if stock else hashlib.sha256(sign_on_file(facts).encode()).hexdigest(),
        "watcher": (facts.watcher or {"credential": facts.credential})["credential"],
        "watcher_account": _watcher_account(facts),
        "watcher_compose_key": "airflow-watcher" if own_certificate else "airflow",
        "server_secrets": [SESSION_SECRET, *_secrets(facts.credential)],
        "watcher_secrets": _secrets((facts.watcher or {"credential": facts.credential})["credential"]),
        "server_account": facts.service_account or f"airflow-{'api-server' if facts.major == 3 else 'webserver'}",
        "watcher_client": (facts.watcher or {"clientId": facts.client_id})["clientId"],
        "webserver_config": _template("webserver-config", facts, stock) if target == "helm" else "",
        "mapping": _mapping(facts),
        "custom": [role for role, entry in facts.stack.settings.roles.items() if entry.dags],
        "server": "apiServer" if facts.major == 3 else "webserver",
        "server_name": "API server" if facts.major == 3 else "webserver",
        "server_service": "airflow-apiserver" if facts.major == 3 else "airflow-webserver",
    }
    return _environment().get_template(f"{name}.j2").render(context)


SESSION_SECRET = "airflow-entra-session"  # noqa: S105 -- a name
_IN_KUBERNETES: frozenset[Target] = frozenset({"helm", "helm-watcher"})
_SECRET = f"{KUBERNETES}secret/"
_OF_A_CERTIFICATE = ("tls.key", "tls.crt")


def _in_kubernetes(facts: Facts) -> Facts:
    """With Secrets of type kubernetes.io/tls in place of files: a mounted one would stand in a list of volumes."""
    places = facts.places
    files = (places.private_key, places.certificate, places.watcher_private_key, places.watcher_certificate)
    named = {
        file: f"{_SECRET}airflow-entra-{whose}certificate/{key}"
        for file, (whose, key) in zip(files, product(("", "watcher-"), _OF_A_CERTIFICATE), strict=True)
    }

    def moved(proof: Mapping[str, Any]) -> dict[str, Any]:
        return {name: named.get(value, value) if isinstance(value, str) else value for name, value in proof.items()}

    watcher = facts.watcher and {**facts.watcher, "credential": moved(facts.watcher["credential"])}
    return replace(facts, credential=moved(facts.credential), watcher=watcher)


def _secrets(proof: Mapping[str, Any]) -> list[str]:
    """The names of the Kubernetes Secrets that a proof is read from."""
    references = (value for value in proof.values() if isinstance(value, str) and value.startswith(_SECRET))
    return sorted({reference.split("/")[1] for reference in references})


def _watcher_account(facts: Facts) -> str:
    """The watcher's Kubernetes service account: where Entra trusts one, that one.

    With `revocation: refresh` it redeems as the application, so it runs as the one that the application trusts.
    """
    shared = None if facts.stack.settings.watched else facts.service_account
    return facts.watcher_service_account or shared or "airflow-entra-watcher"


def _own_certificate(facts: Facts) -> bool:
    proof = (facts.watcher or {}).get("credential", {})
    return bool(proof.get("privateKeyFile") == facts.places.watcher_private_key)


def _mapping(facts: Facts) -> dict[str, list[str]]:
    """FAB's AUTH_ROLES_MAPPING: from what the token carries to lists of Airflow roles."""
    if facts.stack.settings.sign_in.roles_from == "appRoles":
        return {role: [role] for role in facts.roles}
    mapping: dict[str, list[str]] = {}
    for role, groups in facts.roles.items():
        for group in groups:
            mapping.setdefault(group, []).append(role)
    return mapping


def _sections(facts: Facts, stock: bool) -> dict[str, dict[str, str]]:
    sections: dict[str, dict[str, str]] = {}
    for option in options(facts, stock):
        sections.setdefault(option.section, {})[option.name] = option.value
    return sections


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("airflow_entra.render"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 -- no HTML; see the filters
    )
    environment.filters.update(_FILTERS)
    return environment


_FILTERS: dict[str, Callable[..., str]] = {
    "yaml": yaml_value,
    "go": helm,
    "compose": compose,
    "python": python_value,
}
