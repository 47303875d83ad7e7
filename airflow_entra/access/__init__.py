"""Who gets which role and why. Pure: no I/O, no Pulumi."""

from airflow_entra.access.plan import AccessPlan, AppRole, Assignment, PlannedGroup
from airflow_entra.access.stack import DeclaredStack

__all__ = ["AccessPlan", "AppRole", "Assignment", "DeclaredStack", "PlannedGroup"]
