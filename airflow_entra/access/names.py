"""Names that must never change: what Entra and Pulumi's state know an object by, derived from its first name.

Every one is a pure function of the first name, so that renaming or reordering things in a stack file, renaming the
stack itself, or running on another machine gives the same names, and nothing is replaced.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from functools import lru_cache

# Drawn once for this product. Changing either makes new ids for everything that exists.
_APP_ROLES = uuid.UUID("2f0a8a52-6d7c-5c0e-9f5b-0f6f1c6a7c11")
_ROLE_ASSIGNMENTS = uuid.UUID("b7b0a0c4-3a52-5d4e-8a43-6c1de2c0f2d7")

DEFAULT_ACCESS = str(uuid.UUID(int=0))
"""The app role id that Graph reads as "assigned, with no particular role"."""

_MAIL_NICKNAME_LENGTH = 64  # Graph: group.mailNickname


@lru_cache(maxsize=8192)
def app_role_id(first_name: str) -> str:
    """The id of the app role that was first called `first_name`, the same in every application."""
    return str(uuid.uuid5(_APP_ROLES, first_name))


def role_assignment_name(scope: str, principal: str, role: str) -> str:
    """The name of an Azure role assignment; the same three always give the same one, so a repeat finds it."""
    return str(uuid.uuid5(_ROLE_ASSIGNMENTS, f"{scope.lower()}\n{principal.lower()}\n{role.lower()}"))


def mail_nickname(first_name: str) -> str:
    """A group's mailNickname: at most 64 of `[a-z0-9-]`, readable, and different for names that differ at all."""
    digest = hashlib.sha256(first_name.encode()).hexdigest()[:8]
    words = re.sub(r"[^a-z0-9]+", "-", first_name.lower()).strip("-") or "group"
    return f"{words[: _MAIL_NICKNAME_LENGTH - len(digest) - 1].rstrip('-')}-{digest}"


def application_name(stack: str) -> str:
    return f"Airflow ({stack})"


def federated(workload: str | None) -> str:
    """The resource of a workload's federated credential; the first one, which has no name, came before the others."""
    return f"federated-{workload}" if workload else "federated"


CONTACTS = "Contacts: "
"""How the notes of an application begin that say who answers for it."""


def token_lifetime_policy(stack: str) -> str:
    return f"Airflow token lifetime ({stack})"


def sign_in_policy(stack: str) -> str:
    return f"Airflow sign-in ({stack})"


def watcher_name(stack: str) -> str:
    return f"Airflow watcher ({stack})"


def watcher_tags(stack: str) -> tuple[str, ...]:
    """As an application's own. No stack's name holds a colon."""
    return ("airflow-entra", f"airflow-entra:{stack}:watcher")


def application_tags(stack: str) -> tuple[str, ...]:
    """By these a run that was interrupted finds the application that it had already made."""
    return ("airflow-entra", f"airflow-entra:{stack}")
