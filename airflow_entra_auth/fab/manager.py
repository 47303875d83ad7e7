"""The auth manager that Airflow's configuration names. Airflow asks that "FabAuthManager" be in its path."""

from __future__ import annotations

from airflow import __version__

from airflow_entra_auth.releases import must_be_tested

must_be_tested(__version__)  # first: what is imported below isn't in every release

if __version__.startswith("3."):
    from airflow_entra_auth.fab.manager3 import EntraFabAuthManager
else:
    from airflow_entra_auth.fab.manager2 import EntraFabAuthManager

__all__ = ["EntraFabAuthManager"]
