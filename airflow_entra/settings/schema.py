"""The JSON Schema of a whole stack file, for editors: made of the model, beside the keys that Pulumi reads itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from airflow_entra.settings import durations
from airflow_entra.settings.model import StackSettings
from airflow_entra_auth.azure import VAULT_DOMAIN

Json = dict[str, Any]

FILE = "stack.schema.json"
HEADER = f"# yaml-language-server: $schema={FILE}"
"""The first line of a stack file: editors find the schema beside it."""

_OTHER_PROGRAMS = r"^(?!airflow-entra:)[^:]+:.+$"
_PULUMI: Json = {
    "environment": {"description": "Pulumi ESC environments to import.", "type": ["object", "array"]},
    "secretsprovider": {
        "description": "Who encrypts this stack's secrets; kept by Pulumi.",
        "type": "string",
        "examples": [f"azurekeyvault://kv-pulumi.{VAULT_DOMAIN}/keys/stack"],
    },
    "encryptedkey": {"description": "The stack's encrypted data key; kept by Pulumi.", "type": "string"},
    "encryptionsalt": {"description": "The salt of the stack's passphrase; kept by Pulumi.", "type": "string"},
}


class _AsPeopleWrite(GenerateJsonSchema):
    def encode_default(self, dft: object) -> object:
        return durations.format(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def stack_schema() -> Json:
    """The schema of the file: our keys are checked, other programs' keys below `config` are theirs."""
    settings = StackSettings.model_json_schema(by_alias=True, mode="validation", schema_generator=_AsPeopleWrite)
    definitions = {name: _for_editors(one) for name, one in settings.pop("$defs").items()}
    config = _for_editors(settings) | {"patternProperties": {_OTHER_PROGRAMS: {}}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of airflow-entra",
        "type": "object",
        "properties": {"config": config} | _PULUMI,
        "required": ["config"],
        "additionalProperties": False,
        "definitions": definitions,
    }


def schema_text() -> str:
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"


def _for_editors(schema: Any) -> Any:
    """Without the titles that repeat keys; with limits in the descriptions, which is what editors show."""
    if isinstance(schema, list):
        return [_for_editors(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _for_editors(value) for key, value in schema.items() if key != "title" or not isinstance(value, str)}
    if "$ref" in result:
        result["$ref"] = result["$ref"].replace("#/$defs/", "#/definitions/")
        result.pop("default", None)  # a section that is left out; its keys have their own defaults
    if "patternProperties" in result:
        result.setdefault("additionalProperties", False)
    if "anyOf" in result and {"type": "null"} in result["anyOf"]:
        # An optional key is left out, not null: load refuses a key without a value.
        (kept,) = [one for one in result.pop("anyOf") if one != {"type": "null"}]
        result = {key: value for key, value in result.items() if key != "default"} | kept
    if isinstance(result.get("description"), str):
        result["description"] = " ".join(result["description"].split())
    if "properties" in result and isinstance(result["properties"], dict):
        result["properties"] = {key: _described(value) for key, value in result["properties"].items()}
    return result


def _described(schema: Json) -> Json:
    said = [schema.get("description", ""), f"Limit: {schema['x-limit']}." if "x-limit" in schema else ""]
    said.append(f"Source: {schema['x-source']}" if "x-source" in schema else "")
    text = "\n\n".join(part for part in said if part)
    return schema | ({"description": text} if text else {})
