"""Read a stack file into settings."""

from __future__ import annotations

from pathlib import Path

import yaml

from airflow_entra.settings.model import StackSettings


def load(path: Path) -> StackSettings:
    """The settings in the stack file at `path`; SettingsError with every mistake in it."""
    document = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 -- makes strings only
    ours = {field.alias for field in StackSettings.model_fields.values()}
    config = {key: value for key, value in document["config"].items() if key in ours}
    return StackSettings.model_validate(config, by_alias=True, by_name=False)
