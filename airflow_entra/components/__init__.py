"""Pulumi ComponentResources, one for each thing that a user would name."""

from airflow_entra.components.sign_on import AirflowSignOn

__all__ = ["AirflowSignOn"]
