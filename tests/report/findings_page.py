"""Writes docs/findings.md and the two schemas beside it: `python -m tests.report.findings_page`.

What a finding is, and every id that there is: of checks and rules as they are declared, of all others where the code
makes them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from airflow_entra.access.risks import REMEDIES
from airflow_entra.audit.checks import CHECKS
from airflow_entra.audit.population import EventJson, NightJson, PopulationJson
from airflow_entra.escape.markdown import code, table, text
from airflow_entra.report.findings import FindingJson
from airflow_entra.settings.kinds import KINDS

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "airflow_entra"
PAGE, SCHEMA = ROOT / "docs" / "findings.md", ROOT / "docs" / "finding.schema.json"
POPULATION = ROOT / "docs" / "population.schema.json"
RUN_BY_OTHERS = ("settings/", "audit/checks/", "access/risks.py")
"""Where whoever runs a list of checks or rules gives the findings their id."""
_START = """\
# Findings

Whatever a command finds, it says in one shape: where it is, what is wrong, what would be right, and how to fix it.
`check`, `diff`, `preview`, `audit` (with `--drift`), `import` and `rotate` find; text, Markdown, JSON, HTML, CSV, SARIF
and annotations show the same. This page is made by `make docs`.

## In JSON

Each command's JSON has a list `findings`. Its members are of this shape, whatever found them
([JSON Schema](finding.schema.json)):

| Member | |
|---|---|
| `id` | the kind of finding; an id never changes, and no other kind gets it |
| `severity` | `error`, `warning` or `note` |
| `stack` | the stack, where a command looks at several |
| `where` | `file:line:column`, or the thing in the directory, in Azure or in Airflow |
| `file`, `line`, `column` | the same for programs, where it is in a file |
| `what`, `right`, `fix` | what is wrong, what would be right, what to do; none of them is ever empty |
| `controls` | of SOC 2 and NIST 800-53, for the audit's and for drift |
| `evidence` | what it was read from, by name: the values of all three sides for drift, a policy's level and severity |

## Severity

| | Means | SARIF | GitHub's annotation | A policy |
|---|---|---|---|---|
| `error` | somebody may have access that nobody meant, or something doesn't work | error | error | mandatory |
| `warning` | it is laxer than it should be, or something changes | warning | warning | advisory |
| `note` | good to know | note | notice | |

## Exit codes

0: nothing to do. 1: there is a finding of the severity that counts. 2: something can't be used at all (a stack file, a
preview that couldn't start), or the call is wrong.

| Command | 1 from |
|---|---|
| `check`, `preview` | error |
| `diff` | error; with `--exit-code` where access changes, too |
| `audit` | `--fail-on`: error, unless said; where the file, the state and the tenant differ is an error |
| `import` | warning; that the next `pulumi up` changes something is one |
| `rotate` | warning; with `--dry-run` that something is due is one |

## Every finding

Mistakes in stack files have [a page of their own](mistakes.md), with an example of each; policies have
[theirs](policies.md), and are found as `policy/<name>`.
"""


@dataclass(frozen=True)
class Made:
    """A place in the product that makes a finding: its parts as expressions of the code."""

    place: str
    parts: Mapping[str, ast.expr]

    @property
    def by_itself(self) -> bool:
        """Whether it has its id from nobody else."""
        return not self.place.startswith(RUN_BY_OTHERS)

    @property
    def constants(self) -> Mapping[str, object]:
        """Of the module in which it is made."""
        name = self.place.partition(":")[0].removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return vars(import_module(f"{PRODUCT.name}.{name}"))

    @property
    def ids(self) -> list[str]:
        """The ids that it may have: one, or one for each way in which something is."""
        found = self.parts.get("id")
        constants = [node.value for node in ast.walk(found) if isinstance(node, ast.Constant)] if found else []
        return [value for value in constants if isinstance(value, str) and "/" in value and not value.endswith("/")]


def made() -> Iterator[Made]:
    """Every `Finding(...)` of the product."""
    for file in sorted(PRODUCT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                plain = dict(zip(("where", "what", "right", "fix"), node.args, strict=False))
                place = f"{file.relative_to(PRODUCT).as_posix()}:{node.lineno}"
                yield Made(place, plain | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg})


def said(expression: ast.expr | None, constants: Mapping[str, object]) -> str:
    """The words of a text, with dots for what is only known when it is said; `constants` are its module's."""
    match expression:
        case ast.Constant(value=value):
            return str(value)
        case ast.JoinedStr(values=parts):
            return "".join(said(part, constants) for part in parts)
        case ast.FormattedValue(value=value):
            return said(value, constants)
        case ast.BinOp(left=left, right=right):
            return said(left, constants) + said(right, constants)
        case ast.Name(id=name) if name.isupper() and isinstance(constants.get(name), str):
            return str(constants[name])
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=key)) if name.isupper():
            table = constants.get(name)
            return str(table[key]) if isinstance(table, Mapping) else "…"
    return "…"


def everything() -> dict[str, list[tuple[str, str]]]:
    """Family -> (id, what would be right)."""
    found = {"audit": {check.id: check.asks for check in CHECKS}}
    found["risk"] = {f"risk/{name}": right for name, (right, _) in REMEDIES.items()}
    for finding in made():
        for id_ in finding.ids if finding.by_itself else ():
            if id_ not in KINDS:
                words = said(finding.parts.get("right"), finding.constants).strip("…:, ")
                found.setdefault(id_.partition("/")[0], {})[id_] = words
    return {family: list(ids.items()) for family, ids in sorted(found.items())}


def page() -> str:
    """The whole page, Markdown."""
    parts = [_START]
    for family, ids in everything().items():
        rows = table(("Finding", "What would be right"), ((code(id_), text(right)) for id_, right in ids))
        parts.append("\n".join([f"### {family}", "", *rows, ""]))
    return "\n".join(parts)


def schema() -> str:
    """JSON Schema of one finding."""
    shape = TypedDict("Finding", get_type_hints(FindingJson, include_extras=True))  # type: ignore[misc]
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **TypeAdapter(shape).json_schema()}
    return json.dumps(content, indent=2) + "\n"


def schema_of_a_population() -> str:
    """JSON Schema of what `airflow-entra audit --from` says happened."""
    inner = {"population": list[_shape("Event", EventJson)], "nights": list[_shape("Night", NightJson)] | None}  # type: ignore[misc]
    population = _shape("Population", PopulationJson, inner)
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **TypeAdapter(population).json_schema()}
    return json.dumps(content, indent=2) + "\n"


def _shape(name: str, of: Any, inner: Mapping[str, Any] | None = None) -> Any:
    """A typed dictionary as pydantic takes it before Python 3.12."""
    return TypedDict(name, get_type_hints(of, include_extras=True) | dict(inner or {}))  # type: ignore[operator]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    SCHEMA.write_text(schema(), "utf-8")
    POPULATION.write_text(schema_of_a_population(), "utf-8")
