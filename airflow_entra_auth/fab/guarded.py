"""What the auth managers of both versions have in common."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow.exceptions import AirflowConfigException
from flask import current_app
from flask_login import current_user

from airflow_entra_auth.fab import decisions
from airflow_entra_auth.fab.security_manager import EntraSecurityManager
from airflow_entra_auth.variables import SIGN_ON


class Guarded:
    """Goes before Airflow's FabAuthManager in the order of bases."""

    @cached_property
    def security_manager(self) -> EntraSecurityManager:
        """Ours or none. Airflow silently passes over a config_file that isn't there and would ask for passwords."""
        configured = current_app.config.get("SECURITY_MANAGER_CLASS")
        if not isinstance(configured, type) or not issubclass(configured, EntraSecurityManager):
            raise AirflowConfigException(
                "The auth manager EntraFabAuthManager needs the webserver_config.py that `airflow-entra render "
                "--target webserver-config` wrote, and Airflow has read another one or none: set [fab] config_file "
                f"(Airflow 2: [webserver] config_file) to its path, and {SIGN_ON} to that of the sign-on file."
            )
        return configured(self.appbuilder, guarded=True)  # type: ignore[attr-defined]

    def get_user(self) -> Any:
        """The user of the Flask session; no back end may put another one into `flask.g`, as Kerberos' does."""
        return current_user

    def is_logged_in(self) -> bool:
        """Whether there is a sign-in behind this request. There is no public access, whatever AUTH_ROLE_PUBLIC says."""
        return getattr(self.get_user(), "_entra", None) is not None

    @staticmethod
    def _get_user_permissions(user: Any) -> frozenset[tuple[str, str]]:
        return decisions.pairs(user)

    def is_authorized_custom_view(self, *, method: Any, resource_name: str, user: Any = None) -> bool:
        if decisions.refused_to_all(method, resource_name):
            return False
        return bool(super().is_authorized_custom_view(method=method, resource_name=resource_name, user=user))  # type: ignore[misc]
