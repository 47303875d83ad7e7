"""The people of the local tenant: names, and which group each of them is in. Data alone.

A group is named as a stack file names it. Ids are fixed: what a person did in Airflow is theirs after a new start, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DOMAIN = "contoso.com"
_NAMESPACE = uuid.UUID("c1f6a1de-0f1e-4b57-9a0e-3d3c0f7a2b15")


@dataclass(frozen=True)
class Person:
    """Somebody of the tenant. `groups` are names; `{}` in `mail` is the sign-in name, "" is no mail at all.

    `id` is given where stack files name the person as an owner, and else made of the sign-in name.
    """

    name: str
    sign_in_name: str
    groups: tuple[str, ...] = ()
    department: str = "Data"
    guest: bool = False
    enabled: bool = True
    mail: str = "{}@" + DOMAIN
    id: str = ""

    @property
    def object_id(self) -> str:
        return self.id or str(uuid.uuid5(_NAMESPACE, f"person {self.sign_in_name}"))

    def as_seed(self) -> dict[str, Any]:
        return {
            "id": self.object_id,
            "displayName": self.name,
            "userPrincipalName": f"{self.sign_in_name}@{DOMAIN}",
            "mailNickname": self.sign_in_name,
            **({"mail": self.mail.format(self.sign_in_name)} if self.mail else {}),
            "department": self.department,
            "accountEnabled": self.enabled,
            "userType": "Guest" if self.guest else "Member",
            "keep": True,
        }


PEOPLE = (
    Person("Ada Okafor", "ada", ("airflow-local-admins",), id="0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"),
    Person("Olu Mensah", "olu", ("airflow-local-viewers",)),
    Person("Sam Rivera", "sam", ("airflow-local-sales",), department="Sales"),
    Person("Mina Haddad", "mina", ("data-analysts",)),
    Person("Zoë Łukaszewicz", "zoe", ("airflow-local-viewers", "airflow-local-sales")),
    Person("李小龍", "li", ("data-analysts",), mail=""),
    Person(
        "Gwen Fischer",
        "gwen_fabrikam.com#EXT#",
        ("airflow-local-viewers",),
        guest=True,
        mail="gwen@fabrikam.com",
    ),
    Person("Dara Novak", "dara", ("airflow-local-admins",), enabled=False),
    Person("Ines Costa", "ines", ("sales-interns",), department="Sales"),
    Person("Noor Aziz", "noor"),
)
"""Admin, Viewer, a custom role, a group owned elsewhere, two roles at once, no mail; and those who get in nowhere: a
guest, one who is disabled, one in a group inside a role's group, one in no group."""

OWNERS = (Person("Grace Lindqvist", "grace", id="6b9d4e18-1c72-4a05-93ee-8d0f5a2b7c04"),)
"""Other people that stack files name."""

NESTED = {"sales-interns": "airflow-local-sales"}
"""Groups that no stack file names, and the group that each is a member of."""


def group_id(name: str) -> str:
    """The object id of a group of NESTED."""
    return str(uuid.uuid5(_NAMESPACE, f"group {name}"))


def members(group: str) -> list[str]:
    """The object ids of a group's first members: people, then nested groups."""
    people = [person.object_id for person in PEOPLE if group in person.groups]
    return people + [group_id(inner) for inner, outer in NESTED.items() if outer == group]


def named(object_ids: Iterable[str]) -> dict[str, Person]:
    """Those of these object ids that are people with a name here."""
    known = {person.object_id: person for person in (*PEOPLE, *OWNERS)}
    return {id_: known[id_] for id_ in object_ids if id_ in known}
