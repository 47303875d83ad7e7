"""What an existing webserver_config.py says. The file is read, never run: running it could do anything.

A value that stands in the file is known: texts, numbers, lists, dicts, and names and f-strings of such. What only
running the file would tell (the environment, a call, another module, a condition) is Unclear, with the reason.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_entra.errors import UserError, on_disk
from airflow_entra.files import read_text
from airflow_entra.finding import InFile

AUTH_TYPES = {"AUTH_OID": 0, "AUTH_DB": 1, "AUTH_LDAP": 2, "AUTH_REMOTE_USER": 3, "AUTH_OAUTH": 4, "AUTH_SAML": 5}
"""flask_appbuilder.const: the one import whose values are known here."""
_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


@dataclass(frozen=True)
class Unclear:
    """A value that only running the file would tell, and why."""

    why: str


@dataclass(frozen=True)
class Setting:
    value: Any
    """Lists, dicts and plain values, any of which may be Unclear."""
    where: InFile


@dataclass(frozen=True)
class WebserverConfig:
    """`settings` are the names in capitals that the file has, `star_imports` the modules that may have more."""

    file: Path
    settings: Mapping[str, Setting]
    star_imports: tuple[str, ...] = ()

    def get(self, name: str) -> Any:
        """The setting's value, Unclear too; None where the file doesn't have it."""
        found = self.settings.get(name)
        return found.value if found else None

    def where(self, name: str) -> InFile:
        found = self.settings.get(name)
        return found.where if found else InFile(self.file, 1, 1)


def read_config(file: Path) -> WebserverConfig:
    """Raises UserError for a file that can't be read, or isn't Python."""
    with on_disk("read Airflow's configuration", file):
        text = read_text(file)
    reading = _Reading(file)
    try:
        reading.statements(ast.parse(text).body)
    except SyntaxError as error:
        place = f"{file}:{error.lineno or 1}:{error.offset or 1}"
        raise UserError(f"{place}: this is not Python ({error.msg}); name Airflow's webserver_config.py") from None
    except (ValueError, RecursionError, MemoryError):  # a null byte, or more brackets than there is room for
        raise UserError(f"{file}: this is not Python; name Airflow's webserver_config.py") from None
    capitals = {name: setting for name, setting in reading.known.items() if name.isupper() and name not in AUTH_TYPES}
    return WebserverConfig(file, capitals, tuple(reading.stars))


class _Reading:
    """Goes through the file's statements from top to bottom, as Python would."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.known = {name: Setting(value, InFile(file, 1, 1)) for name, value in AUTH_TYPES.items()}
        self.stars: list[str] = []

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._give(target, self._value(value))
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._give(target, self._value(value))
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                self._imported(statement, names)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                self._set(statement.name, Unclear("it is code"), statement)
            case _:
                why = "it depends on a condition" if isinstance(statement, _BLOCKS) else "it is changed further down"
                for name, node in _changed(statement):
                    self._set(name, Unclear(why), node)

    def _imported(self, statement: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> None:
        module = getattr(statement, "module", None) or ""
        for alias in names:
            if alias.name == "*":
                self.stars.append(module)
            elif (alias.asname or alias.name) not in AUTH_TYPES:
                self._set(
                    alias.asname or alias.name, Unclear(f"it comes from the module {module or alias.name}"), alias
                )

    def _give(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self._set(target.id, value, target)
            return
        for name, node in _names(target):
            self._set(name, Unclear("it is changed further down"), node)

    def _set(self, name: str, value: Any, node: ast.stmt | ast.expr | ast.alias) -> None:
        self.known[name] = Setting(value, InFile(self._file, node.lineno, node.col_offset + 1))

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self.known[name].value if name in self.known else Unclear(f"{name} isn't in the file")
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return [self._value(item) for item in items]
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values)
            case ast.JoinedStr(values=parts):
                return self._text([self._value(part) for part in parts])
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._value(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                both = (self._value(left), self._value(right))
                return both[0] + both[1] if all(isinstance(one, list) for one in both) else self._text(both)
        return self._computed(node)

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr]) -> Any:
        found: dict[Any, Any] = {}
        for key, node in zip(keys, values, strict=True):
            value = self._value(node)
            if key is None:
                if not isinstance(value, dict):
                    return value if isinstance(value, Unclear) else Unclear("it is computed")
                found |= value
                continue
            name = self._value(key)
            if not isinstance(name, str):
                return name if isinstance(name, Unclear) else Unclear("it is computed")
            found[name] = value
        return found

    def _text(self, parts: Any) -> Any:
        unclear = next((part for part in parts if not isinstance(part, str)), None)
        if unclear is None:
            return "".join(parts)
        return unclear if isinstance(unclear, Unclear) else Unclear("it is computed")

    def _computed(self, node: ast.expr) -> Any:
        words = ast.unparse(node)
        if isinstance(node, ast.Call) and words.startswith("json.loads(") and len(node.args) == 1:
            said = self._value(node.args[0])
            try:
                return json.loads(said) if isinstance(said, str) else said
            except (ValueError, RecursionError):
                return Unclear("it is no JSON")
        name = _variable(node)
        return Unclear(f"it is the environment variable {name}" if name else "it is computed")


def _variable(node: ast.expr) -> str | None:
    """The environment variable that an expression reads: os.environ["X"], os.getenv("X"), environ.get("X", ...)."""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if ast.unparse(value).endswith("environ"):
            return name
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if ast.unparse(func).endswith(
            ("getenv", "environ.get")
        ):
            return name
    return None


def _changed(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement may give another value: by `if`, `+=`, `del`, or a method such as update."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, node
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from _names(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _names(node.func.value)


def _names(target: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The variables that an assignment's left side is about: A of A["x"], A and B of A, B."""
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        target = target.value
    if isinstance(target, ast.Name):
        yield target.id, target
    for item in getattr(target, "elts", ()):
        yield from _names(item)
