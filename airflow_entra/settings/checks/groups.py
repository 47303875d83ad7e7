"""Groups: one name, one group, one set of properties, wherever it is listed."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import CreatedGroup, ExistingGroup, StackSettings

Listed = tuple[str, Loc, CreatedGroup | ExistingGroup]  # role, place, group


def once_in_a_role(settings: StackSettings) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str | None], Loc] = {}
    for role, loc, group in _listed(settings):
        key = role, _label(group), None if isinstance(group, CreatedGroup) else group.id
        if key in seen:
            yield Finding(
                At(loc, first=seen[key]),
                f"the group {_label(group)} is listed twice in the role {role}, first in {{first}}",
                "a group stands once in a role",
                "delete the second",
            )
        seen.setdefault(key, loc)


def created_alike(settings: StackSettings) -> Iterator[Finding]:
    """A group may give several roles; it is the same group, so every place says the same about it."""
    seen: dict[str, tuple[str, Loc, CreatedGroup]] = {}
    for role, loc, group in _listed(settings):
        if not isinstance(group, CreatedGroup):
            continue
        first_role, first, earlier = seen.setdefault(group.create.casefold(), (role, loc, group))
        if earlier.create != group.create:
            yield Finding(
                At((*loc, "create"), first=first),
                f"{group.create} and {earlier.create} ({{first}}) differ only in case",
                "people can't tell such groups apart",
                f"write {earlier.create} if it is the same group, or another name",
            )
        elif earlier != group and first_role != role:
            differing = next(
                key
                for key in ("rule", "was", "description", "id", "mail_nickname")
                if getattr(earlier, key) != getattr(group, key)
            )
            yield Finding(
                At(loc, first=first),
                f"the group {group.create} has another {to_camel(differing)} here than in {{first}}",
                "one group has the same properties in every role that lists it",
                f"write the same {to_camel(differing)} in both places, or create another group",
            )


def one_id_one_name(settings: StackSettings) -> Iterator[Finding]:
    seen: dict[str, tuple[str, Loc]] = {}
    for _, loc, group in _listed(settings):
        if group.id is None:
            continue
        name, first = seen.setdefault(group.id, (_label(group), loc))
        if name != _label(group):
            yield Finding(
                At((*loc, "id"), first=first),
                f"the id of {_label(group)} is that of {name} in {{first}}",
                "one object has one id and one name",
                "correct the id or the name",
            )


def former_names_are_free(settings: StackSettings) -> Iterator[Finding]:
    created = [(loc, group) for _, loc, group in _listed(settings) if isinstance(group, CreatedGroup)]
    current = {group.create: loc for loc, group in created}
    former: dict[str, tuple[Loc, str]] = {}
    for loc, group in created:
        if group.was is None:
            continue
        other_loc, other = former.setdefault(group.was, (loc, group.create))
        if group.was in current:
            yield Finding(
                At((*loc, "was"), first=current[group.was]),
                f"the former name {group.was} is the name of a group in {{first}}",
                "`was` is a name that no group has any more",
                "delete was, or rename the other group",
            )
        elif other != group.create:
            yield Finding(
                At((*loc, "was"), first=(*other_loc, "was")),
                f"{other} ({{first}}) was called {group.was} as well",
                "one former name belongs to one group",
                "delete one of the two",
            )


def _label(group: CreatedGroup | ExistingGroup) -> str:
    return group.create if isinstance(group, CreatedGroup) else group.name


def _listed(settings: StackSettings) -> Iterator[Listed]:
    for role, entry in settings.roles.items():
        for index, group in enumerate(entry.groups):
            yield role, at("roles", role, "groups", index), group


RULES = tuple(
    Rule(("roles",), check) for check in (once_in_a_role, created_alike, one_id_one_name, former_names_are_free)
)
