"""Which Airflow roles somebody has, through what, what they may do and until when; or why not. Pure.

The answer is that of the rule which runs inside Airflow: here it only gets the claims that the question stands for.
"""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_entra.access.airflow_roles import may
from airflow_entra.access.lifetimes import taken_away
from airflow_entra.access.plan import AccessPlan, PlannedGroup
from airflow_entra.access.sign_on_rules import ANYBODY, rules
from airflow_entra.access.stack import DeclaredStack
from airflow_entra.errors import UserError
from airflow_entra.settings import durations
from airflow_entra.settings.model import SignIn
from airflow_entra_auth import issuance
from airflow_entra_auth.claims import GroupsNeeded, Refused, decide, display
from airflow_entra_auth.issuance import Account, NoToken
from airflow_entra_auth.rules import SignOnRules

_MOST_NAMES = 8
_STAND_INS = uuid.UUID("6c0f3c1e-58c1-5f0e-8a43-0d3a4f2f7b25")


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One Airflow role, what gives it, and what it lets people do."""

    role: str
    through: tuple[str, ...]
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer about `subject`. `refused` is None for who may sign in; else `why` and `fix` say more.

    `until` and `notes` are sentences.
    """

    stack: str
    subject: str
    roles: tuple[HeldRole, ...] = ()
    refused: str | None = None
    why: str = ""
    fix: str = ""
    until: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What a deployed stack knows and its file doesn't: the client id, and object ids of groups by the plan's keys."""

    client_id: str | None = None
    ids: Mapping[str, str] | None = None


def known(stack: DeclaredStack, outputs: Mapping[str, Any]) -> Known:
    """What a stack's outputs say of it. Raises UserError for what are none."""
    try:
        client = str(outputs["clientId"])
        deployed = {
            group["group"]: str(group["id"]) for role in outputs["roles"].values() for group in role if group.get("id")
        }
    except (KeyError, TypeError, AttributeError):
        raise UserError(
            f"the outputs are no output of `pulumi stack output --json --stack {stack.name}`; give what that prints"
        ) from None
    ids = {key: deployed[group.name] for key, group in stack.plan.groups.items() if group.name in deployed}
    return Known(client, ids)


def explain_groups(stack: DeclaredStack, groups: Sequence[str]) -> Explanation:
    """What a direct member of these groups (names or object ids), a member of the tenant, has.

    Raises UserError for a group that the stack file doesn't name.
    """
    access = stack.plan
    ids = _ids(access, Known())
    found = {name: _find(access, name) for name in groups}
    if unknown := [name for name, key in found.items() if key is None]:
        raise UserError("; ".join(_unknown(stack, name) for name in unknown))
    keys = [key for key in found.values() if key is not None]
    decided = rules(stack, ANYBODY, ids)
    inside = frozenset(ids[key].lower() for key in keys)
    claims = issuance.claims(issuance.declared(decided), Account(ANYBODY, direct=inside, security=inside), decided)
    if isinstance(claims, NoToken):
        raise AssertionError("the sign-on file's own application gives everybody a token")
    ruled = tuple(
        f"who is in {group.name} is decided by its rule: {group.rule}"
        for group in (access.groups[key] for key in keys)
        if group.rule
    )
    subject = f"a member of {' and '.join(groups)}"
    notes = (*ruled, *_about_groups(stack.settings.sign_in))
    return _answer(stack, decided, claims, subject, notes, keys)


def explain_token(stack: DeclaredStack, claims: Mapping[str, Any], known: Known, now: datetime) -> Explanation:
    """What the person whom these claims (of an unverified token) name has. `now` is compared with their expiry."""
    access = stack.plan
    ids = _ids(access, known)
    audience = claims.get("aud")
    decided = rules(stack, known.client_id or (audience if isinstance(audience, str) else ""), ids)
    notes = ["the token was decoded, not verified: anybody can write one; Airflow checks its signature first"]
    if known.client_id is None:
        notes.append("whether the token is for this Airflow was not compared: the stack file has no client id")
    hidden = [
        group.name for key, group in access.groups.items() if not group.object_id and key not in (known.ids or {})
    ]
    if hidden and stack.settings.sign_in.roles_from != "appRoles":
        notes.append(f"only the deployed stack knows the object ids of {', '.join(hidden)}: they were not compared")
    return _answer(stack, decided, claims, _called(claims), (*notes, *_expiry(claims, now)), list(access.groups))


def explain_role(stack: DeclaredStack, role: str) -> Explanation:
    """Who has the role: its groups, and how one gets into them. Raises UserError."""
    access, sign_in = stack.plan, stack.settings.sign_in
    if role not in access.roles:
        close = difflib.get_close_matches(role.casefold(), {name.casefold(): name for name in access.roles})
        named = ", ".join(access.roles)
        meant = next((name for name in access.roles if close and name.casefold() == close[0]), None)
        raise UserError(
            f"stack {stack.name} gives nobody the role {role!r}; it has {named}"
            + (f": is {meant} meant?" if meant else "")
        )
    return Explanation(
        stack.name,
        f"role {role}",
        (HeldRole(role, tuple(_described(access.groups[key]) for key in access.roles[role]), _may(stack, role)),),
        until=_until(sign_in),
        notes=(*_about_groups(sign_in), *_about_guests(sign_in)),
    )


def _answer(
    stack: DeclaredStack,
    decided: SignOnRules,
    claims: Mapping[str, Any],
    subject: str,
    notes: tuple[str, ...],
    keys: Sequence[str],
) -> Explanation:
    decision = decide(claims, decided)
    if isinstance(decision, Refused):
        fix = decision.fix.replace(ANYBODY, "Such a person")
        return Explanation(stack.name, subject, (), decision.reason, _WHY[decision.reason], fix, (), notes)
    if isinstance(decision, GroupsNeeded):
        why = "the token names no groups, because the person is in too many: Airflow asks Graph with their own token"
        fix = "ask for the person instead: --person"
        return Explanation(stack.name, subject, (), "groups_needed", why, fix, (), notes)
    held = _given(claims, decided)
    roles = tuple(
        HeldRole(role, _through(stack.plan, decided, role, keys, held), _may(stack, role)) for role in decision.roles
    )
    until = _until(stack.settings.sign_in)
    return Explanation(stack.name, subject, roles, until=until, notes=(*notes, *decision.notes))


_WHY = {
    "wrong_token": "the token is not for this Airflow",
    "no_object_id": "the token doesn't say who it is about",
    "malformed": "the token can't be understood",
    "guest": "a guest or of another tenant, and the stack file's guests doesn't let them in",
    "no_role": "nothing gives a role",
    "too_many_groups": "the token names no groups, because the person is in too many that are assigned",
}


def _given(claims: Mapping[str, Any], decided: SignOnRules) -> frozenset[str]:
    """The group ids in the token, where roles come from them; the rule has checked their type."""
    return frozenset(claims.get("groups") or ()) if decided.roles_from != "appRoles" else frozenset()


def _through(
    access: AccessPlan, decided: SignOnRules, role: str, keys: Sequence[str], held: frozenset[str]
) -> tuple[str, ...]:
    """What gives the role: of app roles the groups that have it, of group claims those that the token names."""
    groups = [(key, access.groups[key]) for key in access.roles[role] if key in keys]
    if decided.roles_from == "appRoles":
        return tuple(_described(group) for _, group in groups)
    known = dict(zip(access.roles[role], decided.roles[role].groups, strict=False))
    return tuple(_described(group) for key, group in groups if known.get(key) in held)


def _described(group: PlannedGroup) -> str:
    return f"{group.name} (by rule: {group.rule})" if group.rule else group.name


def _may(stack: DeclaredStack, role: str) -> tuple[str, ...]:
    return may(role, stack.settings.roles[role].dags)


def _ids(access: AccessPlan, known: Known) -> dict[str, str]:
    """An object id for every group; one that nothing has where none is known, so that the rule can still be asked."""
    return {
        key: group.object_id or (known.ids or {}).get(key) or str(uuid.uuid5(_STAND_INS, key))
        for key, group in access.groups.items()
    }


def _find(access: AccessPlan, name: str) -> str | None:
    """The key of the group that is called so, or that has this object id or had this name first."""
    wanted = name.casefold()
    for key, group in access.groups.items():
        if wanted in {said.casefold() for said in (key, group.name, group.object_id) if said}:
            return key
    return None


def _unknown(stack: DeclaredStack, name: str) -> str:
    names = {group.name.casefold(): group.name for group in stack.plan.groups.values()}
    close = difflib.get_close_matches(name.casefold(), names)
    if close:
        return f"stack {stack.name} names no group {name!r}, which therefore gives nothing: is {names[close[0]]} meant?"
    more = len(names) - _MOST_NAMES
    named = ", ".join(list(names.values())[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"stack {stack.name} names no group {name!r}, which therefore gives nothing; it names {named}"


def _about_groups(sign_in: SignIn) -> tuple[str, ...]:
    if sign_in.roles_from == "securityGroups":
        nested = ("members of groups inside these groups count too",)
        if sign_in.assignment_required:
            return (*nested, "but Entra gives a token to direct members of assigned groups alone (assignmentRequired)")
        return nested
    what = "app roles" if sign_in.roles_from == "appRoles" else "assigned groups"
    return (f"direct members alone: a member of a group inside one of these groups gets nothing under {what}",)


def _about_guests(sign_in: SignIn) -> tuple[str, ...]:
    said = []
    if sign_in.guests == "refuse":
        said.append("people of other tenants, guests and members alike, get nothing (guests: refuse)")
    elif not isinstance(sign_in.guests, str):
        said.append(f"of other tenants' people only those of {', '.join(sign_in.guests.tenants)} get in (guests)")
    if sign_in.external_session is not None and sign_in.guests != "refuse":
        said.append(f"people of other tenants sign in again after {durations.format(sign_in.external_session)}")
    return tuple(said)


def _until(sign_in: SignIn) -> tuple[str, ...]:
    session = durations.format(sign_in.airflow_session)
    said = [
        f"what is taken away in Entra ends in Airflow {taken_away(sign_in)}, while its watcher runs "
        f"(revocation: {sign_in.revocation})",
        f"Airflow's session ends {session} after signing in in any case",
    ]
    if sign_in.token_lifetime:
        said.append(f"Entra's tokens for Airflow last {durations.format(sign_in.token_lifetime)}")
    else:
        said.append("Entra's tokens for Airflow last 60 to 90 minutes, its own default")
    if sign_in.sign_in_frequency:
        said.append(f"Entra asks to sign in again every {durations.format(sign_in.sign_in_frequency)}")
    return tuple(said)


def _called(claims: Mapping[str, Any]) -> str:
    names = [claims.get(key) for key in ("name", "preferred_username", "oid")]
    said = [display(name) for name in names if isinstance(name, str) and name]
    return f"the token of {said[0]}" + (f" ({said[-1]})" if len(said) > 1 else "") if said else "the token"


def _expiry(claims: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    try:
        ends = datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return ("the token doesn't say when it expires: Airflow takes none like that",)
    when = f"{ends:%Y-%m-%d %H:%M:%S} UTC"
    if ends <= now:
        return (f"the token expired at {when}: Airflow takes it no more; a new one that says the same gives this",)
    return (f"the token expires at {when}",)
