"""Each of Azure's names stands in one module of its side: what stands in two is corrected in one of them.

The sides know nothing of each other on purpose (see the import contracts), so each says it once for itself.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

PROJECT = Path(__file__).parents[1]
SIDES = {
    "product": ("__main__.py", "airflow_entra/", "airflow_entra_auth/"),
    "policies": ("policies/",),
    "tenant": ("entra_local/",),
    "stand-ins": ("engine/",),
}
HOMES = {
    "product": {
        "address": "airflow_entra_auth/azure.py",
        "id": "airflow_entra/access/permissions.py or azure_roles.py",
        "type": "airflow_entra/pulumi/resource_types.py; a key of the stack file is settings.model.config_key's",
        "path": "airflow_entra_auth/airflow_paths.py",
        "roles": "BUILT_IN_ROLES in airflow_entra_auth/rules.py",
        "stack name": "airflow_entra/settings/stack_file.py",
        "variable": "airflow_entra/variables.py or airflow_entra_auth/variables.py",
    },
    "policies": {"type": "policies/resource_types.py", "id": "policies/permissions.py"},
    "tenant": {"address": "entra_local/azure.py", "id": "entra_local/azure.py"},
    "stand-ins": {},
}
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w.-])\.?(?!(?:learn|go)\.)"  # documentation isn't talked to
    r"((?:[\w-]+\.)*(?:microsoftonline\.com|microsoft\.com|azure\.com|azure\.net|windows\.net|githubusercontent\.com))\b"
)
_TYPE = re.compile(r"(?:azuread|azure-native|pulumi|pulumi-python):[\w./-]+(?::\w+)?|airflow-entra:index:\w*")
_PATH = re.compile(r"/oauth-authorized|^/logout(?=/?$)")
_STACK_NAME = re.compile(re.escape("[A-Za-z0-9._-]{1,100}"))
_VARIABLE = re.compile(r"AIRFLOW_ENTRA_[A-Z_]+")
_ROLES = frozenset({"Admin", "Op", "User", "Viewer", "Public"})


class Place(NamedTuple):
    file: str
    line: int


class Name(NamedTuple):
    kind: str
    text: str


@pytest.mark.parametrize("side", SIDES)
def test_what_azure_and_airflow_call_things_is_said_once(side: str) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    files = [name for name in tracked.splitlines() if name.startswith(SIDES[side]) and (PROJECT / name).is_file()]
    sources = {name: (PROJECT / name).read_text("utf-8") for name in files if name.endswith((".py", ".html", ".j2"))}
    assert len(sources) > 20
    assert [*complaints(sources, HOMES[side])] == []


def complaints(sources: Mapping[str, str], homes: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each name that stands in more than one file."""
    for name, places in sorted(found(sources).items()):
        if len({place.file for place in places}) > 1:
            where = ", ".join(f"{place.file}:{place.line}" for place in places)
            home = homes.get(name.kind)
            yield f"{name.text} ({name.kind}) stands in {where}: keep one" + (f", in {home}" if home else "")


def found(sources: Mapping[str, str]) -> dict[Name, list[Place]]:
    names: dict[Name, list[Place]] = defaultdict(list)
    for file, text in sources.items():
        for name, line in _in_code(ast.parse(text)) if file.endswith(".py") else _in_text(text, 1):
            names[name].append(Place(file, line))
    return names


def _in_code(tree: ast.AST) -> Iterator[tuple[Name, int]]:
    """Without docstrings, and without documents: an example in several lines says everything in full."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            if "\n" not in node.value.strip():
                yield from _in_text(node.value, node.lineno)
                for kind, whole in {"type": _TYPE, "variable": _VARIABLE}.items():
                    if whole.fullmatch(node.value):
                        yield Name(kind, node.value), node.lineno
        elif isinstance(node, ast.Tuple | ast.List | ast.Set) and len(_texts(node.elts) & _ROLES) > 2:
            yield Name("roles", "the list of Airflow's own roles"), node.lineno


def _in_text(text: str, first: int) -> Iterator[tuple[Name, int]]:
    for number, line in enumerate(text.splitlines(), first):
        for kind, pattern in {"id": _ID, "address": _ADDRESS, "path": _PATH, "stack name": _STACK_NAME}.items():
            for match in pattern.finditer(line):
                if kind != "stack name" or line.strip() == match[0]:
                    yield Name(kind, match[match.lastindex or 0].lower()), number


def _texts(nodes: Iterable[ast.expr]) -> frozenset[str]:
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


GUID = "4633458b-17de-408a-b874-0445c86b69e6"
TWICE = {
    "an id": f'ROLE = "{GUID}"',
    "an address": 'URL = f"https://graph.microsoft.com/v1.0/users/{me}"',
    "a vault's address": 'URI = f"https://{name}.vault.azure.net/"',
    "a resource's type": 'if kind == "azuread:index/application:Application":\n    pass',
    "a short type": 'TYPES = ("azure-native:keyvault:Secret",)',
    "a component's type": 'KIND = "airflow-entra:index:"',
    "a key of the stack file": 'values["azuread:tenantId"]',
    "a redirect path": 'URL = base + "/auth/oauth-authorized/azure"',
    "Airflow's roles": 'OWN = {"Viewer", "Op", "Admin"}',
    "a variable of our own": 'os.environ["AIRFLOW_ENTRA_STACKS"]',
    "the rule for a stack's name": 'NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")',
}
MAY_BE_TWICE = {
    "a docstring": f'"""Asks https://graph.microsoft.com about {GUID}."""',
    "an example": f'EXAMPLE = """\nresources:\n  type: azuread:Application\n  id: {GUID}\n"""',
    "documentation": 'SOURCE = "https://learn.microsoft.com/graph/permissions-reference"',
    "another rule": 'NAME = re.compile(r"(?!x)[A-Za-z0-9._-]{1,100}")',
    "two roles": 'STRONG = ("Admin", "Op")',
}


@pytest.mark.parametrize("line", TWICE.values(), ids=TWICE)
def test_a_second_place_is_named_with_where_it_belongs(line: str) -> None:
    (told,) = complaints({"a.py": line, "b.py": f"\n{line}", "c.py": ""}, dict.fromkeys(HOMES["product"], "home.py"))
    assert "a.py:1, b.py:2: keep one, in home.py" in told


@pytest.mark.parametrize("line", MAY_BE_TWICE.values(), ids=MAY_BE_TWICE)
def test_prose_and_documents_may_repeat(line: str) -> None:
    assert [*complaints({"a.py": line, "b.py": line}, {})] == []
