"""The tables of the stand-ins say what the installed SDKs say."""

import inspect
import json
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from engine.standins.azure_native.package import AzureNative
from engine.standins.azuread.package import AzureAd
from engine.standins.values import Props
from tests.engine.standin import Engine

SCHEMAS: dict[str, Props] = {each.name: each.schema() for each in (AzureAd("6.11.1"), AzureNative("3.29.0"))}


def resources() -> Iterator[tuple[str, str]]:
    for package, schema in SCHEMAS.items():
        for token in schema["resources"]:
            yield package, token


def sdk_arguments(package: str, token: str) -> dict[str, bool]:
    """Argument names of the SDK's class, in camel case; True for a required one."""
    _, module, name = token.split(":")
    snake = re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
    place = f"pulumi_azuread.{snake}" if package == "azuread" else f"pulumi_azure_native.{module}.{snake}"
    hasattr(import_module(place.rpartition(".")[0]), name)  # azure-native loads lazily: never, once a part was imported
    sdk = import_module(place)
    arguments = getattr(sdk, f"{name}Args", None) or getattr(sdk, f"{name}InitArgs")  # where a nested type has the name
    parameters = inspect.signature(arguments).parameters
    return {camel(key): value.default is value.empty for key, value in parameters.items()}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@pytest.mark.parametrize(("package", "token"), list(resources()))
def test_inputs_are_those_of_the_sdk(package: str, token: str) -> None:
    described = SCHEMAS[package]["resources"][token]
    official = sdk_arguments(package, token)
    assert set(described["inputProperties"]) == set(official)
    assert described["requiredInputs"] == sorted(key for key, required in official.items() if required)


@pytest.mark.parametrize("package", SCHEMAS)
def test_every_reference_leads_somewhere(package: str) -> None:
    text = json.dumps(SCHEMAS[package])
    types = SCHEMAS[package]["types"]
    for part in text.split('"#/types/')[1:]:
        assert part.split('"')[0] in types


@pytest.mark.parametrize("package", [AzureAd, AzureNative])
def test_the_engine_gets_the_schema_and_the_version(package: type[AzureAd] | type[AzureNative]) -> None:
    from engine.protocol import provider_pb2

    side = Engine(package("1.2.3"))
    schema = json.loads(side.provider.GetSchema(provider_pb2.GetSchemaRequest(), side.context).schema)
    assert (schema["name"], schema["version"]) == (package.name, "1.2.3")
    assert side.provider.GetPluginInfo(None, side.context).version == "1.2.3"
