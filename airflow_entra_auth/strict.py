"""Reads JSON that must say exactly what is expected: nothing missing, nothing unknown, nothing of another type."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URL = re.compile(r"(?:https://[^\s/]+|http://(?:localhost|127\.0\.0\.1)(?::\d+)?)(?:/\S*)?")
_WHOLE = "the file"
_NAMES = {str: "text", dict: "an object", list: "a list", int: "a whole number"}
T = TypeVar("T")


class WrongError(Exception):
    """The JSON says something that can't be right: where, what, and what would be right."""


def is_guid(text: object) -> bool:
    """Whether `text` is an id as Entra writes it: lower-case, and not the one of zeros that names nothing."""
    return isinstance(text, str) and bool(_GUID.fullmatch(text)) and text.strip("0-") != ""


def guid(value: object, place: str) -> str:
    """The id in `value`, lower-case. Raises WrongError."""
    lower = value.lower() if isinstance(value, str) else value
    if not isinstance(lower, str) or not is_guid(lower):
        raise WrongError(f"{place} is {json.dumps(value)}; an object id written as 8-4-4-4-12 is right")
    return lower


def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A hook for `json.loads`: ValueError where an object says a key twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for number, (key, _) in enumerate(pairs) if key in dict(pairs[:number]))
        raise ValueError(f"the key {json.dumps(twice)} is there twice")
    return found


class Keys:
    """The keys of one JSON object, each taken once with its type, so that what is left over is a mistake."""

    def __init__(self, document: object, place: str = _WHOLE) -> None:
        if not isinstance(document, dict):
            raise WrongError(f"{place} is {type(document).__name__}; an object with keys is right")
        self._left = dict(document)
        self._place = place

    def take(self, key: str, kind: type[T]) -> T:
        value = self._left.pop(key, None)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise WrongError(f"{self._at(key)} is {json.dumps(value)}; {_NAMES[kind]} is right")
        return value

    def has(self, key: str) -> bool:
        """Whether an optional key is there; `null` is there."""
        return key in self._left

    def is_object(self, key: str) -> bool:
        """Whether a key's value is an object, where it may also be a word."""
        return isinstance(self._left.get(key), dict)

    def keys(self, key: str) -> Keys:
        return Keys(self.take(key, dict), self._at(key))

    def text(self, key: str) -> str:
        value = self.take(key, str)
        if not value.strip():
            raise WrongError(f"{self._at(key)} is empty")
        return value

    def text_or_null(self, key: str) -> str | None:
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return None
        return self.text(key)

    def guid(self, key: str) -> str:
        return guid(self.take(key, str), self._at(key))

    def url(self, key: str) -> str:
        value = self.text(key)
        if not _URL.fullmatch(value):
            raise WrongError(f"{self._at(key)} is {json.dumps(value)}; an https URL is right, http for localhost alone")
        return value.rstrip("/")

    def seconds(self, key: str) -> int:
        value = self.take(key, int)
        if value < 60:
            raise WrongError(f"{self._at(key)} is {value}; at least 60 seconds are right")
        return value

    def one_of(self, key: str, words: tuple[Any, ...]) -> Any:
        value = self._left.pop(key, None)
        if value not in words:
            raise WrongError(f"{self._at(key)} is {json.dumps(value)}; one of {', '.join(words)} is right")
        return value

    def nothing_else(self) -> None:
        if self._left:
            names = ", ".join(map(self._at, self._left))
            raise WrongError(f"{names} is unknown to this airflow-entra-auth, and a rule is never passed over")

    def _at(self, key: str) -> str:
        return key if self._place == _WHOLE else f"{self._place}.{key}"
