"""The hand-over file: what the identity team is asked to do, written so that they need nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from airflow_entra.access import DeclaredStack
from airflow_entra.access.ask_text import ask_as_markdown
from airflow_entra.access.requests import Ask, Ids, asks
from airflow_entra.components.moving import left_to_others
from airflow_entra.directory.answered import Answered, answered
from airflow_entra.directory.tenant import LiveTenant
from airflow_entra.escape.markdown import text


@dataclass(frozen=True, slots=True)
class HandOver:
    """`facts` is the program output `handOver`, None without request parts; `warnings` holds one text each."""

    facts: pulumi.Output[dict[str, Any] | None]
    warnings: pulumi.Output[list[str]]


def hand_over(
    stack: DeclaredStack,
    ids: Mapping[str, pulumi.Input[str]],
    groups: Mapping[str, pulumi.Input[str] | None],
    tenant: LiveTenant,
    file: Path,
) -> HandOver | None:
    """Looks up what others have done; writes `file` during an `up` and only where its text changes.

    `ids` holds application, client, service_principal and watcher. None where nothing is left to others.
    """
    if not {"request", "existing"} & set(stack.settings.tenant.manage.model_dump().values()):
        return None

    async def look(known: dict[str, Any]) -> dict[str, Any]:
        so_far = Ids(**known["ids"], groups=known["groups"])
        if not pulumi.runtime.is_dry_run():
            tenant.just_made(filter(None, known["ids"].values()), pulumi.log.info)
        requested = asks(stack, so_far, "request")
        existing = asks(stack, so_far, "existing")
        # Off the event loop: the engine's own calls go on while the directory is asked.
        answers = await asyncio.to_thread(answered, requested, so_far, tenant)
        others = await asyncio.to_thread(answered, existing, so_far, tenant)
        if requested and not pulumi.runtime.is_dry_run():
            _write_if_changed(file, render(stack, answers))
        return {
            "facts": _facts(file, answers) if requested else None,
            "warnings": [
                *answers.denied,
                *others.denied,
                *(_not_there(ask) for ask in others.open if not others.denied),
                *await asyncio.to_thread(left_to_others, stack.settings, so_far.service_principal, tenant),
            ],
        }

    found: pulumi.Output[dict[str, Any]] = pulumi.Output.all(ids=dict(ids), groups=dict(groups)).apply(look)
    return HandOver(found.apply(lambda it: it["facts"]), found.apply(lambda it: it["warnings"]))


def render(stack: DeclaredStack, answers: Answered) -> str:
    """The file's text: Markdown, the same for the same answers."""
    tenant = stack.settings.tenant_id
    lines = [
        f"# What Airflow's sign-on ({text(stack.name)}) needs from the identity team",
        "",
        f"Tenant {tenant}. Written by `pulumi up`, which looks at the directory each time and moves what",
        "is done to the end. Whoever does it needs the permission named with it, nothing more.",
        "",
        f"## Open: {len(answers.open)}",
    ]
    for number, ask in enumerate(answers.open, 1):
        lines += ["", *ask_as_markdown(ask, number)]
    lines += ["", f"## Done: {len(answers.done)}", *_bullets(ask.title for ask in answers.done)]
    if answers.denied:
        lines += ["", "## Not looked at", "", "These count as open above.", *_bullets(answers.denied)]
    return "\n".join(lines) + "\n"


def _bullets(items: Iterable[str]) -> Sequence[str]:
    bullets = [f"- {text(item)}" for item in items]
    return ["", *bullets] if bullets else []


def _facts(file: Path, answers: Answered) -> dict[str, Any]:
    return {
        "file": f"{file.parent.name}/{file.name}",
        "open": [ask.title for ask in answers.open],
        "done": [ask.title for ask in answers.done],
    }


def _not_there(ask: Ask) -> str:
    return f"tenant.manage calls {to_camel(ask.part)} existing, but this isn't there: {ask.title}. {ask.why}"


def _write_if_changed(file: Path, content: str) -> None:
    if file.is_file() and file.read_text("utf-8") == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")
