"""JSON for programs that is harmless on the terminal, or in the log, where it may be printed."""

from __future__ import annotations

import json
import re
from typing import Any

_COMMAND = re.compile(r"#(?=#(?:vso)?\[)", re.IGNORECASE)
_NOT_ASCII = re.compile(r"[^\n -~]")


def document(value: Any, *, ascii_only: bool = False) -> str:
    """The value over several lines, with the last newline. Letters stand as they are; a parser gives back `value`."""
    return json_text(value, indent=2, ascii_only=ascii_only) + "\n"


def json_text(value: Any, *, indent: int | None = None, sort_keys: bool = False, ascii_only: bool = False) -> str:
    """The value, without a newline at the end. Everything that isn't printable is written as its code."""
    text = json.dumps(value, indent=indent, sort_keys=sort_keys, ensure_ascii=ascii_only)
    return _COMMAND.sub(r"\\u0023", _NOT_ASCII.sub(_written, text))


def _written(character: re.Match[str]) -> str:
    found = character.group()
    return found if found.isprintable() else json.dumps(found)[1:-1]
