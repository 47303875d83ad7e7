"""The ID token that Entra would give a person, from the directory's facts, or why it would give none.

Pure; standard library alone. Whatever isn't a real token goes through here and then through `claims.decide`: the
watcher, `explain`, `who`, the access diff and the audit. https://learn.microsoft.com/entra/identity-platform/optional-claims
says which groups are in a token, and https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps
that a group's app role is its direct members' alone. Ids are in lower case.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from airflow_entra_auth.azure import STS
from airflow_entra_auth.claims import Admitted, GroupsNeeded, Refused, decide
from airflow_entra_auth.rules import RolesFrom, SignOnRules

GROUP_LIMIT = 200
"""More groups than this are not in a token, which then says that they are missing."""
GROUP_CLAIMS: Mapping[RolesFrom, frozenset[str]] = {
    "appRoles": frozenset(),
    "assignedGroups": frozenset({"ApplicationGroup"}),
    "securityGroups": frozenset({"SecurityGroup"}),
}
"""What the application's groupMembershipClaims say where the stack file's deployment wrote them."""

Status = Literal["enabled", "disabled", "deleted"]
Denial = Literal["application_deleted", "application_disabled", "deleted", "disabled", "not_assigned"]
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Assignment:
    """An app role assignment: of a person or group (object id). `role` is the app role's value, None without a role.

    A disabled app role still counts for who has it.
    """

    principal: str
    role: str | None


@dataclass(frozen=True)
class Application:
    """The application that people sign in to: its registration and its service principal.

    `group_claims` are the parts of groupMembershipClaims.
    """

    client_id: str
    assignments: frozenset[Assignment]
    group_claims: frozenset[str] = _NOTHING
    assignment_required: bool = True
    status: Status = "enabled"

    @property
    def principals(self) -> frozenset[str]:
        """Everybody and every group that is assigned, with or without a role."""
        return frozenset(assignment.principal for assignment in self.assignments)


@dataclass(frozen=True)
class Account:
    """A person at one moment, and the groups that they are in.

    `direct` are the groups that list the person as a member; `security` the security-enabled groups that the person is
    in, directly or through other groups. `external`: another tenant's account, a guest here or a member.
    """

    object_id: str
    status: Status = "enabled"
    guest: bool = False
    direct: frozenset[str] = _NOTHING
    security: frozenset[str] = _NOTHING
    external: bool = False

    def without(self, groups: Collection[str]) -> Account:
        """The account after it left these groups. Another group may still lead into them."""
        return replace(self, direct=self.direct.difference(groups)) if groups else self


@dataclass(frozen=True)
class NoToken:
    """Entra gives no token. `code` is its AADSTS number."""

    reason: Denial
    code: int


_APPLICATION: Mapping[Status, NoToken] = {
    "disabled": NoToken("application_disabled", 7000112),
    "deleted": NoToken("application_deleted", 700016),
}
_PERSON: Mapping[Status, NoToken] = {
    "disabled": NoToken("disabled", 50057),
    "deleted": NoToken("deleted", 50034),
}
_NOT_ASSIGNED = NoToken("not_assigned", 50105)


def declared(rules: SignOnRules) -> Application:
    """The application as the sign-on file wants it: each of its groups assigned with its roles."""
    by_role = rules.roles_from == "appRoles"
    return Application(
        rules.client_id,
        frozenset(
            Assignment(group, name if by_role else None) for name, groups in rules.groups_by_role for group in groups
        ),
        GROUP_CLAIMS[rules.roles_from],
        assignment_required=False,
    )


def decision(application: Application, account: Account, rules: SignOnRules) -> Admitted | Refused | NoToken:
    """What a sign-in of this person would come to now, groups that a token has no room for included."""
    given = claims(application, account, rules)
    if isinstance(given, NoToken):
        return given
    decided = decide(given, rules, home_known=not account.external)
    if isinstance(decided, GroupsNeeded):
        return decide(given, rules, account.security, home_known=not account.external)
    return decided


def claims(application: Application, account: Account, rules: SignOnRules) -> Mapping[str, Any] | NoToken:
    """The claims that decide about access in the ID token of this person; or why there is no token."""
    refused = _APPLICATION.get(application.status) or _PERSON.get(account.status)
    if refused:
        return refused
    held = [assignment for assignment in application.assignments if _holds(account, assignment.principal)]
    if application.assignment_required and not held:
        return _NOT_ASSIGNED
    given: dict[str, Any] = {
        "iss": rules.issuer,
        "tid": rules.tenant_id,
        "aud": application.client_id,
        "ver": "2.0",
        "oid": account.object_id,
        "acct": int(account.guest),
    }
    if account.external:
        given["idp"] = f"{STS}/"  # of which tenant, the directory doesn't say
    roles = sorted({assignment.role for assignment in held if assignment.role})
    groups = _groups(application, account)
    if roles:
        given["roles"] = roles
    if len(groups) > GROUP_LIMIT:
        given["_claim_names"] = {"groups": "src1"}
    elif groups:
        given["groups"] = sorted(groups)
    return given


def sources(application: Application, account: Account, role: str, rules: SignOnRules) -> frozenset[str]:
    """What gives a person this role, where they have it: ids of groups, and the person's own where it is assigned in
    person."""
    if rules.roles_from == "appRoles":
        return frozenset(
            assignment.principal
            for assignment in application.assignments
            if assignment.role == role and _holds(account, assignment.principal)
        )
    named = _groups(application, account)
    counting = named if len(named) <= GROUP_LIMIT else account.security
    return counting.intersection(rules.roles[role].groups)


def _groups(application: Application, account: Account) -> frozenset[str]:
    """The groups that a token would name, had it room for all of them."""
    found = _NOTHING
    if application.group_claims & {"SecurityGroup", "All"}:
        found |= account.security
    if "ApplicationGroup" in application.group_claims:
        found |= account.direct & application.principals
    return found


def _holds(account: Account, principal: str) -> bool:
    """Whether what is assigned to the principal is this person's: neither app roles nor assignments nest."""
    return principal == account.object_id or principal in account.direct


def is_external(user: Mapping[str, Any]) -> bool:
    """Whether an account that Graph gave with its `identities` proves itself to somebody else than this tenant.

    Of another tenant's people the issuer is the word ExternalAzureAD, of which tenant is said nowhere:
    https://learn.microsoft.com/entra/external-id/user-properties
    """
    return any(identity.get("signInType") == "federated" for identity in user.get("identities") or ())
