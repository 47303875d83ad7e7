"""An application as this program itself leaves it: what reading back a stack starts from."""

from __future__ import annotations

import uuid

from airflow_entra.access import names
from airflow_entra.access.airflow_urls import urls
from airflow_entra.access.lifetimes import policy_clock, sign_in_frequency
from airflow_entra.access.permissions import scopes
from airflow_entra.access.plan import plan
from airflow_entra.directory.registered import (
    AppRole,
    Assigned,
    Consent,
    FrequencyPolicy,
    LifetimePolicy,
    LiveGroup,
    Named,
    Registered,
    Trust,
)
from airflow_entra.settings.model import Federated, StackSettings

_NAMESPACE = uuid.UUID("5b0f2f5e-6f0c-4a39-9c55-0d8f6b9f0a12")


def an_id(what: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, what))


def group_ids(settings: StackSettings, stack: str) -> dict[str, str]:
    """The plan's keys -> the object ids that the groups have."""
    return {key: group.object_id or an_id(key) for key, group in plan(settings).groups.items()}


def deployed(settings: StackSettings, stack: str) -> Registered:
    access, ids, sign_in = plan(settings), group_ids(settings, stack), settings.sign_in
    proof = settings.credential
    claims = {"appRoles": "", "assignedGroups": "ApplicationGroup", "securityGroups": "SecurityGroup"}
    frequency = sign_in_frequency(sign_in.sign_in_frequency) if sign_in.sign_in_frequency else None
    return Registered(
        tenant_id=settings.tenant_id,
        object_id=an_id("application"),
        client_id=an_id("client"),
        name=settings.application.display_name or names.application_name(stack),
        principal_id=an_id("principal"),
        assignment_required=sign_in.assignment_required,
        redirects=tuple(urls(one.version, one.url).redirect_uri for one in settings.airflow),
        group_claims=claims[sign_in.roles_from],
        app_roles=tuple(AppRole(role.id, role.value, role.description) for role in access.app_roles),
        owners=tuple(Named(owner, f"Owner\n{owner[:4]}") for owner in settings.owners.application),
        trusts=tuple(
            Trust(f"t{number}", "airflow" + (f"-{trust.name}" if trust.name else ""), trust.issuer, trust.subject)
            for number, trust in enumerate(proof.trusts)
        )
        if isinstance(proof, Federated)
        else (),
        assigned=tuple(
            Assigned(an_id(one.key), ids[one.group], "Group", access.groups[one.group].name, one.app_role_id)
            for one in access.assignments
        ),
        groups={
            ids[key]: LiveGroup(ids[key], group.name, group.mail_nickname, group.description, group.rule)
            for key, group in access.groups.items()
        },
        consents=(Consent("c", frozenset(scopes(sign_in)), everybody=True),),
        lifetime_policy=LifetimePolicy(
            an_id("lifetime"), names.token_lifetime_policy(stack), policy_clock(sign_in.token_lifetime), others=0
        )
        if sign_in.token_lifetime
        else None,
        frequency_policies=(
            FrequencyPolicy(
                an_id("frequency"),
                names.sign_in_policy(stack),
                *frequency,
                enabled=True,
                ours_alone=True,
                says_more=False,
            ),
        )
        if frequency
        else (),
    )
