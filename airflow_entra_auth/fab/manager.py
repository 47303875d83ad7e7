"""The auth manager that Airflow's configuration names. Airflow asks that "FabAuthManager" be in its path."""

from __future__ import annotations

from airflow_entra_auth.fab.versions import AIRFLOW_3

if AIRFLOW_3:
    from airflow_entra_auth.fab.manager3 import EntraFabAuthManager
else:
    from airflow_entra_auth.fab.manager2 import EntraFabAuthManager

__all__ = ["EntraFabAuthManager"]
