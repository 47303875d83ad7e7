"""Who answers for the application, and which Airflows it serves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import StackSettings, VaultSecret
from airflow_entra.settings.urls import is_local


def somebody_answers(settings: StackSettings) -> Iterator[Finding]:
    if settings.environment == "production" and not settings.owners.contacts:
        yield Finding(
            At(at("owners")),
            "the application has no contact",
            "in production no person owns it, because an owner can add a secret; its notes say who answers for it",
            "write owners.contacts: [data-platform@contoso.com], with your team's address",
            severity="warning",
        )


def owners_once(settings: StackSettings) -> Iterator[Finding]:
    yield from _repeated(settings.owners.application, at("owners", "application"), "owner")
    yield from _repeated(settings.owners.groups, at("owners", "groups"), "owner")


def readers_once(settings: StackSettings) -> Iterator[Finding]:
    if isinstance(settings.credential, VaultSecret):
        yield from _repeated(settings.credential.vault.readers, at("credential", "vault", "readers"), "reader")


def airflows_differ(settings: StackSettings) -> Iterator[Finding]:
    urls: dict[str, int] = {}
    versions: dict[str, int] = {}
    for index, airflow in enumerate(settings.airflow):
        minor = ".".join(airflow.version.split(".")[:2])
        for seen, value, key in ((urls, airflow.url, "url"), (versions, minor, "version")):
            if value in seen:
                yield Finding(
                    At(at("airflow", index, key), first=at("airflow", seen[value], key)),
                    f"two Airflows have the {key} {value}, the first in {{first}}",
                    "two Airflows in one stack are an old and a new one, each with its own address",
                    f"correct the {key}, or give the other Airflow a stack of its own",
                )
            seen.setdefault(value, index)


def production_is_reachable(settings: StackSettings) -> Iterator[Finding]:
    for index, airflow in enumerate(settings.airflow):
        if settings.environment == "production" and is_local(airflow.url):
            yield Finding(
                At(at("airflow", index, "url")),
                f"{airflow.url} is this machine alone, but the environment is production",
                "people reach a production Airflow by its public https address",
                "write that address, or environment: local",
            )


def _repeated(ids: Sequence[str], loc: Loc, noun: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for index, one in enumerate(ids):
        if one in seen:
            yield Finding(
                At((*loc, index), first=(*loc, seen[one])),
                f"the {noun} {one} is listed twice, first in {{first}}",
                "each one stands once",
                "delete the second",
            )
        seen.setdefault(one, index)


RULES = (
    Rule(("owners", "environment"), somebody_answers),
    Rule(("owners",), owners_once),
    Rule(("credential",), readers_once),
    Rule(("airflow",), airflows_differ),
    Rule(("airflow", "environment"), production_is_reachable),
)
