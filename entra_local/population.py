"""A tenant of many people, made up: the same for the same seed number.

A person's data depends on the seed and on their own number alone, so more people can be added later. Sizes of groups
fall off as they do in companies: the largest has a fifth of everybody, most have a handful.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from random import Random
from uuid import UUID

from entra_local import clock
from entra_local.graph.entities import GROUP, USER
from entra_local.graph.models.groups import security_identifier
from entra_local.graph.schema import fresh
from entra_local.wire import JsonObject

GUESTS, DISABLED, NEVER_HERE = 0.03, 0.04, 0.1
"""Shares of the people who are guests, who are disabled, who never signed in."""
NESTED, OWNERLESS = 0.1, 0.05
"""Shares of the groups that are in another one, that nobody owns."""
LARGEST = 0.2
"""Share of the people that the largest group has; the others have less, each by its number."""
FALL = 0.9
SMALLEST = 3
"""People in a small group."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _names(
    "Ada Amara Anil Beatriz Björn Chen Chiara Dario Dilnoza Edwin Elif Emre Farah Fatou Georg Grace Hana Hiro Ida "
    "Imani Ines Ivan Jamal Jana João Kaito Kwame Lena Li Lucía Mads Mei Mina Mohammed Nadia Ngozi Niamh Noor Olu "
    "Paulo Priya Quentin Rahel Ravi Rosa Sam Sami Sofia Søren Tariq Tomás Uma Valentina Wei Xenia Yara Yuki Zainab "
    "Zoë"
)
_LAST = _names(
    "Abe Acheampong Adeyemi Andersson Aziz Bakker Banerjee Bianchi Castillo Chukwu Cohen Costa Demir Dubois Eze "
    "Ferreira Fischer García Gonçalves Haddad Hansen Hoang Ibrahim Ito Ivanova Jansen Johnson Kaya Khan Kim Kovács "
    "Kumar Larsson Lindqvist López Łukaszewicz Mensah Meyer Moreau Müller Nakamura Nguyen Novák Nowak Okafor "
    "Oliveira Park Patel Petrov Rivera Rossi Sánchez Schmidt Silva Singh Suzuki Tanaka Tran Ünal Wang Weber Wójcik "
    "Yildiz Zhang"
)
_DEPARTMENTS = ("Data", "Engineering", "Finance", "Legal", "Marketing", "Operations", "People", "Research", "Sales")
_PURPOSES = ("all", "analysts", "approvers", "editors", "leads", "on-call", "project", "readers", "team", "vpn")
_PARTNERS = ("fabrikam.example", "northwind.example", "tailspin.example")
_FIRST_DAY = datetime(2017, 1, 2, 8, tzinfo=UTC)
_YEARS = 8

_PERSON, _GROUP = fresh(USER.properties), fresh(GROUP.properties)


@dataclass(frozen=True, slots=True)
class Population:
    """How many people and groups a seed number stands for, and the domain of their names."""

    people: int
    groups: int
    seed: int
    domain: str

    def person(self, number: int) -> JsonObject:
        """One person, as the directory keeps them."""
        random = self._random("person", number)
        first, last = random.choice(_FIRST), random.choice(_LAST)
        name = f"{_ascii(first)}.{_ascii(last)}{number}".lower()
        guest, partner = random.random() < GUESTS, random.choice(_PARTNERS)
        return _PERSON | {
            "id": self.person_id(number),
            "displayName": f"{first} {last}",
            "givenName": first,
            "surname": last,
            "userPrincipalName": f"{name}_{partner}#EXT#@{self.domain}" if guest else f"{name}@{self.domain}",
            "mail": f"{name}@{partner if guest else self.domain}",
            "mailNickname": name,
            "department": random.choice(_DEPARTMENTS),
            "employeeId": f"{number:06}",
            "userType": "Guest" if guest else "Member",
            "creationType": "Invitation" if guest else None,
            "externalUserState": "Accepted" if guest else None,
            "accountEnabled": random.random() >= DISABLED,
            "createdDateTime": _moment(random),
        }

    def person_id(self, number: int) -> str:
        """The object id of a person."""
        return str(UUID(bytes=self._hash("person", number), version=4))

    def last_sign_in(self, number: int) -> str | None:
        """When a person signed in last, in the 90 days up to today; None for who never did."""
        drawn = int.from_bytes(self._hash("sign-in", number))
        never, drawn = drawn % 1000, drawn // 1000
        if never < NEVER_HERE * 1000:
            return None
        today = clock.now().replace(hour=0, minute=0, second=0)
        return clock.stamp(today - timedelta(minutes=drawn % (90 * 24 * 60)))

    def group(self, number: int) -> JsonObject:
        """One group, as the directory keeps it."""
        random = self._random("group", number)
        department, purpose = random.choice(_DEPARTMENTS), random.choice(_PURPOSES)
        name = f"{department}-{purpose}-{number:05}".lower()
        id_ = self.group_id(number)
        return _GROUP | {
            "id": id_,
            "displayName": name,
            "description": f"{department}: {purpose}",
            "mailNickname": name,
            "mailEnabled": False,
            "securityEnabled": True,
            "securityIdentifier": security_identifier(id_),
            "createdDateTime": (created := _moment(random)),
            "renewedDateTime": created,
        }

    def group_id(self, number: int) -> str:
        """The object id of a group."""
        return str(UUID(bytes=self._hash("group", number), version=4))

    def members(self, number: int) -> list[int]:
        """The numbers of the people who are members of a group."""
        size = max(SMALLEST, int(LARGEST * self.people / (number + 1) ** FALL))
        return self._random("members", number).sample(range(self.people), min(size, self.people))

    def owners(self, number: int) -> list[int]:
        """The numbers of the people who own a group: none, one or two."""
        random = self._random("owners", number)
        few = 0 if random.random() < OWNERLESS else random.choice((1, 1, 2))
        return random.sample(range(self.people), min(few, self.people))

    def outer(self, number: int) -> int | None:
        """The number of the group that a group is a member of, which is smaller: no group is inside itself."""
        random = self._random("outer", number)
        return random.randrange(number) if number and random.random() < NESTED else None

    def _hash(self, what: str, number: int) -> bytes:
        return blake2b(f"{self.seed} {what} {number}".encode(), digest_size=16).digest()

    def _random(self, what: str, number: int) -> Random:
        return Random(f"{self.seed} {what} {number}")  # noqa: S311 - repeatable on purpose


def batches(number: int, size: int) -> Iterator[range]:
    """The numbers up to `number` in pieces."""
    return (range(start, min(start + size, number)) for start in range(0, number, size))


def _moment(random: Random) -> str:
    return clock.stamp(_FIRST_DAY + timedelta(minutes=random.randrange(_YEARS * 365 * 24 * 60)))


def _ascii(name: str) -> str:
    plain = name.translate({ord("Ł"): "L", ord("ł"): "l", ord("ø"): "o"})
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
