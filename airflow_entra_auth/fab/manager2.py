"""Airflow 2.11: everything goes through the Flask session, and a method without a user asks about the current one."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from airflow.auth.managers.models.resource_details import DagAccessEntity
from airflow.configuration import conf
from airflow.exceptions import AirflowConfigException
from airflow.models import DagModel
from airflow.providers.fab.auth_manager import fab_auth_manager as fab
from airflow.utils.session import NEW_SESSION, create_session, provide_session
from flask import has_request_context, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_entra_auth.fab import decisions
from airflow_entra_auth.fab.guarded import Guarded
from airflow_entra_auth.fab.runs import name_who_starts_runs

_METHODS = ("GET", "PUT")
_UNFILTERED = frozenset({"DEPENDENCIES"})
"""What one page shows of all DAGs, whoever looks: it is for those who may read all."""


class EntraFabAuthManager(Guarded, fab.FabAuthManager):
    """FAB's auth manager, with Entra as the one way in."""

    def init(self) -> None:
        """Raises AirflowConfigException where another door would stay open."""
        if conf.getboolean("api", "enable_experimental_api", fallback=False):
            raise AirflowConfigException(
                "[api] enable_experimental_api is on: there, whoever is signed in may do everything with every DAG, "
                "whatever the sign-on file says. Take the option out; the API under /api/v1 does the same."
            )
        super().init()
        self.security_manager.prepare()
        name_who_starts_runs()

    def is_authorized_dag(
        self, *, method: Any, access_entity: Any = None, details: Any = None, user: Any = None
    ) -> bool:
        user = user or self.get_user()
        resources = self._get_fab_resource_types(access_entity) if access_entity else decisions.DAGS
        if details and details.id:
            if method == "POST" and access_entity == DagAccessEntity.RUN and _unpauses(details.id):
                method = "PUT"
            return decisions.may_dag(user, method, access_entity, details.id, resources)
        if decisions.may_everywhere(user, method, resources):
            return True
        # Without an entity the question is "all DAGs?", and whoever asks it goes on to ask for the permitted ones.
        if access_entity is None and method != "MENU":
            return False
        if getattr(access_entity, "name", None) in _UNFILTERED:
            return False
        return method in ("GET", "MENU") and decisions.may_some_dag(user, method, access_entity)

    @provide_session
    def get_permitted_dag_ids(
        self, *, methods: Container[Any] | None = None, user: Any = None, session: Session = NEW_SESSION
    ) -> set[str]:
        dag_ids = set(session.scalars(select(DagModel.dag_id)))
        return self.filter_permitted_dag_ids(dag_ids=dag_ids, methods=methods, user=user)

    def filter_permitted_dag_ids(
        self, *, dag_ids: set[str], methods: Container[Any] | None = None, user: Any = None
    ) -> set[str]:
        user = user or self.get_user()
        asked = [method for method in _METHODS if not methods or method in methods]
        return set().union(*(decisions.dags(user, method, dag_ids) for method in asked))


def _unpauses(dag_id: str) -> bool:
    """Whether this request is for a new run by the page, which unpauses the DAG as well; the API's doesn't."""
    if not has_request_context() or (request.endpoint, request.method) != ("Airflow.trigger", "POST"):
        return False
    with create_session() as session:
        return bool(session.scalar(select(DagModel.is_paused).where(DagModel.dag_id == dag_id)))
