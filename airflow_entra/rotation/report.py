"""What a rotation found and did, as text for people, JSON for programs and Markdown for a pipeline's summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow_entra.directory.application_credentials import ApplicationCredential
from airflow_entra.escape import markdown, terminal
from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import text
from airflow_entra.escape.terminal import line
from airflow_entra.report.findings import Format, as_json, as_markdown, as_text
from airflow_entra.rotation.rotate import Rotation
from airflow_entra.rotation.slots import Held, Slot
from airflow_entra.settings import durations
from airflow_entra.words import form, many


def render(rotations: Sequence[Rotation], form: Format, width: int | None = None) -> str:
    """The result for standard output, with its last newline: of the sign-on's secret and, after it, the watcher's."""
    if form == "json":
        first, *others = map(_json, rotations)
        content = first | {"watcher": others[0]} if others else first
        return document(content)
    return "\n".join(_text(one, width) if form == "text" else _markdown(one) for one in rotations)


def conclusion(rotation: Rotation) -> str:
    """What to do next, in one line."""
    stack, every = rotation.stack, rotation.run_every
    if rotation.open:
        return "The application may still be open: settle the findings, and run this again until there is none."
    often = "daily" if every == timedelta(days=1) else f"every {durations.format(every)}"
    return {
        "rotated": "Airflow reads the new secret from the vault by itself: nothing is to be restarted.",
        "finished": "Airflow reads the new secret from the vault by itself: nothing is to be restarted.",
        "not due": f"Run this {often}. After a leak: airflow-entra rotate --stack {stack} --now",
        "due": "Next: the same command without --dry-run.",
        "refused": "Nothing that Airflow needs was taken away: sign-ins go on with the secret in the vault.",
        "nothing to rotate": "Nothing to do." if rotation.fine else "Only Airflow's side can make the next one.",
    }[rotation.outcome]


def _headline(rotation: Rotation) -> str:
    return f"{_outcome(rotation)}{_looked_at(rotation)}"


def _looked_at(rotation: Rotation) -> str:
    """After a leak: whether anybody may still sign in as the application."""
    if rotation.looked == "no":
        return ""
    if rotation.looked == "denied":
        return " Whether somebody else may sign in as the application is unknown."
    taken = f" {_count(len(rotation.removed))} removed." if rotation.removed else ""
    if rotation.unknown:
        return f"{taken} The application has {_count(len(rotation.unknown))}: it may still be open."
    return taken or " The application has no other credential."


def _count(number: int) -> str:
    return f"{many(number, 'credential')} that the stack doesn't have"


def _outcome(rotation: Rotation) -> str:
    due, stack = rotation.due, rotation.stack + (", the watcher" if rotation.whose else "")
    if rotation.mode == "federated":
        return f"Stack {stack} has no secret: Airflow signs in with a token of its own platform."
    if rotation.mode == "certificate":
        ends = f"; it ends on {_day(rotation.certificate_end)}" if rotation.certificate_end else ""
        return f"Stack {stack} has no secret but a certificate, whose private key only Airflow has{ends}."
    when = f"{_day(due)} ({_distance(due, rotation.now)})" if due else ""
    return {
        "rotated": f"Stack {stack}: {_replaced(rotation)}; the vault has the new secret. Next due {when}.",
        "finished": f"Stack {stack}: the interrupted rotation is finished; the vault has the new secret. "
        f"Next due {when}.",
        "not due": f"Stack {stack}: nothing is due before {when}.",
        "due": f"Stack {stack}: {_to_do(rotation)}. Due: {when}.",
        "refused": f"Stack {stack}: {_done_at_least(rotation)}.",
    }[rotation.outcome]


def _replaced(rotation: Rotation) -> str:
    names = [name for name, _, _ in rotation.replaced]
    return f"{' and '.join(names)} {form(len(names), 'was', 'were')} replaced"


def _to_do(rotation: Rotation) -> str:
    names = " and then ".join(rotation.to_replace)
    return f"{names} would be replaced" if names else "an earlier rotation was interrupted and would be finished"


def _done_at_least(rotation: Rotation) -> str:
    if not rotation.replaced:
        return "the secret was not rotated"
    return f"{_replaced(rotation)}, the other one not: the secret before it still works"


def _text(rotation: Rotation, width: int | None) -> str:
    lines = [line(_headline(rotation)), *as_text(rotation.findings, width).splitlines()]
    if rotation.held:
        rows = _rows(rotation.held, rotation.now)
        lines += ["", terminal.table(("Slot", "Key ID", "Made", "Ends", ""), rows)]
    return "\n".join(lines) + "\n"


def _markdown(rotation: Rotation) -> str:
    lines = [text(_headline(rotation)), ""]
    if rotation.findings:
        lines += [*as_markdown(rotation.findings), ""]
    if rotation.held:
        slots = (tuple(map(text, row)) for row in _rows(rotation.held, rotation.now))
        lines += [*markdown.table(("slot", "key id", "made", "ends", ""), slots), ""]
    return "\n".join(lines)


def _json(rotation: Rotation) -> dict[str, Any]:
    slots: list[dict[str, Any]] = []
    if rotation.held:
        slots = [
            {
                "slot": slot.name,
                "keyId": slot.key_id,
                "made": _stamp(slot.starts),
                "ends": _stamp(slot.ends),
                "current": slot == rotation.held.current,
            }
            for slot in _in_order(rotation.held)
        ]
    return {
        "stack": rotation.stack,
        "mode": rotation.mode,
        "outcome": rotation.outcome,
        "at": _stamp(rotation.now),
        "due": rotation.due and _stamp(rotation.due),
        "inVault": rotation.held.finished if rotation.held else None,
        "slots": slots,
        "toReplace": list(rotation.to_replace),
        "replaced": [{"slot": name, "before": before, "now": now} for name, before, now in rotation.replaced],
        "certificateEnds": rotation.certificate_end and _stamp(rotation.certificate_end),
        "credentialsLookedAt": {"no": None, "all": True, "denied": False}[rotation.looked],
        "unknownCredentials": [_credential(credential) for credential in rotation.unknown],
        "removedCredentials": [_credential(credential) for credential in rotation.removed],
        "findings": list(map(as_json, rotation.findings)),
    }


def _credential(credential: ApplicationCredential) -> dict[str, Any]:
    return {
        "kind": credential.kind,
        "name": credential.name,
        "keyId": credential.key_id,
        "ends": credential.ends_at and _stamp(credential.ends_at),
        "hint": credential.hint or None,
        "trusts": credential.trusts or None,
        "of": "service principal" if credential.of_principal else "application",
    }


def _rows(held: Held, now: datetime) -> list[tuple[str, str, str, str, str]]:
    return [
        (slot.name, slot.key_id, _stamp(slot.starts), _stamp(slot.ends), _use(slot, held, now))
        for slot in _in_order(held)
    ]


def _use(slot: Slot, held: Held, now: datetime) -> str:
    if slot.ends <= now:
        return "ended"
    if slot == held.current:
        return "in the vault" if held.finished else "on its way to the vault"
    return "still accepted" if held.finished else "still accepted, perhaps still in the vault"


def _in_order(held: Held) -> list[Slot]:
    return sorted((held.current, held.older), key=lambda slot: slot.name)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _distance(moment: datetime, now: datetime) -> str:
    days = (moment - now).days
    if days < 0:
        return f"{many(-days, 'day')} ago"
    return f"in {many(days, 'day')}"
