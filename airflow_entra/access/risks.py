"""What a reviewer should look at twice in a difference: each rule is one function and says one kind of sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from airflow_entra.access.diff import StackDiff
from airflow_entra.finding import Finding
from airflow_entra.settings import durations
from airflow_entra.settings.model import config_key

_ENTRAS_OWN_LIFETIME = timedelta(minutes=90)  # 60 to 90 minutes, drawn by Entra: the longest counts
_WIDENING_ACTIONS = ("edit", "delete")


Found = Iterator[tuple[str, str]]

REMEDIES = {
    "production-admin-widened": ("few people are Admin in production", "approve it if you know who is in the group"),
    "production-op-widened": ("few people are Op in production", "approve it if you know who is in the group"),
    "group-replaced": ("one group keeps its role", "look at who is in the other group before you approve it"),
    "dynamic-rule-added": (
        "people decide who gets a role",
        "see who may edit its attributes, or assign members",
    ),
    "dynamic-rule-changed": ("people decide who gets a role", "see whom the rule finds now, or assign members"),
    "production-dag-rights-widened": (
        "a role may do what its people need",
        "give it on fewer DAGs, or approve it",
    ),
    "session-longer": ("access ends soon after its reason", "keep the shorter session, or say why in the commit"),
    "token-longer": ("access ends soon after its reason", "keep the shorter lifetime, or say why in the commit"),
    "secret-older": ("a secret is replaced often", "keep the shorter interval, or say why in the commit"),
    "secret-overlap-longer": ("an old secret ends soon", "keep the shorter overlap, or say why in the commit"),
    "sign-in-unbounded": (
        "people sign in again after a while",
        "keep signInFrequency, or write tokenLifetime",
    ),
    "sign-in-less-often": (
        "people sign in again after a while",
        "keep the shorter frequency, or say why in the commit",
    ),
    "guests-allowed": ("guests: refuse", "name who vouches for the guests, or write guests: refuse"),
    "assignment-not-required": ("assignmentRequired: true", "write it, or see that no role comes from a default"),
    "nested-members-count": ("members of the named groups get roles", "look at who is in the groups inside them"),
    "revocation-slower": ("revocation: watch", "keep watch where leaving has to count within seconds"),
    "no-longer-production": ("production stays production", "approve it if nobody works with this Airflow any more"),
    "other-tenant": ("a stack stays in its tenant", "make another stack for another tenant"),
    "secret-introduced": ("no secret, where another proof is at hand", "keep the credential that cannot leak"),
    "federation-trusts": ("a workload that you know", "compare issuer and subject with the platform's own words"),
    "watcher-reads": ("an identity that you know", "compare it with what runs the watcher: it reads the directory"),
    "vault-opened": ("a vault reached from its network alone", "keep the endpoint, or see what the firewall lets in"),
    "vault-reader-added": ("Airflow alone reads its secret", "see who that is, and why a second reader is needed"),
    "owner-added": ("owners are few, and answer for it", "see who that is: an owner can let themselves in"),
    "redirect-url-added": ("codes go to this stack's Airflows", "see that the address is yours, and stays yours"),
}
"""Code -> what would be right, and what a reviewer does about it."""


def risks(changes: tuple[StackDiff, ...]) -> tuple[Finding, ...]:
    """Everything in `changes` that opens something, by stack and rule. A stack that goes opens nothing."""
    return tuple(
        Finding("access", what, *REMEDIES[code], severity="warning", id=f"risk/{code}", stack=one.stack)
        for one in changes
        if one.what != "removed"
        for rule in _RULES
        for code, what in rule(one)
    )


def _powerful_roles(one: StackDiff) -> Found:
    if one.after.production:
        for role in ("Admin", "Op"):
            for grant in sorted(grant for grant in one.grants.gained if grant.role == role):
                code = f"production-{role.lower()}-widened"
                yield code, f"group {one.group_name(grant.group)} gains {role} in production"


def _groups(one: StackDiff) -> Found:
    for key, change in one.groups.items():
        if change.before and change.after and change.before.object_id not in (None, change.after.object_id):
            yield "group-replaced", f"another group stands behind {change.after.name} ({_roles_of(one, key)})"


def _roles_of(one: StackDiff, group: str) -> str:
    return ", ".join(sorted(one.after.roles[grant.role] for grant in one.after.grants if grant.group == group))


def _rules(one: StackDiff) -> Found:
    for key, change in one.groups.items():
        if change.after is None or change.after.rule is None:
            continue
        roles = _roles_of(one, key)
        if change.before is None or change.before.rule is None:
            yield "dynamic-rule-added", f"a rule now decides who is in {change.after.name} ({roles})"
        elif change.before.rule != change.after.rule:
            yield "dynamic-rule-changed", f"the rule that decides who is in {change.after.name} ({roles}) changed"


def _rights(one: StackDiff) -> Found:
    if one.after.production:
        for right in sorted(one.rights.gained):
            if right.action in _WIDENING_ACTIONS:
                what = f"role {one.role_name(right.role)} gains {right.action} on {right.pattern} in production"
                yield "production-dag-rights-widened", what


def _lifetimes(one: StackDiff) -> Found:
    for key, code, absent in (
        ("signIn.airflowSession", "session-longer", None),
        ("signIn.externalSession", "session-longer", None),
        ("signIn.tokenLifetime", "token-longer", _ENTRAS_OWN_LIFETIME),
        ("credential.rotateEvery", "secret-older", None),
        ("credential.overlap", "secret-overlap-longer", None),
    ):
        change = one.values.get(key)
        before, after = (_span(side, absent) for side in (change.before, change.after)) if change else (None, None)
        if before is not None and after is not None and after > before and one.what == "changed":
            was = durations.format(before) if change and change.before else "Entra's own default"
            yield code, f"{key} becomes longer: {was} to {durations.format(after)}"
    frequency = one.values.get("signIn.signInFrequency")
    if frequency and frequency.before:
        after = _span(frequency.after, None)
        if after is None:
            yield "sign-in-unbounded", f"people are no longer asked to sign in again every {frequency.before}"
        elif after > durations.parse(frequency.before):
            what = f"signIn.signInFrequency becomes longer: {frequency.before} to {frequency.after}"
            yield "sign-in-less-often", what


def _doors(one: StackDiff) -> Found:
    for key, value, code, what in (
        ("signIn.guests", "allow", "guests-allowed", "people of other tenants may sign in"),
        ("signIn.assignmentRequired", "false", "assignment-not-required", "people get a token without an assignment"),
        ("signIn.rolesFrom", "securityGroups", "nested-members-count", "members of groups inside groups get roles"),
        ("signIn.revocation", "refresh", "revocation-slower", "the tenant's changes are no longer followed"),
    ):
        change = one.values.get(key)
        if change and change.after == value and not (code == "revocation-slower" and change.before is None):
            yield code, what
    guests = one.values.get("signIn.guests")
    if guests and guests.before != "allow" and (guests.after or "").startswith("of "):
        yield "guests-allowed", f"people {guests.after} may sign in"
    environment = one.values.get("environment")
    if environment and environment.before == "production":
        yield "no-longer-production", f"the stack is {environment.after} now: no protection, laxer policies"
    tenant = one.values.get(config_key("tenant_id"))
    if tenant and tenant.before:
        yield "other-tenant", "another tenant's people sign in"


def _credential(one: StackDiff) -> Found:
    mode = one.values.get("credential.mode")
    if mode and mode.before and mode.after == "vaultSecret":
        yield "secret-introduced", f"a client secret takes the place of the {mode.before} credential"
    for key, code, what in (
        ("credential.federated", "federation-trusts", "act as the application"),
        ("watcher.federated", "watcher-reads", "read the directory"),
    ):
        for workload in sorted(one.lists[key].gained) if key in one.lists else ():
            yield code, f"the workload {workload} may {what}"
    existing = one.values.get("watcher.existing.objectId")
    if existing and existing.after:
        yield "watcher-reads", f"the identity {existing.after} may read the directory"
    subnet = one.values.get("credential.vault.privateEndpointSubnet")
    if subnet and subnet.before and not subnet.after:
        yield "vault-opened", "the vault has no private endpoint any more"


def _principals(one: StackDiff) -> Found:
    for key, code, what in (
        ("credential.vault.readers", "vault-reader-added", "may read the client secret"),
        ("owners.application", "owner-added", "owns the application: may give it credentials"),
        ("owners.groups", "owner-added", "owns the groups: may add members"),
        ("redirect URLs", "redirect-url-added", "receives sign-ins"),
    ):
        if one.what == "changed" and key in one.lists:
            for gained in sorted(one.lists[key].gained):
                yield code, f"{gained} {what}"


def _span(text: str | None, absent: timedelta | None) -> timedelta | None:
    return durations.parse(text) if text is not None else absent


_RULES: tuple[Callable[[StackDiff], Found], ...] = (
    _powerful_roles,
    _groups,
    _rules,
    _rights,
    _doors,
    _lifetimes,
    _credential,
    _principals,
)
