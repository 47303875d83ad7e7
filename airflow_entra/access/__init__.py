"""Who gets which role and why. Pure: no I/O, no Pulumi."""

from airflow_entra.access.plan import AccessPlan, AppRole, Assignment, PlannedGroup, plan

__all__ = ["AccessPlan", "AppRole", "Assignment", "PlannedGroup", "plan"]
