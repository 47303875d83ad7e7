"""Which secrets there are, which one Airflow has from the vault, and which are to be replaced. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_entra import next_step
from airflow_entra.access.secret_slots import SLOTS, current, parse_rfc3339
from airflow_entra.finding import Finding, FindingsError
from airflow_entra.pulumi.resource_types import CERTIFICATE, PASSWORD, SECRET
from airflow_entra.pulumi.urn import resource_name
from airflow_entra.settings.model import VaultSecret

VAULT_SECRET_NAME = "client-secret"  # noqa: S105 -- the logical name of that resource
WATCHER = "watcher-"
"""What the logical names of the watcher's resources begin with; those of the sign-on have nothing before them."""

Resource = Mapping[str, Any]


class RefusedError(FindingsError):
    """The rotation stops here; nothing that works was taken away."""


@dataclass(frozen=True)
class Slot:
    """One of the application's two secrets. `key_id` is what Entra's portal and audit log call it by."""

    name: str
    urn: str
    key_id: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Held:
    """What the stack's state says of the secret. `finished` is false where a rotation was begun and not ended."""

    current: Slot
    """The one that ends later: the vault's, or what the vault is to get."""
    older: Slot
    vault_urn: str
    application: str
    """Its path in Graph, as in "/applications/{object id}"."""
    finished: bool

    @property
    def urns(self) -> tuple[str, ...]:
        """Everything that a rotation may touch."""
        return self.current.urn, self.older.urn, self.vault_urn

    @property
    def key_ids(self) -> dict[str, str]:
        return {slot.name: slot.key_id for slot in (self.current, self.older)}


def held(export: Mapping[str, Any], stack: str, whose: str = "") -> Held:
    """Read `pulumi stack export`'s object: the sign-on's secret, or with `WATCHER` the watcher's.

    Raises RefusedError where it isn't deployed in two slots.
    """
    names, in_vault = [f"{whose}{slot}" for slot in SLOTS], f"{whose}{VAULT_SECRET_NAME}"
    resources: list[Resource] = (export.get("deployment") or {}).get("resources") or []
    passwords = [one for one in resources if one["type"] == PASSWORD and resource_name(one["urn"]) in names]
    there = {resource_name(one["urn"]): one for one in passwords if not one.get("delete")}
    vault = [one for one in resources if one["type"] == SECRET and resource_name(one["urn"]) == in_vault]
    in_place = [one for one in vault if not one.get("delete")]
    missing = [name for name in names if name not in there] + ([] if in_place else ["the vault's secret"])
    if missing:
        raise RefusedError(
            Finding(
                f"stack {stack}",
                f"not deployed: {', '.join(missing)}",
                "a deployed stack has its secret in two slots, and in the vault the one that ends later",
                f"{next_step.up(stack)}, then run this again",
                id="rotate/not-deployed",
            )
        )
    slots = [_slot(there[name]) for name in names]
    use = current(*(there[name]["outputs"]["endDate"] for name in names))
    published = _vault_end(in_place[0]) == int(slots[use].ends.timestamp())
    leftovers = len(passwords) > len(there) or len(vault) > len(in_place)
    application = there[names[0]]["outputs"]["applicationId"]
    return Held(slots[use], slots[1 - use], in_place[0]["urn"], application, published and not leftovers)


def due_at(slot: Slot, credential: VaultSecret) -> datetime:
    """When the current slot is to be followed by another: at `rotateEvery`, and never less than `overlap` before its
    end, where `rotateEvery` was made longer since."""
    return min(slot.starts + credential.rotate_every, slot.ends - credential.overlap)


def run_every(credential: VaultSecret) -> timedelta:
    """How often to look whether anything is due: daily, or twice in an overlap that is shorter than two days."""
    return min(timedelta(days=1), timedelta(seconds=credential.overlap // timedelta(seconds=2)))


def to_replace(held: Held, credential: VaultSecret, now: datetime, *, at_once: bool) -> tuple[Slot, ...]:
    """The slots to replace, one after the other.

    Normally the older one alone, which nobody uses any more. After a leak both, the older first: the vault has its
    successor when the current one goes. Both too where `rotateEvery` was made so much shorter that the new secret ends
    before the current one, which would stay the current one.
    """
    if not at_once and now < due_at(held.current, credential):
        return ()
    stays = now + credential.rotate_every + credential.overlap <= held.current.ends
    return (held.older, held.current) if at_once or stays else (held.older,)


def certificate_end(export: Mapping[str, Any]) -> datetime | None:
    """When the deployed certificate ends; None where none is deployed."""
    resources: list[Resource] = (export.get("deployment") or {}).get("resources") or []
    ends = [one["outputs"]["endDate"] for one in resources if one["type"] == CERTIFICATE and not one.get("delete")]
    return max(map(_moment, ends), default=None)


def _slot(resource: Resource) -> Slot:
    outputs = resource["outputs"]
    ends = _moment(outputs["endDate"])
    starts = _moment(outputs.get("startDate") or resource["created"])
    return Slot(resource_name(resource["urn"]), resource["urn"], outputs["keyId"], starts, ends)


def _moment(text: str) -> datetime:
    moment = parse_rfc3339(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _vault_end(resource: Resource) -> int | None:
    """The end that the vault's secret was last given, in seconds since 1970: written together with its value."""
    attributes = (resource.get("inputs") or {}).get("properties", {}).get("attributes", {})
    end = attributes.get("expires")
    return int(end) if isinstance(end, int | float) else None
