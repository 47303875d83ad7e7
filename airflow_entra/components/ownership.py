"""Who owns what the stack makes. In production no person: an owner can add a secret, or a member to a group."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pulumi

from airflow_entra.access import names
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.errors import AnswerError
from airflow_entra.settings.model import StackSettings


@dataclass(frozen=True, slots=True)
class Ownership:
    """Object ids in lower case. `application` owns the application, its service principal and the watcher's.

    `admins` owns the groups that give Admin; None leaves them to the stack file, as every other group. `workloads` are
    the owners of which Entra said that they are service principals; None where nobody asked. `notes` says who answers.
    """

    application: pulumi.Output[list[str]]
    admins: pulumi.Output[list[str] | None] | None
    workloads: pulumi.Output[list[str]] | None
    notes: pulumi.Output[str | None] | None
    warnings: pulumi.Output[list[str]]


def ownership(settings: StackSettings, deployer: pulumi.Input[str] | None, tenant: LiveTenant) -> Ownership:
    """The deploying identity is always among the owners, unless it is a person in production.

    With Application.ReadWrite.OwnedBy alone it could change nothing any more once it were not, and the provider takes
    it off where it isn't listed. `deployer` is None where whoever asks only reads: then the owners are those that the
    stack file names. A person among them is an owner elsewhere than in production; there they are a contact.
    """
    listed = settings.owners.application
    me = pulumi.Output.from_input(deployer).apply(lambda id_: id_.lower() if id_ else None)
    everybody = me.apply(lambda id_: sorted({*listed, id_} if id_ else listed))
    if settings.environment != "production":
        notes = _notes(settings.owners.contacts)
        unlisted = me.apply(lambda id_: _unlisted(id_, listed, frozenset({id_ or ""})))
        return Ownership(everybody, None, None, pulumi.Output.from_input(notes) if notes else None, unlisted)

    async def found(ids: list[str]) -> frozenset[str] | Denied:
        try:
            return await asyncio.to_thread(tenant.service_principals, ids)
        except AnswerError as error:
            raise pulumi.RunError(str(error)) from None

    known: pulumi.Output[frozenset[str] | Denied] = everybody.apply(found)
    both = pulumi.Output.all(everybody, known, me)
    owners = both.apply(lambda it: [id_ for id_ in it[0] if isinstance(it[1], Denied) or id_ in it[1]])
    return Ownership(
        application=owners,
        admins=owners.apply(lambda ids: ids or None),
        workloads=both.apply(lambda it: [] if isinstance(it[1], Denied) else sorted(it[1])),
        notes=both.apply(lambda it: _notes([*settings.owners.contacts, *_people(listed, it[1])])),
        warnings=both.apply(lambda it: [*_unlisted(it[2], listed, it[1]), *_told(listed, it[1])]),
    )


def _people(listed: list[str], found: frozenset[str] | Denied) -> list[str]:
    return [] if isinstance(found, Denied) else sorted(set(listed) - found)


def _notes(contacts: list[str]) -> str | None:
    return f"{names.CONTACTS}{', '.join(contacts)}" if contacts else None


def _told(listed: list[str], found: frozenset[str] | Denied) -> list[str]:
    if isinstance(found, Denied):
        return [str(found)]
    people = _people(listed, found)
    return [
        f"owners.application names {', '.join(people)}, which Entra knows as no service principal: in production no "
        "person owns the application, so they stand in its notes; write who answers under owners.contacts"
    ] * bool(people)


def _unlisted(deployer: str | None, listed: list[str], found: frozenset[str] | Denied) -> list[str]:
    if deployer is None or deployer in listed:
        return []
    if not isinstance(found, Denied) and deployer not in found:
        return [
            f"the deploying identity {deployer} is a person, so it is not made an owner of the application; deploy "
            "production with an identity that nobody signs in with, listed under owners.application"
        ]
    return [
        f"the deploying identity {deployer} is made an owner of the application, because with "
        "Application.ReadWrite.OwnedBy alone it could not change it otherwise; list it under owners.application, so "
        "that a preview by somebody else does not show it leaving"
    ]
