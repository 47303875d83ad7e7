"""Airflow's lists of users and roles, to look at: the stack file and the directory say who is who."""

from __future__ import annotations

from typing import ClassVar

from airflow.providers.fab.auth_manager.views.roles_list import CustomRoleModelView
from airflow.providers.fab.auth_manager.views.user import CustomUserOAuthModelView

_READ = ["can_read"]
_PAGES = {"list", "show", "download", "userinfo"}


class EntraUserView(CustomUserOAuthModelView):
    """People, their roles and last sign-in."""

    base_permissions = _READ
    include_route_methods = _PAGES
    actions: ClassVar[dict[str, object]] = {}


class EntraRoleView(CustomRoleModelView):
    """Roles and their permissions."""

    base_permissions = _READ
    include_route_methods = _PAGES - {"userinfo"}
    actions: ClassVar[dict[str, object]] = {}
