"""From the claims of an ID token to who somebody is and which Airflow roles they have. Pure; standard library alone.

The signature, nonce and expiry were checked before; everything that names a party is checked again here, so that a
changed library or configuration opens nothing. https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, overload

from airflow_entra_auth.azure import LOGIN, STS
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.strict import is_guid

NAME_LENGTH = 256  # ab_user.first_name, in both versions
EMAIL_LENGTH = 320  # RFC 3696; ab_user.email takes 512

Reason = Literal["wrong_token", "no_object_id", "malformed", "guest", "no_role", "too_many_groups"]

_ADDRESS = re.compile(r"[^@\s#<>\"]+@[^@\s#<>\"]+\.[^@\s#<>\"]+")
_JOINERS = "\u200c\u200d"  # without them Persian, Hindi and emoji are other words
_NO_GROUPS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Person:
    """Tenant id and object id say who it is; names are compared with nothing.

    `guest`: the account is of another tenant, or a guest in this one. `home_tenant`: where it is of, None where the
    token doesn't say, or it is no tenant (Google, a one-time passcode).
    """

    tenant_id: str
    object_id: str
    display_name: str
    email: str | None
    sign_in_name: str
    guest: bool
    home_tenant: str | None = None


@dataclass(frozen=True)
class Admitted:
    """May sign in. `because` says of each role what gave it; `notes` are for the administrator's log."""

    person: Person
    roles: tuple[str, ...]
    because: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """May not. `message` is for the person, `fix` for the administrator; both plain text to be escaped.

    `person` is known wherever the token is this tenant's, so that roles and sessions that remain can be taken away.
    """

    reason: Reason
    message: str
    person: Person | None
    fix: str


@dataclass(frozen=True)
class GroupsNeeded:
    """In too many security groups for a token: ask Graph's /me/getMemberObjects with the person's own token, and call
    `decide` again with the ids."""

    person: Person


class _MalformedError(Exception):
    """A claim is of a type that Entra never gives."""


@overload
def decide(
    claims: Mapping[str, Any], rules: SignOnRules, groups: Collection[str], *, home_known: bool = True
) -> Admitted | Refused: ...


@overload
def decide(
    claims: Mapping[str, Any], rules: SignOnRules, groups: None = None, *, home_known: bool = True
) -> Admitted | Refused | GroupsNeeded: ...


def decide(
    claims: Mapping[str, Any], rules: SignOnRules, groups: Collection[str] | None = None, *, home_known: bool = True
) -> Admitted | Refused | GroupsNeeded:
    """Whether the person in a verified token may sign in, and as what. Never raises, whatever the token says.

    `groups` are the object ids that Graph gave after GroupsNeeded; they stand in for the token's own, and say nothing
    where only groups count that are assigned to the application. `home_known`: False where the claims come from the
    directory, which doesn't say which tenant an account is of: the token of each sign-in says it.
    """
    refused = _wrong_party(claims, rules)
    if refused:
        return refused
    object_id = claims.get("oid")
    if not is_guid(object_id):
        return _no_object_id(object_id)
    person = Person(rules.tenant_id, str(object_id), str(object_id), None, str(object_id), guest=False)
    try:
        person = _describe(claims, person)
        guest, home, notes = _origin(claims, person.tenant_id, rules)
        person = replace(person, guest=True, home_tenant=home) if guest else person
        if guest and rules.guests == "tenants" and not home_known:
            notes += (_HOME_UNKNOWN,)
        elif guest and not _admits(home, rules):
            return _guest_refused(person, rules)
        if rules.roles_from == "appRoles":
            given = _ids(claims.get("roles"), "roles")
        elif rules.roles_from == "assignedGroups" and _overage(claims):
            return _too_many_groups(person, rules)
        elif groups is None and _overage(claims):
            return GroupsNeeded(person)
        else:
            given = _ids(claims.get("groups") if groups is None else groups, "groups")
    except _MalformedError as error:
        return _malformed(person, str(error), rules)
    if rules.roles_from == "appRoles":
        because = {role: f"app role {role}" for role in rules.roles if role in given}
        unknown = given.difference(rules.roles)
        if unknown:
            names = ", ".join(sorted(map(display, unknown)))
            notes += (f"the token has app roles that the sign-on file doesn't name: {names}",)
    else:
        because = _by_group(rules, given)
    return Admitted(person, tuple(because), because, notes) if because else _no_role(person, rules, notes)


def _wrong_party(claims: object, rules: SignOnRules) -> Refused | None:
    if not isinstance(claims, Mapping):
        return _wrong_token("it has no claims")
    tenant = rules.tenant_id
    for claim, right in (("iss", rules.issuer), ("tid", tenant), ("aud", rules.client_id), ("ver", "2.0")):
        value = claims.get(claim)
        if type(value) is not str or value != right:
            return _wrong_token(f"its {claim} is {_quote(value)}; {_quote(right)} is right")
    return None


def _describe(claims: Mapping[str, Any], person: Person) -> Person:
    """What to call the person: names cleaned for display, an address that looks like one, or none."""
    upn, preferred = _text(claims, "upn"), _text(claims, "preferred_username")
    candidates = [_text(claims, claim, EMAIL_LENGTH + 1) for claim in ("email", "upn", "preferred_username")]
    email = next((one for one in candidates if len(one) <= EMAIL_LENGTH and _ADDRESS.fullmatch(one)), None)
    sign_in_name = preferred or upn or email or person.object_id
    name = _text(claims, "name") or sign_in_name
    return replace(person, display_name=name, email=email, sign_in_name=sign_in_name)


def _text(claims: Mapping[str, Any], claim: str, length: int = NAME_LENGTH) -> str:
    value = claims.get(claim)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _MalformedError(f"the claim {claim} is {type(value).__name__}; text is right")
    return display(value, length)


def display(text: str, length: int = NAME_LENGTH) -> str:
    """`text` on one line without characters that command the display (controls, direction overrides), bounded."""
    if not text.isprintable():
        text = "".join(map(_shown, text))
    return " ".join(text.split())[:length].rstrip()


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") and character not in _JOINERS else character


def _origin(claims: Mapping[str, Any], tenant_id: str, rules: SignOnRules) -> tuple[bool, str | None, tuple[str, ...]]:
    """Whether somebody is of another tenant or a guest in this one, and of which tenant they are.

    `idp` names where they proved who they are, and is absent where that is this tenant. `acct` tells guests apart and
    members that cross-tenant synchronisation made of other tenants' people not: they are members too.
    https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference,
    https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
    """
    account, provider = claims.get("acct"), _text(claims, "idp")
    if account is not None and (type(account) not in (int, str) or str(account) not in ("0", "1")):
        raise _MalformedError(f"the claim acct is {_quote(account)}; 0 (member) or 1 (guest) is right")
    if provider not in ("", rules.issuer, f"{STS}/{tenant_id}/"):
        of_tenant = _TENANT.fullmatch(provider.lower())
        return True, of_tenant[1] if of_tenant else _NO_TENANT.get(provider.lower()), ()
    if account is not None:
        return str(account) == "1", tenant_id, ()
    if "#EXT#" in (_text(claims, "upn") + _text(claims, "preferred_username")).upper():
        return True, None, ()
    if rules.guests == "allow":
        return False, tenant_id, ()
    return (
        False,
        tenant_id,
        (
            "the token has no acct claim, so a guest is known by sign-in name and identity provider alone: "
            "add the optional claim acct to the application's ID token",
        ),
    )


_TENANT = re.compile(
    rf"(?:{re.escape(STS)}|{re.escape(LOGIN)})/([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})/(?:v2\.0)?"
)
_NO_TENANT = {"live.com": "9188040d-6c67-4c5b-b112-36a304b66dad"}
"""Personal Microsoft accounts, whose tokens may name their common tenant as well."""
_HOME_UNKNOWN = (
    "comes from another tenant: the token of each sign-in says which, and whether it is among guests.tenants"
)


def _admits(home: str | None, rules: SignOnRules) -> bool:
    """Whether people of this tenant are let in although it isn't Airflow's own, or they are guests there."""
    return rules.guests == "allow" or (rules.guests == "tenants" and home in rules.home_tenants)


def _overage(claims: Mapping[str, Any]) -> bool:
    names = claims.get("_claim_names")
    if names is not None and not isinstance(names, Mapping):
        raise _MalformedError(f"the claim _claim_names is {type(names).__name__}; an object is right")
    has = claims.get("hasgroups")
    return (names is not None and "groups" in names) or has in (True, "1", "true", "True")


def _ids(value: object, claim: str) -> frozenset[str]:
    if value is None:
        return _NO_GROUPS
    if isinstance(value, (str, Mapping)) or not isinstance(value, Collection):
        raise _MalformedError(f"the claim {claim} is {type(value).__name__}; a list of text is right")
    kinds = set(map(type, value)) - {str}
    if kinds:
        raise _MalformedError(
            f"the claim {claim} has {min(kind.__name__ for kind in kinds)} in its list; text is right"
        )
    return frozenset(value)


def _by_group(rules: SignOnRules, given: frozenset[str]) -> dict[str, str]:
    """Ids are compared as Entra writes them, lower-case; most of 200 groups mean nothing here and cost one look-up."""
    hits = given & rules.known_groups
    because: dict[str, str] = {}
    for number in sorted({number for hit in hits for number in rules.roles_by_group[hit]}):
        role, groups = rules.groups_by_role[number]
        because[role] = "member of " + ", ".join([group for group in groups if group in hits])
    return because


def _quote(value: object) -> str:
    return f'"{display(value)}"' if isinstance(value, str) else type(value).__name__ if value is not None else "missing"


def _ask(rules: SignOnRules) -> str:
    whom = rules.contact or "the owners of the application that you signed in to"
    return f"Ask {whom}."


def _wrong_token(what: str) -> Refused:
    return Refused(
        "wrong_token",
        "The sign-in did not come from this Airflow's directory. Start again from Airflow's own address.",
        None,
        f"The token isn't for this Airflow: {what}. Compare tenantId and clientId in the sign-on file with the app "
        "registration, and its requestedAccessTokenVersion with 2; if they agree, somebody tried a token of another.",
    )


def _no_object_id(value: object) -> Refused:
    return Refused(
        "no_object_id",
        "The sign-in did not say who you are, so Airflow can't let you in.",
        None,
        f"The token's oid is {_quote(value)}; an object id is right: nobody is recognised by name or address. "
        "Ask for the scopes openid and profile.",
    )


def _malformed(person: Person, what: str, rules: SignOnRules) -> Refused:
    return Refused(
        "malformed",
        f"The directory's answer could not be understood, so Airflow can't let you in. {_ask(rules)}",
        person,
        f"In the sign-in of {person.object_id}, {what}. Look for a claims mapping policy on the application.",
    )


def _guest_refused(person: Person, rules: SignOnRules) -> Refused:
    home = person.home_tenant or "no tenant that the token names"
    of_some = rules.guests == "tenants"
    return Refused(
        "guest",
        f"You signed in as {person.sign_in_name}, a guest of this organisation. This Airflow ({rules.stack}) admits "
        f"its own people {'and those of some other organisations ' if of_some else ''}alone. {_ask(rules)}",
        person,
        f"{person.object_id} is a guest or of another tenant ({home}), and the stack file says "
        + ("`guests: tenants` without it. To admit" if of_some else "`guests: refuse`. To admit")
        + " people of that tenant who have a role, write it under `guests: {tenants: [...]}` and render again.",
    )


def _too_many_groups(person: Person, rules: SignOnRules) -> Refused:
    """A person's own token may read their groups, and not which of them are assigned to the application:
    https://learn.microsoft.com/graph/api/user-list-approleassignments takes Directory.Read.All. What isn't known to be
    assigned doesn't count."""
    return Refused(
        "too_many_groups",
        f"You signed in as {person.sign_in_name}, and are in so many groups of this Airflow ({rules.stack}) that the "
        f"directory doesn't say which. {_ask(rules)}",
        person,
        f"{person.object_id} is a direct member of more than 200 groups that are assigned to the application, and a "
        "token names none of them then: assign fewer groups, take the person out of some, or write "
        "`rolesFrom: appRoles` in the stack file, whose tokens name roles instead.",
    )


def _no_role(person: Person, rules: SignOnRules, notes: tuple[str, ...]) -> Refused:
    how = {
        "appRoles": "the token names none of the file's app roles: put the person directly into a group that has one "
        "(a member of a group inside that group gets none)",
        "assignedGroups": "none of the groups in the token is in the file: put the person directly into one that is, "
        "assign that group to the application, and let groupMembershipClaims be ApplicationGroup",
        "securityGroups": "none of the person's groups is in the file: put the person into one that is, and let "
        "groupMembershipClaims be SecurityGroup",
    }[rules.roles_from]
    return Refused(
        "no_role",
        f"You signed in as {person.sign_in_name}, but nothing gives you a role in this Airflow ({rules.stack}). "
        f"{_ask(rules)} Once you have one, sign in again.",
        person,
        ". ".join((f"{person.object_id} has no role: {how}", *notes)) + ".",
    )
