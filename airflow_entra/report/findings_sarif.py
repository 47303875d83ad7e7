"""Findings as SARIF 2.1.0, which GitHub and Azure DevOps show as code scanning alerts.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow_entra.escape.json_text import document
from airflow_entra.escape.terminal import line
from airflow_entra.escape.workflow import sarif_text
from airflow_entra.finding import Finding, InFile, exit_code
from airflow_entra.report.places import within
from airflow_entra.settings.kinds import KINDS, Kind

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Sequence[Finding], root: Path, version: str, command: str = "check") -> str:
    """One run of `command`; files below `root`, the repository, are named from there.

    Its rules are every kind of mistake, and what else was found.
    """
    others = sorted({line(finding.id) for finding in findings} - set(KINDS))
    rules = [*map(_rule, KINDS.values()), *({"id": id_, "name": _name(id_)} for id_ in others)]
    run = {
        "tool": {"driver": {"name": "airflow-entra", "version": version, "rules": rules}},
        "automationDetails": {"id": f"airflow-entra-{command}/"},
        "invocations": [{"executionSuccessful": True, "exitCode": exit_code(findings)}],
        "columnKind": "unicodeCodePoints",
        "results": list(_results(findings, root, {rule["id"]: index for index, rule in enumerate(rules)})),
    }
    return document({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _name(id_: str) -> str:
    return "".join(word.capitalize() for word in re.split("[^A-Za-z0-9]+", id_))


def _rule(kind: Kind) -> dict[str, Any]:
    return {
        "id": kind.name,
        "name": _name(kind.name),
        "shortDescription": {"text": f"{kind.title}."},
        "fullDescription": {"text": kind.why},
        "help": {"text": f"{kind.why} See {kind.link}", "markdown": f"{kind.why} [Where this comes from]({kind.link})"},
        "helpUri": kind.link,
        "properties": {"tags": [kind.name.partition("/")[0]]},
    }


def _results(findings: Sequence[Finding], root: Path, rules: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for finding in findings:
        identity = _identity(finding, root)
        yield {
            "ruleId": line(finding.id),
            "ruleIndex": rules[line(finding.id)],
            "level": finding.severity,
            "message": {"text": sarif_text(line(f"{finding.what}; {finding.right}; {finding.fix}"))},
            "locations": list(_locations(finding.where, root)),
            "partialFingerprints": {"airflowEntraMistake/v1": f"{identity}:{seen[identity]}"},
        }
        seen[identity] += 1


def _locations(place: object, root: Path) -> Iterator[dict[str, Any]]:
    if isinstance(place, InFile):
        region = {"startLine": place.line, "startColumn": place.column}
        yield {"physicalLocation": {"artifactLocation": _artifact(place.file, root), "region": region}}


def _artifact(file: Path, root: Path) -> dict[str, str]:
    named = within(file, root)
    if not Path(named).is_absolute():
        return {"uri": quote(os.fsencode(named)), "uriBaseId": "%SRCROOT%"}
    return {"uri": Path(named).as_uri()}


def _identity(finding: Finding, root: Path) -> str:
    """The same for the same finding when lines move, so that a host doesn't report it as a new one."""
    place = within(finding.where.file, root) if isinstance(finding.where, InFile) else str(finding.where)
    what = re.sub(r"\bline \d+(, column \d+)?", "line", finding.what)
    return hashlib.sha256("\0".join((finding.id, place, what)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
