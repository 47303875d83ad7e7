"""Whom to ask about a person: the local tenant where the stack is of the local environment, else the real one."""

from __future__ import annotations

import httpx

from airflow_entra.access import DeclaredStack
from airflow_entra.commands.who import standings as on_local_tenant
from airflow_entra.directory.credentials import CredentialError
from airflow_entra.directory.explain import standings as from_environment
from airflow_entra.directory.membership import NotDeployedError
from airflow_entra.directory.who import Standing, UnknownPersonError
from airflow_entra.local.errors import LocalError
from airflow_entra.local.world import project_world
from airflow_entra_auth.graph import GraphError


def standings(stack: DeclaredStack, person: str, port: int) -> list[Standing]:
    """How who is called `person` stands. Raises LocalError where nobody can say.

    `port` is where a local tenant is started that isn't running; 0 for any.
    """
    if stack.settings.environment == "local":
        return on_local_tenant(project_world(), stack.name, person, http_port=port)
    try:
        return from_environment(stack, person)
    except NotDeployedError as missing:
        raise LocalError(f"{missing}: `pulumi up --stack {stack.name}` makes it") from missing
    except (UnknownPersonError, CredentialError) as problem:
        raise LocalError(str(problem)) from problem
    except (GraphError, httpx.TransportError) as problem:
        raise LocalError(f"Microsoft Graph did not answer: {problem}") from problem
