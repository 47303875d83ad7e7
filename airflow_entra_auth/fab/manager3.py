"""Airflow 3.x: its API knows people by a token, which carries the handle of its session."""

from __future__ import annotations

import logging
import time
from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.configuration import conf
from airflow.models import DagModel
from airflow.providers.fab.auth_manager import fab_auth_manager as fab
from airflow.providers.fab.auth_manager.models import Role, User
from airflow.utils.session import NEW_SESSION, create_session, provide_session
from fastapi import FastAPI, HTTPException
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, lazyload, selectinload

from airflow_entra_auth.airflow_paths import SIGN_OUT
from airflow_entra_auth.fab import decisions
from airflow_entra_auth.fab.bodies import Bodies, reprocesses_runs
from airflow_entra_auth.fab.ending import end_session
from airflow_entra_auth.fab.guarded import Guarded
from airflow_entra_auth.fab.standing import HANDLE_CLAIM, Standing, stamp, standing
from airflow_entra_auth.sign_on import sign_on

log = logging.getLogger(__name__)

_USER_FRESH = 30.0
"""Seconds that a user's name and address are remembered; whether they are signed in and as what never is so long."""
_MOST = 4096


class EntraFabAuthManager(Guarded, fab.FabAuthManager):
    """FAB's auth manager, with Entra as the one way in."""

    def __init__(self) -> None:
        super().__init__()
        self._users: dict[str, tuple[float, Standing, User]] = {}

    def init_flask_resources(self) -> None:
        super().init_flask_resources()
        self.security_manager.prepare()

    def get_fastapi_app(self) -> FastAPI | None:
        """FAB's routes without its /logout, which leaves the session alive: the request goes to our own view."""
        app = super().get_fastapi_app()
        routes = app.router.routes
        kept = [route for route in routes if getattr(route, "path", "") != SIGN_OUT]
        if len(kept) != len(routes) - 1:
            raise RuntimeError("this release of Airflow's FAB provider signs out in another way than 3.x did so far")
        routes[:] = kept
        return app

    def get_fastapi_middlewares(self) -> list[Any]:
        return [*super().get_fastapi_middlewares(), (Bodies, {})]

    def _get_auth_role_public(self) -> None:
        """No public access: the sign-on file names who may."""

    def create_token(self, headers: dict[str, str], body: dict[str, Any]) -> None:
        """POST /auth/token takes a password, which nobody has."""

    def serialize_user(self, user: Any) -> dict[str, Any]:
        found = _stamp_of(user)
        return {"sub": str(found.user_id), HANDLE_CLAIM: found.handle}

    def generate_jwt(self, user: Any, *, expiration_time_in_seconds: int | None = None) -> str:
        """A token that ends with the session at the latest. Raises ValueError for a user who isn't signed in."""
        wanted = expiration_time_in_seconds or conf.getint("api_auth", "jwt_expiration_time")
        left = _stamp_of(user).ends_at - int(time.time())
        return str(super().generate_jwt(user, expiration_time_in_seconds=max(1, min(wanted, left))))

    def deserialize_user(self, token: dict[str, Any]) -> User:
        """The user behind a token that Airflow signed. Raises ValueError unless its session is live.

        A database that doesn't say whether it is lets nobody in: HTTPException 503, which Airflow passes on as it is.
        """
        try:
            return self._user_of(token)
        except SQLAlchemyError as error:
            log.exception("Airflow's database does not say who is signed in, so nobody is")
            raise HTTPException(503, "Airflow's database does not answer: try again") from error

    def _user_of(self, token: dict[str, Any]) -> User:
        found = standing(token.get(HANDLE_CLAIM), sign_on().tenant_id)
        if found is None or token["sub"] != str(found.user_id):
            raise ValueError("the token's sign-in has ended")
        now = time.monotonic()
        known = self._users.get(found.session_id)
        if known and known[1] == found and now - known[0] < _USER_FRESH:
            return known[2]
        if found.changed_by_hand:
            self._put_back(found)
        user = stamp(_fetch(found.user_id), found, sign_on())
        if len(self._users) >= _MOST:
            self._users.clear()
        self._users[found.session_id] = (now, found, user)
        return user

    def revoke_token(self, token: str) -> None:
        """What /api/v2/auth/logout does with every token of a request: the session that it hangs on ends as well."""
        super().revoke_token(token)
        handle = self.believed_claims(token).get(HANDLE_CLAIM)
        if isinstance(handle, str):
            end_session(handle, "signed out")

    def believed_claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that Airflow signed and that hasn't expired; none of another."""
        try:
            claims: dict[str, Any] = self._get_token_validator().validated_claims(token)
        except Exception:
            return {}
        return claims

    def is_authorized_dag(self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None) -> bool:
        resources = self._get_fab_resource_types(access_entity) if access_entity else decisions.DAGS
        if details and details.id:
            if str(method) == "POST" and access_entity == DagAccessEntity.RUN and reprocesses_runs():
                method = "PUT"
            return decisions.may_dag(user, method, access_entity, details.id, resources)
        if decisions.may_everywhere(user, method, resources):
            return True
        # A list: whoever may read some DAG sees it, and its filter asks get_authorized_dag_ids.
        return str(method) == "GET" and decisions.may_some_dag(user, method, access_entity)

    @provide_session
    def get_authorized_dag_ids(self, *, user: Any, method: Any = "GET", session: Session = NEW_SESSION) -> set[str]:
        return decisions.dags(user, method, session.scalars(select(DagModel.dag_id)))

    def filter_authorized_dag_ids(
        self, *, dag_ids: set[str], user: Any, method: Any = "GET", team_name: str | None = None
    ) -> set[str]:
        return decisions.dags(user, method, dag_ids)

    def _is_authorized_list_dags(self, *, user: Any) -> bool:
        return decisions.all_dags(user, "GET") or decisions.may_some_dag(user, "GET", None)

    def get_extra_menu_items(self, *, user: Any) -> list[Any]:
        """Links to the two lists that there are; FAB would link to pages that this package doesn't have."""
        return [item for item in super().get_extra_menu_items(user=user) if item.text in ("Users", "Roles")]

    def _put_back(self, found: Standing) -> None:
        if self.flask_app is None:
            return
        with self.flask_app.app_context():
            self.security_manager.put_back(found)


def _fetch(user_id: int) -> User:
    query = select(User).where(User.id == user_id)
    with create_session() as session:
        # Without the roles' permissions, which FAB's model joins to them: hundreds of rows that nobody looks at.
        return session.scalars(query.options(selectinload(User.roles).options(lazyload(Role.permissions)))).one()


def _stamp_of(user: Any) -> Standing:
    found = getattr(user, "_entra", None)
    if not isinstance(found, Standing):
        raise ValueError("a token is given to who signed in with Entra alone")
    return found
