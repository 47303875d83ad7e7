"""The values of a stack file: each type reads what people write, refuses what Entra or Azure would, and says why."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from airflow_entra.settings import durations
from airflow_entra.settings.mistakes import wrong


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        try:
            return durations.parse(value)
        except ValueError:
            pass
    raise wrong(
        f"{value!r} is not a duration",
        right=f"write a number with its unit, {durations.FORMS}",
        fix="for 8 hours write 8h",
    )


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(durations.format, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$|^\d+:[0-5]\d:[0-5]\d$"}),
]


def _object_id(value: str) -> str:
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != value.lower() or parsed.int == 0:
        raise wrong(
            f"{value!r} is not an object id",
            right="write 32 hexadecimal digits as 8-4-4-4-12, not all of them 0",
            fix="copy the id from the object's page in the Entra admin centre",
        )
    return str(parsed)


ObjectId = Annotated[str, AfterValidator(_object_id)]


def _name(value: str) -> str:
    if not value or value != value.strip():
        raise wrong(
            "a name is empty or starts or ends with a blank", right="write the name alone", fix="delete the blanks"
        )
    return value


Name = Annotated[str, AfterValidator(_name)]
Url = Annotated[str, AfterValidator(lambda value: value.rstrip("/"))]
