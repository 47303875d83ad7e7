"""Which modules start programs, and which of them start Pulumi: read from their source, whatever they call things."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_STARTERS = {
    "subprocess": {"run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"},
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
    "asyncio.subprocess": {"create_subprocess_exec", "create_subprocess_shell"},
    "os": {"system", "popen", "posix_spawn", "posix_spawnp", "startfile"}
    | {f"{kind}{how}" for kind in ("exec", "spawn") for how in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")},
    "pty": {"spawn"},
    "airflow_entra.pulumi.family": {"Family"},
}
AUTOMATION = "pulumi.automation"


def starts_programs(source: str) -> bool:
    """Whether it calls anything that starts a program, or has it called by another's."""
    return bool(_starters(ast.parse(source)))


def starts_pulumi(source: str) -> bool:
    """Whether it says `pulumi` and starts a program, or uses Pulumi's automation, which starts it."""
    tree = ast.parse(source)
    starters = _starters(tree)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.func in starters)
    shell = any(text.startswith("pulumi ") for call in calls for text in _texts(call))
    named = any(Path(text).name == "pulumi" for text in _texts(tree))
    return AUTOMATION in _imports(tree) or shell or (bool(starters) and named)


def imports_automation(source: str) -> bool:
    return AUTOMATION in _imports(ast.parse(source))


def modules(project: Path, *folders: str) -> dict[str, str]:
    """The sources of a project's packages, by module."""
    files = [file for folder in folders for file in (project / folder).rglob("*.py")]
    return {".".join(file.relative_to(project).with_suffix("").parts): file.read_text("utf-8") for file in files}


def _starters(tree: ast.AST) -> list[ast.expr]:
    """Where it names what starts programs: `run` after `from subprocess import run`, as well as `subprocess.run`."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {name.asname: name.name for name in node.names if name.asname}
        elif isinstance(node, ast.ImportFrom):
            known |= {(name.asname or name.name): f"{node.module}.{name.name}" for name in node.names}
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            first, _, rest = ast.unparse(node).partition(".")
            module, _, name = ".".join(filter(None, (known.get(first, first), rest))).rpartition(".")
            if name in _STARTERS.get(module, ()):
                found.append(node)
    return found


def _texts(tree: ast.AST) -> Iterator[str]:
    yield from (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return {part for name in found for part in _beginnings(name)}


def _beginnings(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: end + 1]) for end in range(len(parts)))
