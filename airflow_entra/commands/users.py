"""`airflow-entra import --users`: Airflow's users beside the directory's people, in a file that a person reviews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from airflow_entra.commands.import_ import target_of_import
from airflow_entra.directory import membership
from airflow_entra.errors import UserError, on_disk
from airflow_entra.escape.json_text import document
from airflow_entra.files import read_text
from airflow_entra.importing.airflow_users import airflow_users
from airflow_entra.importing.choices import Choices
from airflow_entra.importing.pairing import pairs
from airflow_entra.importing.review import Reviewed, is_review, review_text, reviewed
from airflow_entra.importing.stack_text import write_new
from airflow_entra.local.world import World
from airflow_entra.target import asking


@dataclass(frozen=True)
class Proposed:
    """A review file was written; `counts` says how many users have which proposal."""

    file: Path
    counts: dict[str, int]
    known: int
    """How many users are a person's already."""


def review_users(
    world: World,
    choices: Choices,
    file: Path,
    out: Path | None,
    *,
    overwrite: bool,
    port: int,
    say: Callable[[str], None],
) -> Proposed | Reviewed:
    """Writes a review file from an export; checks one that is a review file already.

    `port` is where a local tenant is started that isn't running. Raises UserError and what asking
    raises.
    """
    text = _read(file)
    stack = world.declared(choices.stack) if world.stack_file(choices.stack).exists() else None
    with asking(target_of_import(world, choices, stack, port=port, say=say)) as clients:
        tenant_id, accounts = clients.tenant_id, membership.accounts(clients.graph)
    if is_review(text):
        return reviewed(text, tenant_id, accounts)
    users = airflow_users(text, str(file))
    found = pairs(users, accounts)
    written = out or Path(f"users-{choices.stack}.yaml")
    try:
        write_new(written, review_text(found, choices.stack, tenant_id), overwrite=overwrite)
    except FileExistsError:
        raise UserError(f"{written} is there, perhaps with decisions in it: --overwrite writes it anew") from None
    counts: dict[str, int] = {}
    for pair in found:
        counts[pair.proposal] = counts.get(pair.proposal, 0) + 1
    return Proposed(written, counts, len(users) - len(found))


def links_text(checked: Reviewed) -> str:
    """What `python -m airflow_entra_auth.link` reads, in Airflow's own environment."""
    links = [
        {"userName": one.user_name, "email": one.email, "userId": one.user_id, "objectId": one.object_id}
        for one in checked.links
    ]
    content = {"schema": 1, "tenantId": checked.tenant_id, "reviewedBy": checked.by, "links": links}
    return document(content)


def _read(file: Path) -> str:
    with on_disk("read the users", file):
        return read_text(file)
