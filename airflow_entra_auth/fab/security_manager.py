"""FAB's security manager, with one way in: Entra. Everything else that FAB offers to become somebody is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from airflow import settings
from airflow.exceptions import AirflowConfigException, AirflowException
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from flask import current_app, has_request_context
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from airflow_entra_auth import audit
from airflow_entra_auth.fab import flask_session, log_names, signed_in
from airflow_entra_auth.fab.ending import end_sessions_of_older_releases
from airflow_entra_auth.fab.lists import EntraRoleView, EntraUserView
from airflow_entra_auth.fab.roles import sync_roles
from airflow_entra_auth.fab.standing import Standing, forget, stamp, standing
from airflow_entra_auth.fab.views import EntraAuthView
from airflow_entra_auth.identities import Identities
from airflow_entra_auth.sign_on import cookies, sign_on
from airflow_entra_auth.tables import create_tables

log = logging.getLogger(__name__)


class EntraSecurityManager(FabAirflowSecurityManagerOverride):
    """Users come from sign-ins alone, and roles from the directory."""

    authoauthview = EntraAuthView
    useroauthmodelview = EntraUserView
    rolemodelview = EntraRoleView

    def __init__(self, appbuilder: Any, *, guarded: bool = False) -> None:
        """`guarded`: whether our auth manager makes it. Raises AirflowConfigException where it doesn't: Airflow's own
        would decide by FAB's tables, for sessions that nothing ends."""
        if not guarded:
            raise AirflowConfigException(_NOT_GUARDED)
        super().__init__(appbuilder)

    def prepare(self) -> None:
        """At the start of Airflow: the tables, and the custom roles' permissions.

        The cookie's settings once more: 2.11 writes its own, from [webserver], over those of webserver_config.py.
        """
        current_app.config.update(cookies(sign_on()))
        flask_session.keep_in_cookies(current_app._get_current_object())
        log_names.believe_no_others()
        create_tables(settings.engine)
        end_sessions_of_older_releases(sign_on().tenant_id)
        sync_roles(self, sign_on())

    def make_sure_of_roles(self, roles: Iterable[str]) -> None:
        """Makes roles again that somebody deleted while Airflow ran."""
        wanted = set(roles)
        found = select(self.role_model.name).where(self.role_model.name.in_(wanted))
        if wanted != set(self.appbuilder.session.scalars(found)):
            log.warning("Roles of the sign-on file were deleted from Airflow's database: making them again")
            for name in sorted(wanted):
                self.add_role(name)
            self.sync_roles()
            sync_roles(self, sign_on())

    def register_views(self) -> None:
        """Sign-in and two lists. No registration, no passwords, no editing, and no API to log in with a password."""
        self.auth_view = self.authoauthview()
        self.appbuilder.add_view_no_menu(self.auth_view)
        more = {"category": "Security", "icon": "fa-users", "category_icon": "fa-cogs"}
        self.user_view = self.appbuilder.add_view(self.useroauthmodelview, "List Users", **more)
        roles = self.appbuilder.add_view(self.rolemodelview, "List Roles", **more)
        roles.related_views = [self.user_view.__class__]

    def create_login_manager(self, *arguments: Any) -> Any:
        """Flask-Login, which asks who a request is of by the request alone."""
        manager = super().create_login_manager(*arguments)
        manager.request_loader(self.load_user_of_request)
        return manager

    def load_user(self, _user_id: Any) -> None:
        """The user whose number is in Flask's session or a remember-me cookie: nobody is signed in by either."""

    def load_user_of_request(self, _request: Any) -> Any:
        """The user behind the handle in the browser's cookie, or None."""
        user = _signed_in_user(self.get_user_by_id) if has_request_context() else None
        if user is not None and user._entra.changed_by_hand:
            self.put_back(user._entra)
        return user

    def put_back(self, found: Standing) -> None:
        """Gives a user the directory's roles again. Decisions don't wait for it: they never look at the table."""
        session = self.appbuilder.session
        try:
            self.make_sure_of_roles(found.roles)
            held, now = Identities(session, self.user_model, self.role_model).put_back(found.user_id)
            if held != now:
                audit.record(
                    "entra_role_change",
                    tenant_id=found.tenant_id,
                    object_id=found.object_id,
                    roles=now,
                    roles_before=held,
                    reason="changed by hand in Airflow: put back",
                    session=session,
                )
            session.commit()
        except (SQLAlchemyError, audit.AuditError):
            session.rollback()
            log.exception("Roles that were changed by hand could not be put back")
        forget()

    def load_user_jwt(self, _jwt_header: Any, _jwt_data: Any) -> None:
        """Flask-AppBuilder's own tokens, which name a user and nothing that ends."""

    def auth_user_db(self, username: Any, password: Any, rotate_session_id: bool = True) -> None:
        """A password: POST /auth/token (3.x), the basic_auth backend (2.x), `airflow users create` of days gone by."""
        log.warning("A sign-in with a password was refused: this Airflow signs in with Entra alone")

    auth_user_ldap = auth_user_db

    def auth_user_oauth(self, userinfo: Any, rotate_session_id: bool = True) -> None:
        """FAB's own way from claims to a user, which links by name."""

    def auth_user_oid(self, email: Any) -> None:
        """FAB's OpenID 2.0."""

    def auth_user_remote_user(self, username: Any) -> None:
        """A header of a proxy."""

    def add_user(self, *_: Any, **__: Any) -> NoReturn:
        raise AirflowException(_DECLARED)

    def update_user(self, *_: Any, **__: Any) -> NoReturn:
        raise AirflowException(_DECLARED)

    def reset_password(self, *_: Any, **__: Any) -> NoReturn:
        raise AirflowException(_DECLARED)

    def add_register_user(self, *_: Any, **__: Any) -> NoReturn:
        raise AirflowException(_DECLARED)

    def create_admin_standalone(self) -> tuple[None, None]:
        """`airflow standalone` (2.x) makes no admin with a password."""
        return None, None


def _signed_in_user(users: Callable[[int], Any]) -> Any:
    """The stamped user of this request, or None. `users` finds a row of Airflow's users by number."""
    rules = sign_on()
    try:
        found = standing(signed_in.handle(), rules.tenant_id)
        user = users(found.user_id) if found else None
        return stamp(user, found, rules) if found and user is not None else None
    except SQLAlchemyError:
        log.exception("Airflow's database does not say who is signed in, so nobody is")
        return None


_NOT_GUARDED = (
    "webserver_config.py signs in with Entra, but the auth manager that Airflow's configuration names would not keep "
    "to the sign-on file: set [core] auth_manager to airflow_entra_auth.fab.manager.EntraFabAuthManager, as "
    "`airflow-entra render --target env` writes it."
)
_DECLARED = (
    "Users of this Airflow come from Microsoft Entra, and their roles from the groups in the stack file: a change here "
    "would not last. Put the person into the role's group, or out of it."
)
