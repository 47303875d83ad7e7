"""What pipelines need and who has to grant what: as text for who runs it, Markdown for who is asked, JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from airflow_entra.access.ask_text import ask_as_markdown
from airflow_entra.access.ci_variables import Variable, commands
from airflow_entra.access.pipeline import Pipeline
from airflow_entra.access.repository import GitHub
from airflow_entra.access.requests import Ask
from airflow_entra.escape.json_text import document
from airflow_entra.escape.markdown import Md, code, fenced, table, text
from airflow_entra.escape.terminal import row

Form = Literal["text", "json", "markdown"]
_VERBS = {"create": "made", "update": "changed", "delete": "deleted", "replace": "replaced"}


@dataclass(frozen=True, slots=True)
class Step:
    """One resource that is (to be) made, changed or deleted."""

    operation: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """`applied`: the steps have been done. `providers` by environment, `stacks` by environment their names."""

    pipeline: Pipeline
    steps: Sequence[Step]
    applied: bool
    asks: Sequence[Ask]
    variables: Sequence[Variable]
    providers: Mapping[str, str]
    stacks: Mapping[str, Sequence[str]]
    owners: Mapping[str, str]
    """Environment -> the deploying identity's object id, where it isn't listed as an owner in a stack file yet."""
    cautions: Sequence[str]


def render(told: Bootstrap, form: Form) -> str:
    """The report, with its last newline."""
    return {"text": _text, "markdown": _markdown, "json": _json}[form](told)


def conclusion(told: Bootstrap) -> str:
    """One line: how it stands."""
    if not told.steps:
        return "No changes: everything is as declared."
    counts = Counter(_VERBS.get(step.operation, step.operation) for step in told.steps)
    would = "" if told.applied else "would be "
    listed = ", ".join(f"{count} {would}{verb}" for verb, count in sorted(counts.items()))
    return f"Done: {listed}." if told.applied else f"{listed}. Nothing is made yet."


def _text(told: Bootstrap) -> str:
    sections = [
        [conclusion(told), *_steps(told)],
        ["Who signs in", *(line for identity in _identities(told) for line in identity)],
        ["The state", *(f"  {name:<22}{value}" for name, value in _state(told))],
        [f"To be granted: {len(told.asks)} (the exact calls: --format markdown)", *_asks(told)],
        ["Tell the CI system", *(f"  {line}" for line in commands(told.pipeline, told.variables))],
        ["Write into the stack files", *_stack_files(told)],
        ["To know", *(f"  - {caution}" for caution in told.cautions)],
    ]
    return "\n".join(
        "".join(f"{row(said)}\n" for said in lines)
        for lines in sections
        if len(lines) > 1 or lines[0] == conclusion(told)
    )


def _steps(told: Bootstrap) -> list[str]:
    width = max((len(step.kind) for step in told.steps), default=0)
    return [f"  {step.operation:<8}{step.kind:<{width}}  {step.name}" for step in told.steps if not told.applied]


def _identities(told: Bootstrap) -> list[list[str]]:
    return [
        [f"  {one.name}", *(f"    {trust.subject}  ({trust.description}; of {trust.issuer})" for trust in one.trusts)]
        for one in told.pipeline.identities
    ]


def _state(told: Bootstrap) -> list[tuple[str, str]]:
    place = told.pipeline.state
    return [
        ("subscription", place.subscription),
        ("resource group", f"{place.resource_group} ({place.location})"),
        ("PULUMI_BACKEND_URL", place.backend),
        *((f"key of {environment}", provider) for environment, provider in told.providers.items()),
        *([] if told.providers else [("vault", f"{place.vault}, a key for each environment")]),
    ]


def _asks(told: Bootstrap) -> list[str]:
    lines = []
    for number, ask in enumerate(told.asks, 1):
        about = [f"Why: {ask.why}", *(f"- {point}" for point in ask.points), f"Permission: {ask.permission}."]
        lines += [f"  {number}. {ask.title}", *(f"     {said}" for said in (*about, ask.afterwards) if said)]
    return lines


def _stack_files(told: Bootstrap) -> list[str]:
    lines = []
    for environment, names in told.stacks.items():
        provider = told.providers.get(environment)
        for name in names:
            if provider:
                with_key = "with the encryptedkey that Pulumi writes beside it, or not at all"
                lines.append(f"  Pulumi.{name}.yaml  secretsprovider: {provider}  ({with_key})")
            if environment in told.owners:
                owner = told.owners[environment]
                lines.append(f"  Pulumi.{name}.yaml  airflow-entra:owners: application: [..., {owner}]")
    return lines


def _markdown(told: Bootstrap) -> str:
    pipeline = told.pipeline
    lines = [
        f"# What the pipelines of {text(str(pipeline.repository))} need",
        "",
        f"Tenant {text(pipeline.tenant)}. Written by `airflow-entra bootstrap`. {text(conclusion(told))}",
        "",
    ]
    rows = (
        (
            text(one.name),
            code(trust.issuer),
            code(trust.subject),
            text(trust.description),
            Md(", ".join(map(code, one.permissions))),
        )
        for one in pipeline.identities
        for trust in one.trusts
    )
    lines += table(
        ("identity", "trusts tokens of", "with the subject, exactly", "for", "asks Microsoft Graph for"), rows
    )
    lines += ["", "None has a secret.", "", f"## To be granted: {len(told.asks)}"]
    for number, ask in enumerate(told.asks, 1):
        lines += ["", *ask_as_markdown(ask, number)]
    lines += ["", "## The CI system", "", *fenced(commands(pipeline, told.variables), "sh")]
    if stack_files := _stack_files(told):
        lines += ["", "## The stack files", "", *fenced([row(said).strip() for said in stack_files], "text")]
    lines += ["", "## To know", "", *(f"- {text(caution)}" for caution in told.cautions)]
    return "\n".join(lines) + "\n"


def _json(told: Bootstrap) -> str:
    pipeline = told.pipeline
    content: dict[str, Any] = {
        "tenantId": pipeline.tenant,
        "repository": str(pipeline.repository),
        "system": "github" if isinstance(pipeline.repository, GitHub) else "azureDevOps",
        "applied": told.applied,
        "steps": [asdict(step) for step in told.steps],
        "identities": [asdict(one) for one in pipeline.identities],
        "state": asdict(pipeline.state) | {"backend": pipeline.state.backend, "secretsProviders": dict(told.providers)},
        "grants": [asdict(ask) for ask in told.asks],
        "variables": [asdict(one) for one in told.variables],
        "stacks": {environment: list(names) for environment, names in told.stacks.items()},
        "owners": dict(told.owners),
        "commands": list(commands(pipeline, told.variables)),
        "cautions": list(told.cautions),
    }
    return document(content)
