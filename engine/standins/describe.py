"""Package schemas for `pulumi package get-schema` and the code that `pulumi import` proposes, out of the tables."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.standins.bridged.schema import Property, ResourceSchema, Shape
from engine.standins.values import Props

ANY: Props = {"$ref": "pulumi.json#/Any"}


def describe(
    name: str, version: str, resources: Mapping[str, Props], types: Mapping[str, Props] | None = None
) -> Props:
    return {"name": name, "version": version, "resources": dict(resources), "types": dict(types or {})}


def resource(outputs: Mapping[str, Any], inputs: Mapping[str, Any], required: Iterable[str]) -> Props:
    wanted = sorted(required)
    return {
        "properties": outputs,
        "required": [key for key in wanted if key in outputs],
        "inputProperties": inputs,
        "requiredInputs": wanted,
    }


def describe_bridged(name: str, version: str, schemas: Mapping[str, ResourceSchema]) -> Props:
    types: dict[str, Props] = {}

    def specs(properties: Mapping[str, Property]) -> Props:
        return {key: _spec(name, prop, types, specs) for key, prop in properties.items()}

    resources = {
        token: resource(
            specs(schema.outputs), specs(schema.inputs), (key for key, prop in schema.inputs.items() if prop.required)
        )
        for token, schema in schemas.items()
    }
    return describe(name, version, resources, types)


def _spec(
    package: str, prop: Property, types: dict[str, Props], specs: Callable[[Mapping[str, Property]], Props]
) -> Props:
    item: Props
    if prop.fields is not None:
        token = f"{package}:index/{prop.kind}:{prop.kind}"
        if token not in types:
            required = sorted(key for key, inner in prop.fields.items() if inner.required)
            types[token] = {"type": "object", "properties": specs(prop.fields), "required": required}
        item = {"$ref": f"#/types/{token}"}
    elif prop.kind == "map":
        item = {"type": "object", "additionalProperties": {"type": "string"}}
    else:
        item = {"type": prop.kind}
    whole = item if prop.shape is Shape.ONE else {"type": "array", "items": item}
    flags = {"secret": prop.secret, "willReplaceOnChanges": prop.force_new}
    return {**whole, **{flag: True for flag, on in flags.items() if on}}
