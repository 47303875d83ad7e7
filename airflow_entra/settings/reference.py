"""The reference page of the stack file, made of its JSON Schema: every key, its type, default, limit and source."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_entra.settings.explain import title
from airflow_entra.settings.schema import HEADER, Json, stack_schema

_START = f"""\
# The stack file

`stacks/Pulumi.<stack>.yaml` says who may do what in one Airflow. `airflow-entra check` finds every mistake in it with
its line and column; editors find them too where the file starts with

```yaml
{HEADER}
```

Durations are written as `10m`, `8h`, `90d`, `1h30m` or `23:59:59`. Object ids are those that the Entra admin centre
shows. Keys of other programs (`pulumi:tags`, `azuread:...`, your own) may stand below `config` as well.

This page is made by `airflow-entra schema`.
"""


def reference_text() -> str:
    """The page as Markdown."""
    schema = stack_schema()
    definitions: dict[str, Json] = schema["definitions"]
    parts = [_START, "## config\n", _table(schema["properties"]["config"], definitions)]
    for name in _in_reading_order(schema["properties"]["config"], definitions):
        parts += [
            f"## {title(name)}\n",
            f"{_escaped(definitions[name].get('description', ''))}\n",
            _table(definitions[name], definitions),
        ]
    return "\n".join(parts)


def _in_reading_order(schema: Json, definitions: dict[str, Json]) -> list[str]:
    """The sections below `schema`, each right after the one that first names it."""
    found: list[str] = []
    for name in _references(schema):
        for one in (name, *_in_reading_order(definitions[name], definitions)):
            if one not in found:
                found.append(one)
    return found


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _name(schema)
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _references(item)


def _table(schema: Json, definitions: dict[str, Json]) -> str:
    required = schema.get("required", [])
    lines = ["| key | value | default | meaning | limit |", "|---|---|---|---|---|"]
    for key, value in schema["properties"].items():
        default = "required" if key in required else _default(value)
        section = definitions[_name(value)] if "$ref" in value else {}
        meaning = (value.get("description") or section.get("description", "")).split("\n\n")[0]
        lines.append(f"| `{key}` | {_value(value)} | {default} | {_escaped(meaning)} | {_limit(value)} |")
    return "\n".join(lines) + "\n"


def _limit(value: Json) -> str:
    limited = value if "x-limit" in value else value.get("propertyNames", {})
    limit = _escaped(limited.get("x-limit", ""))
    if "x-source" in limited:
        limit += f" ([source]({limited['x-source']}))"
    if "maxItems" in value:
        limit = f"at most {value['maxItems']} entries"
    return limit


def _default(value: Json) -> str:
    default = value.get("default")
    if default is None or default in ([], {}):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _value(schema: Json) -> str:
    if "$ref" in schema:
        section = title(_name(schema))
        return f"[{section}](#{section.replace(' ', '-')})"
    if "oneOf" in schema:
        return " or ".join(_value(one) for one in schema["oneOf"])
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_value(schema['items'])}"
    if schema.get("type") == "object":
        return f"names, each with {_value(next(iter(schema['patternProperties'].values())))}"
    if schema.get("type") == "boolean":
        return "`true`, `false`"
    example = next(iter(schema.get("examples", [])), None)
    return "text such as " + _escaped(f"`{example}`") if example else "text"


def _name(schema: Json) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _escaped(text: str) -> str:
    """For a table's cell. An entity inside code would show as it is written: there nothing but the bar is escaped."""
    parts = text.replace("|", "\\|").replace("\n", " ").split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))
