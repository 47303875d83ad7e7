"""What a check of stack files found, as SARIF 2.1.0, which GitHub and Azure DevOps show as code scanning alerts.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow_entra.escape.json_text import document
from airflow_entra.escape.workflow import sarif_text
from airflow_entra.report.places import within
from airflow_entra.settings.check import Checked, exit_code
from airflow_entra.settings.kinds import KINDS, Kind
from airflow_entra.settings.mistakes import Mistake

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INDEX = {name: index for index, name in enumerate(KINDS)}


def sarif(checked: Sequence[Checked], root: Path, version: str) -> str:
    """One run, its rules every kind of mistake; files below `root`, the repository, are named from there."""
    code = exit_code(checked)
    run = {
        "tool": {
            "driver": {
                "name": "airflow-entra",
                "version": version,
                "rules": [_rule(kind) for kind in KINDS.values()],
            }
        },
        "automationDetails": {"id": "airflow-entra-check/"},
        "invocations": [{"executionSuccessful": True, "exitCode": code}],
        "columnKind": "unicodeCodePoints",
        "results": list(_results(checked, root)),
    }
    return document({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(kind: Kind) -> dict[str, Any]:
    return {
        "id": kind.name,
        "name": "".join(word.capitalize() for word in re.split(r"[/-]", kind.name)),
        "shortDescription": {"text": f"{kind.title}."},
        "fullDescription": {"text": kind.why},
        "help": {"text": f"{kind.why} See {kind.link}", "markdown": f"{kind.why} [Where this comes from]({kind.link})"},
        "helpUri": kind.link,
        "properties": {"tags": [kind.name.partition("/")[0]]},
    }


def _results(checked: Sequence[Checked], root: Path) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for one in checked:
        for mistake in one.mistakes:
            identity = _identity(mistake, within(mistake.file, root))
            yield _result(mistake, root, f"{identity}:{seen[identity]}")
            seen[identity] += 1


def _result(mistake: Mistake, root: Path, fingerprint: str) -> dict[str, Any]:
    return {
        "ruleId": mistake.kind,
        "ruleIndex": _INDEX[mistake.kind],
        "level": mistake.severity,
        "message": {"text": sarif_text(f"{mistake.what}; {mistake.right}; {mistake.fix}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(mistake.file, root),
                    "region": {"startLine": mistake.line, "startColumn": mistake.column},
                }
            }
        ],
        "partialFingerprints": {"airflowEntraMistake/v1": fingerprint},
    }


def _artifact(file: Path, root: Path) -> dict[str, str]:
    named = within(file, root)
    if not Path(named).is_absolute():
        return {"uri": quote(os.fsencode(named)), "uriBaseId": "%SRCROOT%"}
    return {"uri": Path(named).as_uri()}


def _identity(mistake: Mistake, file: str) -> str:
    """The same for the same mistake when lines move, so that a host doesn't report it as a new one."""
    what = re.sub(r"\bline \d+(, column \d+)?", "line", mistake.what)
    return hashlib.sha256("\0".join((mistake.kind, file, what)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
