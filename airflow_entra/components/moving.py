"""What release 0.1.0 gave to the application that people sign in to stays until the stack file says that it may go.

That release watched as this application. Its Airflow goes on doing so until it runs with files that name the watcher's
own identity, so what it needs is declared as it was. A new deployment never gets it.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_entra.access import DeclaredStack, names
from airflow_entra.access.permissions import APP_ROLE_IDS, GIVEN_BY_0_1
from airflow_entra.directory.tenant import Denied, LiveTenant
from airflow_entra.settings import StackSettings


@dataclass(frozen=True, slots=True)
class Held:
    """The names of the permissions that stay declared, and what is to be told about them."""

    permissions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def held_by_sign_on(stack: DeclaredStack, tenant: LiveTenant) -> Held:
    """Asks the tenant once, where this stack gives permissions itself; what can't be known stays as it is.

    Raises what LiveTenant raises.
    """
    settings = stack.settings
    if not settings.watched or settings.watcher.moved or settings.tenant.manage.consent != "managed":
        return Held()
    _, own = names.application_tags(stack.name)
    asked = tenant.asked_for_itself(own)
    if isinstance(asked, Denied):
        return Held(GIVEN_BY_0_1, (str(asked), _how(GIVEN_BY_0_1)))
    held = tuple(name for name in GIVEN_BY_0_1 if APP_ROLE_IDS[name] in asked)
    return Held(held, (_how(held),) if held else ())


def left_to_others(settings: StackSettings, service_principal: str, tenant: LiveTenant) -> tuple[str, ...]:
    """The same warning where somebody else gave the permissions: they stay until this somebody takes them away."""
    if not settings.watched or settings.watcher.moved or settings.tenant.manage.consent not in ("request", "existing"):
        return ()
    found = tenant.app_permissions(service_principal)
    if isinstance(found, Denied):
        return ()  # said already, where what was asked for is looked up
    held = tuple(name for name in GIVEN_BY_0_1 if APP_ROLE_IDS[name] in found)
    return (_how(held),) if held else ()


def _how(permissions: tuple[str, ...]) -> str:
    return (
        f"the application that people sign in to keeps {' and '.join(permissions)}, which an older release gave it to "
        "watch the tenant; the watcher has an identity of its own now. Render Airflow's files again, deploy them, then "
        "write `airflow-entra:watcher: {moved: true}` and run `pulumi up --policy-pack policies` again "
        "(docs/revocation.md)"
    )
