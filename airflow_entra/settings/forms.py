"""How a type of the stack file checks a text or a duration, and how it describes itself in the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from airflow_entra.escape.pulumi_log import MARK
from airflow_entra.escape.terminal import quoted, visible
from airflow_entra.settings import durations
from airflow_entra.settings.mistakes import wrong

_QUOTED = 60  # characters of a value that a message repeats


def quote(value: object) -> str:
    """`value` as a message shows it: short, on one line."""
    text = str(value) if isinstance(value, str) else repr(value)
    text = text if len(text) <= _QUOTED else text[: _QUOTED - 3] + "..."
    return quoted(text) if isinstance(value, str) else visible(text)


@dataclass(frozen=True, kw_only=True)
class Form:
    """A text that must match `pattern` and pass `check`, which returns it normalised or raises `wrong(...)`.

    `rule` completes "it is right when it has ..."; `source` is the document that says so. `why` says more about a
    text that doesn't match.
    """

    noun: str
    rule: str
    fix: str
    example: str
    source: str | None = None
    pattern: str | None = None
    why: Callable[[str], str | None] | None = None
    check: Callable[[str], str] | None = None

    @cached_property
    def _compiled(self) -> re.Pattern[str] | None:
        return None if self.pattern is None else re.compile(self.pattern, re.ASCII)

    def validate(self, value: str) -> str:
        if MARK in value:
            raise wrong(
                f"{quote(value)} holds {MARK}",
                right=f"Pulumi reads {MARK} as the beginning of a colour, and ends in a panic",
                fix="write it in another way",
            )
        if self._compiled is not None and not self._compiled.fullmatch(value):
            why = self.why(value) if self.why else None
            what = f"{quote(value)} is not {self.noun}{f': {why}' if why else ''}"
            raise wrong(what, right=self.rule, fix=self.fix)
        return self.check(value) if self.check else value

    def fits(self, text: str) -> bool:
        try:
            self.validate(text)
        except PydanticCustomError:
            return False
        return True

    def __get_pydantic_core_schema__(self, source_type: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.validate, handler(source_type))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = {"x-limit": self.rule, "x-source": self.source, "examples": [self.example]}
        if self.pattern is not None:
            described["pattern"] = f"^(?:{self.pattern})$"
        return handler(schema) | {key: value for key, value in described.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Span:
    """A duration from `least` to `most`, both included."""

    least: timedelta
    most: timedelta
    rule: str
    fix: str
    source: str | None = None
    check: Callable[[timedelta], timedelta] | None = None
    example: str = "8h"

    def validate(self, value: object) -> timedelta:
        duration = value if isinstance(value, timedelta) else _read(value, self.rule)
        if not self.least <= duration <= self.most:
            said = value if isinstance(value, str) else durations.format(duration)
            raise wrong(f"{said} is out of range", right=self.rule, fix=self.fix)
        return self.check(duration) if self.check else duration

    def __get_pydantic_core_schema__(self, source_type: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.validate, serialization=core_schema.plain_serializer_function_ser_schema(durations.format)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = {"type": "string", "pattern": durations.PATTERN, "x-limit": self.rule, "examples": [self.example]}
        return described | ({"x-source": self.source} if self.source else {})


def _read(value: object, rule: str) -> timedelta:
    if isinstance(value, str):
        try:
            return durations.parse(value)
        except ValueError:
            pass
    raise wrong(f"{quote(value)} is not a duration", right=rule, fix=f"write a number with its unit, {durations.FORMS}")
