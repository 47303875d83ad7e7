"""Whose tokens Entra takes in place of a secret: what each platform writes, and that no two credentials are one."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings import issuers
from airflow_entra.settings.checks.rule import Rule, at
from airflow_entra.settings.model import Federated, Federation, Federations, StackSettings

Place = tuple[Loc, Federation]


def trusts_differ(settings: StackSettings) -> Iterator[Finding]:
    """Entra refuses a second credential with the issuer and subject of another, and one with its name."""
    for places in (_credential(settings), _watcher(settings)):
        seen: dict[tuple[str, str], Loc] = {}
        named: dict[str | None, Loc] = {}
        for loc, trust in places:
            if first := seen.get((trust.issuer, trust.subject)):
                yield Finding(
                    At((*loc, "issuer"), key=True, first=(*first, "issuer")),
                    "it is the workload of {first} once more",
                    "each entry is another workload: another issuer or another subject",
                    "delete one of the two",
                )
            elif first := named.get(trust.name):
                yield _same_name(loc, trust, first)
            seen.setdefault((trust.issuer, trust.subject), loc)
            named.setdefault(trust.name, loc)


def _same_name(loc: Loc, trust: Federation, first: Loc) -> Finding:
    if trust.name is None:
        return Finding(
            At((*loc, "issuer"), key=True, first=(*first, "issuer")),
            "it has no name, and {first} has none either",
            "of several workloads all but one have a name, by which their credentials are told apart and kept",
            "add a name, such as the cluster's or region's; the one that is deployed already stays without",
        )
    return Finding(
        At((*loc, "name"), first=(*first, "name")),
        f"{trust.name} is the name of {{first}} too",
        "each credential has a name of its own",
        "write another one",
    )


def issuer_as_written(settings: StackSettings) -> Iterator[Finding]:
    for loc, trust in _all(settings):
        if wrong := issuers.never_written(trust.issuer):
            yield Finding(
                At((*loc, "issuer")),
                f"no token has this issuer: {wrong}",
                "the iss of the tokens: Entra compares it character by character",
                f"write {_other(trust.issuer)}, if that is what the platform shows",
            )


def github_subject(settings: StackSettings) -> Iterator[Finding]:
    """A customised subject may begin with anything; one that begins with repo: has one of two forms."""
    for loc, trust in _all(settings):
        if (
            issuers.github_host(trust.issuer)
            and trust.subject.startswith("repo:")
            and issuers.repository(trust.subject) is None
        ):
            yield Finding(
                At((*loc, "subject")),
                f"no token of GitHub's has the subject {trust.subject[:150]}",
                "repo:OWNER/REPOSITORY:... or, with the ids of both, repo:OWNER@ID/REPOSITORY@ID:...",
                "gh api repos/OWNER/REPOSITORY/actions/oidc/customization/sub says how it begins",
            )


def issuer_retires(settings: StackSettings) -> Iterator[Finding]:
    for loc, trust in _all(settings):
        if ends := issuers.retires(trust.issuer):
            yield Finding(
                At((*loc, "issuer")),
                f"Azure DevOps retires this issuer on {ends:%Y-%m-%d}: nobody signs in with its tokens then",
                "the issuer and subject that the converted service connection shows: Entra's own issuer",
                "convert the service connection in Azure DevOps, and write what it shows then",
                severity="warning",
            )


def _all(settings: StackSettings) -> Iterator[Place]:
    yield from _credential(settings)
    yield from _watcher(settings)


def _credential(settings: StackSettings) -> Iterator[Place]:
    if isinstance(settings.credential, Federated):
        yield from _places(at("credential", "federated"), settings.credential.federated)


def _watcher(settings: StackSettings) -> Iterator[Place]:
    if settings.watcher.federated is not None:
        yield from _places(at("watcher", "federated"), settings.watcher.federated)


def _places(loc: Loc, federated: Federations) -> Iterator[Place]:
    if isinstance(federated, list):
        yield from (((*loc, number), trust) for number, trust in enumerate(federated))
    else:
        yield loc, federated


def _other(issuer: str) -> str:
    return issuer.rstrip("/") if issuer.endswith("/") else f"{issuer}/"


RULES = (
    Rule(("credential", "watcher"), trusts_differ),
    Rule(("credential", "watcher"), issuer_as_written),
    Rule(("credential", "watcher"), github_subject),
    Rule(("credential", "watcher"), issuer_retires),
)
