"""Sign-on for Airflow's FAB auth manager, on Airflow 2.11 and 3.x."""

from __future__ import annotations

from airflow_entra_auth.fab.configuration import configuration

__all__ = ["configuration"]
