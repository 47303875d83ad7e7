"""Rules over several stacks at once, which no single preview can see. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from airflow_entra.errors import shown
from airflow_entra.finding import Finding, InFile
from airflow_entra.settings.document import Document
from airflow_entra.settings.model import CreatedGroup, config_key
from airflow_entra.settings.stack_file import StackFile

_POWERFUL = "Admin"


@dataclass(frozen=True)
class _Use:
    """One place where a file gives a group Admin; `index` is the group's in the role's list."""

    identity: tuple[str, str]
    file: StackFile
    index: int
    name: str

    @property
    def place(self) -> tuple[int, int]:
        loc = ("config", config_key("roles"), _POWERFUL, "groups", self.index)
        return Document(self.file.text).place(loc)

    @property
    def order(self) -> tuple[tuple[str, str], str, int]:
        return self.identity, self.file.stack, self.index


def across(files: Iterable[StackFile]) -> tuple[Finding, ...]:
    """What is wrong between the stacks: one finding at each of its places, which names the others.

    A group that gives Admin in two environments: whoever gets into it for the laxer one is Admin of the other too. The
    local environment is left out: its tenant is nobody's. A group is the same by object id, or, where none is known, by
    first name in the same tenant.
    """
    uses = sorted((use for file in files for use in _uses(file)), key=lambda use: use.order)
    found: list[Finding] = []
    for _, same in groupby(uses, key=lambda use: use.identity):
        places = list(same)
        if len({use.file.settings.environment for use in places}) > 1:
            found += [_finding(use, places) for use in places]
    return tuple(sorted(found, key=lambda finding: finding.order))


def _uses(file: StackFile) -> Iterator[_Use]:
    role = file.settings.roles.get(_POWERFUL)
    if role is None or file.settings.environment == "local":
        return
    for index, group in enumerate(role.groups):
        name = group.create if isinstance(group, CreatedGroup) else group.name
        key = group.id or (isinstance(group, CreatedGroup) and group.was) or name
        yield _Use((file.settings.tenant_id, key), file, index, name)


def _finding(use: _Use, places: Sequence[_Use]) -> Finding:
    others = [one for one in places if one.file.settings.environment != use.file.settings.environment]
    where = ", ".join(
        f"{one.file.settings.environment} ({shown(one.file.file)}:{':'.join(map(str, one.place))})" for one in others
    )
    return Finding(
        InFile(use.file.file, *use.place),
        f"the group {use.name!r} gives Admin in {use.file.settings.environment} and in {where}",
        "each environment has a group of its own for Admin, so that one approval opens one environment",
        "name another group in one of the two",
        id="across/admin-of-two-environments",
    )
