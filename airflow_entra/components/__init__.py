"""Pulumi ComponentResources, one for each thing that a user would name."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_entra.components.sign_on import AirflowSignOn

__all__ = ["AirflowSignOn"]


def __getattr__(name: str) -> Any:
    """AirflowSignOn, when it is asked for: the process of the dynamic resources imports this package without it,
    and would spend a second on SDKs that it never uses."""
    if name != "AirflowSignOn":
        raise AttributeError(name)
    from airflow_entra.components.sign_on import AirflowSignOn

    return AirflowSignOn
