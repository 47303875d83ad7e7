"""Airflow's lists of users and roles, to look at: the stack file and the directory say who is who.

The pages that change them don't exist. Their permissions do, as Airflow's own Admin has them: it would make them again
at every start. Nobody may use them: decisions.refused_to_all.
"""

from __future__ import annotations

from typing import ClassVar

from airflow.providers.fab.auth_manager.views.roles_list import CustomRoleModelView
from airflow.providers.fab.auth_manager.views.user import CustomUserOAuthModelView

_PAGES = {"list", "show", "download", "userinfo"}


class EntraUserView(CustomUserOAuthModelView):
    """People, their roles and last sign-in."""

    include_route_methods = _PAGES
    actions: ClassVar[dict[str, object]] = {}


class EntraRoleView(CustomRoleModelView):
    """Roles and their permissions."""

    include_route_methods = _PAGES - {"userinfo"}
    actions: ClassVar[dict[str, object]] = {}
