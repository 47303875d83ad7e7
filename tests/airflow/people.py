"""The people of the tests: who they are and which roles their groups give them, directly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from tests.airflow.stacks import TENANT

DOMAIN = "contoso.com"


@dataclass(frozen=True)
class TestPerson:
    name: str
    """The part of the user name before the @."""
    display_name: str
    roles: tuple[str, ...] = ()
    mail: str | None = field(default="")
    guest: bool = False
    enabled: bool = True

    __test__ = False

    @property
    def object_id(self) -> str:
        return str(uuid5(NAMESPACE_DNS, f"{self.name}.{DOMAIN}"))

    @property
    def user_name(self) -> str:
        return f"{self.name}_example.org#EXT#@{DOMAIN}" if self.guest else f"{self.name}@{DOMAIN}"

    @property
    def address(self) -> str | None:
        return f"{self.name}@{DOMAIN}" if self.mail == "" else self.mail

    def as_seed(self) -> dict[str, Any]:
        return {
            "tenantId": TENANT,
            "id": self.object_id,
            "displayName": self.display_name,
            "userPrincipalName": self.user_name,
            "mail": self.address,
            "accountEnabled": self.enabled,
            "userType": "Guest" if self.guest else "Member",
        }


ADMIN = TestPerson("adele", "Adele Admin", ("Admin",))
OP = TestPerson("olu", "Olu Adeyemi", ("Op",))
VIEWER = TestPerson("vera", "Vera Rubin", ("Viewer",))
EDITOR = TestPerson("sam", "Sam Sales", ("sales-editor",))
BOTH = TestPerson("bea", "Bea Both", ("Viewer", "sales-editor"))
UNICODE = TestPerson("zoe", "Zoë Łukaszewicz 李小龍 <b>'\"", ("Viewer",))
NO_EMAIL = TestPerson("noa", "Noa Nomail", ("Viewer",), mail=None)
GUEST = TestPerson("gus", "Gus Guest", ("Viewer",), guest=True)
DISABLED = TestPerson("dan", "Dan Disabled", ("Viewer",), enabled=False)
NOBODY = TestPerson("nina", "Nina Nobody")
MANY_GROUPS = TestPerson("gwen", "Gwen Groups", ("Viewer",))
NESTED = TestPerson("nils", "Nils Nested")
MOVER = TestPerson("mo", "Mo Mover", ("Viewer",))
LEAVER = TestPerson("lea", "Lea Leaver", ("Op",))
TWIN = TestPerson("tim", "Tim Twin", ("Viewer",), mail="twins@contoso.com")
OTHER_TWIN = TestPerson("tom", "Tom Twin", ("Viewer",), mail="twins@contoso.com")
ATTACKER = TestPerson("mallory", "Mallory", ("Viewer",), mail="ceo@contoso.com")
STRANDED = TestPerson("stan", "Stan Stranded", ("Viewer",))
EXPELLED = TestPerson("ezra", "Ezra Expelled", ("Viewer",))
RAISED = TestPerson("rio", "Rio Raised", ("Viewer",))
RUNNER = TestPerson("rita", "Rita Runner", ("sales-runner",))
TWO_BROWSERS = TestPerson("tara", "Tara Twobrowsers", ("Viewer",))
DEACTIVATED = TestPerson("dee", "Dee Deactivated", ("Viewer",))
CAPPED = TestPerson("cara", "Cara Capped", ("Viewer",))
CHANGED_BY_HAND = TestPerson("hana", "Hana Hand", ("Viewer",))
CHANGED_BY_CLI = TestPerson("clio", "Clio Command", ("Viewer",))
CHANGED_BY_API = TestPerson("apia", "Apia Interface", ("Viewer",))
CHANGED_ROLE = TestPerson("rolf", "Rolf Role", ("sales-editor", "sales-runner"))
CEO = TestPerson("carl", "Carl Chief", ("Op",), mail="ceo@contoso.com")
NEWCOMER = TestPerson("nell", "Nell Newcomer", ("Viewer",))
VICTIM = TestPerson("fay", "Fay Forged", ("Viewer",))
HEIR_BY_MAIL = TestPerson("hugo", "Hugo Heir", ("Viewer",))
HEIR_BY_NAME = TestPerson("hedda", "Hedda Heir", ("Viewer",))
RENAMED = TestPerson("rena", "Rena Old", ("Viewer",))
PROMOTED = TestPerson("priya", "Priya Promoted", ("Viewer",))
REMOVED = TestPerson("remy", "Remy Removed", ("Op",))
UNMATCHED = TestPerson("uma", "Uma Unmatched", ("Op",))
DISMISSED = TestPerson("dora", "Dora Dismissed", ("Viewer",))
WATCHED = TestPerson("wanda", "Wanda Watched", ("Viewer",))
WATCHED_TWICE = TestPerson("wim", "Wim Watched", ("Viewer", "Op"))
WATCHED_GONE = TestPerson("wilma", "Wilma Watched", ("Viewer",))
WATCHED_RACING = TestPerson("wolf", "Wolf Watched", ("Viewer",))
WATCHED_INSIDE = TestPerson("wes", "Wes Watched")
UNASSIGNED = TestPerson("una", "Una Unassigned", ("Viewer",))
UNASSIGNED_UNDER_WAY = TestPerson("ugo", "Ugo Unassigned", ("sales-runner",))
UNASSIGNED_IN_PART = TestPerson("ulla", "Ulla Unassigned", ("Viewer", "sales-runner"))
REVOKED = TestPerson("reva", "Reva Revoked", ("Viewer",))
SHUT_OUT = TestPerson("shea", "Shea Shutout", ("Viewer",))

PEOPLE = (
    ADMIN,
    OP,
    VIEWER,
    EDITOR,
    BOTH,
    UNICODE,
    NO_EMAIL,
    GUEST,
    DISABLED,
    NOBODY,
    MANY_GROUPS,
    NESTED,
    MOVER,
    LEAVER,
    TWIN,
    OTHER_TWIN,
    ATTACKER,
    STRANDED,
    EXPELLED,
    RAISED,
    RUNNER,
    TWO_BROWSERS,
    DEACTIVATED,
    CAPPED,
    CHANGED_BY_HAND,
    CHANGED_BY_CLI,
    CHANGED_BY_API,
    CHANGED_ROLE,
    CEO,
    NEWCOMER,
    VICTIM,
    HEIR_BY_MAIL,
    HEIR_BY_NAME,
    RENAMED,
    PROMOTED,
    REMOVED,
    UNMATCHED,
    DISMISSED,
    WATCHED,
    WATCHED_TWICE,
    WATCHED_GONE,
    WATCHED_RACING,
    WATCHED_INSIDE,
    UNASSIGNED,
    UNASSIGNED_UNDER_WAY,
    UNASSIGNED_IN_PART,
    REVOKED,
    SHUT_OUT,
)
MANY = 300
"""Groups that `MANY_GROUPS` and `STRANDED` are in besides the one that gives the role; a token holds 200 at most."""
