"""Has the identity team done what it was asked? Looked up with the deploying identity's own eyes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from airflow_entra.access.requests import NOT_OWN, OWN, Ask, Ids, Part
from airflow_entra.directory.tenant import Denied, LiveTenant


@dataclass(frozen=True, slots=True)
class Answered:
    """The asks that are done, those still open, and what could not be looked at (those count as open)."""

    done: tuple[Ask, ...]
    open: tuple[Ask, ...]
    denied: tuple[str, ...]


def answered(asks: tuple[Ask, ...], ids: Ids, tenant: LiveTenant) -> Answered:
    """Sorts `asks` by what `tenant` says, with at most one question for each part."""
    look = _Look(ids, tenant)
    done: list[Ask] = []
    open_: list[Ask] = []
    denied: dict[str, None] = {}
    for ask in asks:
        verdict = look(ask)
        if isinstance(verdict, Denied):
            denied[str(verdict)] = None
        (done if verdict is True else open_).append(ask)
    return Answered(tuple(done), tuple(open_), tuple(denied))


class _Look:
    def __init__(self, ids: Ids, tenant: LiveTenant) -> None:
        self._tenant = tenant
        self._assigned = cache(lambda: tenant.app_role_assignments(ids.service_principal))
        self._consented = cache(lambda: tenant.consented_scopes(ids.service_principal))
        self._own = cache(lambda: tenant.app_permissions(ids.service_principal))
        self._watchers = cache(lambda: tenant.app_permissions(ids.watcher))
        self._lifetimes = cache(lambda: tenant.token_lifetime_policies(ids.application))
        self._conditional = cache(lambda: tenant.conditional_access_policies(ids.client))
        self._by_part: dict[Part, Callable[[Ask], bool | Denied]] = {
            "groups": self._group,
            "assignments": self._assignment,
            "consent": self._consent,
            "token_lifetime": self._token_lifetime,
            "conditional_access": self._conditional_access,
            "vault_roles": self._vault_role,
        }

    def __call__(self, ask: Ask) -> bool | Denied:
        return self._by_part[ask.part](ask)

    def _group(self, ask: Ask) -> bool:
        return bool(ask.subject[0])  # its id is in the stack file, and the program has checked that it exists

    def _assignment(self, ask: Ask) -> bool | Denied:
        found = self._assigned()
        return found if isinstance(found, Denied) else ask.subject in found

    def _consent(self, ask: Ask) -> bool | Denied:
        no_longer, own = ask.subject[0].startswith(NOT_OWN), ask.subject[0].startswith(OWN)
        found = self._own() if no_longer else self._watchers() if own else self._consented()
        if isinstance(found, Denied):
            return found
        if no_longer:
            return found.isdisjoint(name.removeprefix(NOT_OWN) for name in ask.subject)
        return found.issuperset(name.removeprefix(OWN) for name in ask.subject)

    def _token_lifetime(self, ask: Ask) -> bool | Denied:
        found = self._lifetimes()
        if isinstance(found, Denied):
            return found
        lifetime, named = ask.subject
        return any(_lifetime(policy) == lifetime and policy["id"] == (named or policy["id"]) for policy in found)

    def _conditional_access(self, ask: Ask) -> bool | Denied:
        found = self._conditional()
        if isinstance(found, Denied):
            return found
        *frequency, named = ask.subject
        return any(_frequency(policy) == frequency and policy["id"] == (named or policy["id"]) for policy in found)

    def _vault_role(self, ask: Ask) -> bool | Denied:
        return self._tenant.role_assignment_exists(*ask.subject)


def _lifetime(policy: dict[str, Any]) -> str:
    rules = json.loads((policy.get("definition") or ["{}"])[0])
    return str(rules.get("TokenLifetimePolicy", {}).get("AccessTokenLifetime", "")).zfill(8)


def _frequency(policy: dict[str, Any]) -> list[str]:
    control = ((policy.get("sessionControls") or {}).get("signInFrequency")) or {}
    enabled = control.get("isEnabled") and policy.get("state") == "enabled"
    return [str(control.get("value")), str(control.get("type"))] if enabled else []
