"""The stack file: one typed model, read with file:line:column errors."""

from airflow_entra.settings.load import load, load_with_warnings, warnings
from airflow_entra.settings.mistakes import SettingsError
from airflow_entra.settings.model import StackSettings

__all__ = ["SettingsError", "StackSettings", "load", "load_with_warnings", "warnings"]
