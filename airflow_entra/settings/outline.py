"""The keys around the settings: those that Pulumi reads itself, and those of other programs below `config`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_entra.finding import At, Finding
from airflow_entra.settings import document
from airflow_entra.settings.explain import closest
from airflow_entra.settings.model import StackSettings, config_key

OURS = "airflow-entra:"
KNOWN = tuple(config_key(field) for field in StackSettings.model_fields)

_CLOUDS: Mapping[str, tuple[str, ...]] = {
    "azuread:environment": ("public", "global"),
    "azuread:metadataHost": (),
    "azure-native:environment": ("public",),
    "azure-native:metadataHost": (),
}
"""Each key with what says the public cloud: azuread 6.11 and azure-native 3.23 have no others for it."""
_PULUMI_KEYS = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"]


def top_level(root: document.Node | None) -> Iterator[Finding]:
    """What is wrong around the settings: the keys that Pulumi itself reads, and config."""
    if not isinstance(root, document.Mapping):
        yield Finding(
            At(),
            "the file holds no keys",
            "it has the section config",
            "start from one of the files in stacks/",
            id="settings/missing-key",
        )
        return
    top = root.entries
    for key in top:
        if key in _PULUMI_KEYS:
            continue
        meant = closest(key, _PULUMI_KEYS)
        yield Finding(
            At((key,), key=True),
            f"{key} is no key of a stack file",
            f"did you mean {meant}?" if meant else f"its keys are {', '.join(_PULUMI_KEYS)}",
            f"write {meant}" if meant else "move it below config, indented by two spaces",
            id="settings/unknown-key",
        )
        if meant == "config":
            return
    if "config" not in top:
        yield Finding(
            At(), "config is missing", "the settings stand below config:", "add config:", id="settings/missing-key"
        )
    elif not isinstance(top["config"][1], document.Mapping):
        yield Finding(
            At(("config",), key=True),
            "config has no keys",
            "the settings stand below config, indented by two spaces",
            "start from one of the files in stacks/",
            id="settings/no-value",
        )


def misspelt(config: Mapping[str, object]) -> dict[str, str | None]:
    """Keys of `config` that no program reads, each with the key of ours that it is probably meant to be.

    A key without a namespace is nobody's; azuread:tenantID is meant for us; other keys are other programs'.
    """
    found: dict[str, str | None] = {}
    short = {key.partition(":")[2]: key for key in KNOWN}
    absent = {key.lower(): key for key in KNOWN if key not in config}
    for key in config:
        _, colon, name = key.partition(":")
        if key in KNOWN or key.startswith(OURS):
            continue
        if not colon or not name:
            found[key] = short.get(closest(key, list(short)) or "")
        elif key.lower() in absent:
            found[key] = absent[key.lower()]
    return found


def other_clouds(config: Mapping[str, object]) -> Iterator[Finding]:
    """The keys with which Pulumi's providers would deploy to another cloud than the public one."""
    for key, public in _CLOUDS.items():
        if key in config and str(config[key]).lower() not in public:
            yield Finding(
                At(("config", key)),
                f"{key} names another cloud than the public one, and nothing here was ever proven there: sign-in, "
                "Microsoft Graph and key vaults have other addresses",
                f"{' or '.join(public)}, or no such key" if public else "no such key",
                f"delete {key}",
                id="settings/other-cloud",
            )


def encrypted(config: Mapping[str, object]) -> list[str]:
    """Keys of ours whose value is a Pulumi secret."""
    values = ((key, config.get(key)) for key in KNOWN)
    return [key for key, value in values if isinstance(value, dict) and value.keys() == {"secure"}]


def misspelt_finding(key: str, meant: str | None) -> Finding:
    return Finding(
        At(("config", key), key=True),
        f"{key} is no key of config",
        f"did you mean {meant}?" if meant else "keys of config are written NAMESPACE:NAME",
        f"write {meant}" if meant else f"name the program that reads it, as in {OURS}environment",
        id="settings/unknown-key",
    )


def encrypted_finding(key: str) -> Finding:
    return Finding(
        At(("config", key), key=True),
        f"{key} is encrypted",
        "settings are readable: whoever reviews access reads them",
        f"run `pulumi config set {key} VALUE` without --secret",
        id="settings/encrypted",
    )
