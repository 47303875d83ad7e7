"""The two halves of an import: the stack file, then the state. Each can be repeated; what is done stays done."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from airflow_entra.access import DeclaredStack, api_versions
from airflow_entra.access.vault import VaultPlace
from airflow_entra.directory.clients import Clients
from airflow_entra.directory.registered import Registered
from airflow_entra.directory.registration import read_registration
from airflow_entra.directory.vaults import LiveVault, exists, read_vault, read_vaults
from airflow_entra.escape.odata import literal
from airflow_entra.finding import Finding
from airflow_entra.importing.choices import Choices
from airflow_entra.importing.credential import secrets_that_stay
from airflow_entra.importing.differences import Difference, differences
from airflow_entra.importing.draft import Draft
from airflow_entra.importing.ids import Live, Resource, resource_ids
from airflow_entra.importing.live_groups import live_groups
from airflow_entra.importing.live_watcher import live_watcher
from airflow_entra.importing.stack_text import stack_text, write_new
from airflow_entra.importing.state import Json, dynamic_resources, held, importable, settled
from airflow_entra.pulumi.resource_types import PRINCIPAL
from airflow_entra.pulumi.runner import Pulumi
from airflow_entra.pulumi.trouble import PulumiError, patiently
from airflow_entra.settings.model import CreatedVault, StackSettings, VaultSecret
from airflow_entra.words import many
from airflow_entra_auth.graph import Graph

Say = Callable[[str], None]
_SERVICE_PRINCIPAL = (PRINCIPAL, "service-principal")


@dataclass(frozen=True)
class Listed:
    """A preview: its steps, and the file of what it would create, in `pulumi import`'s form."""

    steps: Sequence[Json]
    creates: Json


@dataclass(frozen=True)
class Taken:
    """`imported`: how many resources came into the state this time; `differing`: what the next `up` would do.

    `findings`: what could not be brought into the state, and why. `settled`: findings about the application that the
    state has settled, because its secrets are the stack's own.
    """

    imported: int
    differing: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    settled: tuple[Finding, ...]


def read(clients: Clients, client_id: str, choices: Choices) -> tuple[Registered, tuple[LiveVault, ...]]:
    """The application, and the vaults that its secret may be in. Raises UserError, GraphError."""
    application = read_registration(clients.graph, clients.tenant_id, client_id, choices.roles)
    if choices.vault:
        vault = read_vault(clients.arm, choices.vault)
        return application, (vault,) if vault else ()
    return application, read_vaults(clients.arm, choices.subscription) if choices.subscription else ()


def write(drafted: Draft, client_id: str, stack: str, file: Path, *, overwrite: bool) -> None:
    """Write the stack file, and the certificate that it names beside it. Raises FileExistsError and OSError."""
    about = f"Taken over from application {client_id} by `airflow-entra import`."
    write_new(file, stack_text(drafted, about), overwrite=overwrite)
    if drafted.certificate is not None:
        write_new(file.with_name(f"{stack}.pem"), drafted.certificate, overwrite=overwrite)


def take_over(stack: DeclaredStack, application: Registered, clients: Clients, pulumi: Pulumi, say: Say) -> Taken:
    """Bring what is there into the stack's state; what is in it already is left alone.

    Raises PulumiError, GraphError. Changes nothing in the tenant.
    """
    settings = stack.settings
    groups = live_groups(stack.plan, application, partial(_with_nickname, clients.graph))
    live = Live(application, groups.ids, *_vault(settings, clients), live_watcher(stack, clients.graph))
    ids = resource_ids(stack, live)
    say("Asking Pulumi what the stack file declares ...")
    declared = patiently(partial(listed, pulumi), say)
    wanted = importable(declared.creates, ids)
    count = 0
    if wanted is not None:
        count = sum(not one.get("component") for one in wanted["resources"])
        say(f"Importing {many(count, 'resource')} into the state of stack {stack.name} ...")
        import_all(pulumi, wanted, ids, protect=settings.environment == "production", say=say)
    before = pulumi.export()
    ours = tuple(secrets_that_stay(application, held(application.secrets, before)))
    findings = (*groups.findings, *_of_the_watcher(live.watcher, before))
    right = settled(before, declared.steps, ids, application.lifetime_policy)
    if right is not None:
        pulumi.put(right)
        count += dynamic_resources(right) - dynamic_resources(before)
    if wanted is None and right is None:
        return Taken(0, differences(_shown(pulumi, declared.steps)), findings, ours)
    say("Asking Pulumi what the next `pulumi up` would change ...")
    return Taken(count, differences(_shown(pulumi, patiently(partial(listed, pulumi), say).steps)), findings, ours)


def _of_the_watcher(watcher: Registered | None, export: Json) -> list[Finding]:
    """Its secrets that are none of the stack's: whoever has one reads the directory, and no rotation takes it away."""
    if watcher is None:
        return []
    ours = held(watcher.secrets, export)
    return secrets_that_stay(watcher, [secret for secret in watcher.secrets if secret not in ours], "the watcher's ")


def listed(pulumi: Pulumi) -> Listed:
    """Raises PulumiError, with the program's own words where the stack file is wrong."""
    with tempfile.TemporaryDirectory(prefix="airflow-entra-") as folder:
        file = Path(folder) / "import.json"
        steps = pulumi.preview("--import-file", str(file))
        creates = json.loads(file.read_text("utf-8")) if file.exists() else {"resources": []}
    return Listed(steps, creates)


def import_all(pulumi: Pulumi, wanted: Json, ids: Mapping[Resource, str], *, protect: bool, say: Say) -> None:
    """Raises PulumiError.

    A service principal's id has its path in the state of azuread 6, and is imported by it; some releases of the
    provider below check for the bare id instead, and say so.
    """
    first = [wanted]

    def once(ids: Mapping[Resource, str]) -> None:
        # What came into the state by then isn't listed any more.
        rest = first.pop() if first else importable(listed(pulumi).creates, ids)
        if rest is not None:
            pulumi.import_(rest, protect=protect)

    try:
        patiently(lambda: once(ids), say)
    except PulumiError as refused:
        path = ids.get(_SERVICE_PRINCIPAL)
        if path is None or "is not valid: uuid" not in str(refused):
            raise
        bare = {**ids, _SERVICE_PRINCIPAL: path.rpartition("/")[2]}
        patiently(lambda: once(bare), say)


def _shown(pulumi: Pulumi, steps: Sequence[Json]) -> list[Json]:
    return [pulumi.scrub.value(step) for step in steps]


def _with_nickname(graph: Graph, nickname: str) -> list[str]:
    return [group["id"] for group in graph.pages("/groups", {"$filter": f"mailNickname eq {literal(nickname)}"})]


def _vault(settings: StackSettings, clients: Clients) -> tuple[LiveVault | None, str | None]:
    """The vault, and the resource id of its private endpoint; each None where there is none."""
    if not isinstance(settings.credential, VaultSecret):
        return None, None
    place = VaultPlace.of(settings, settings.credential)
    vault = read_vault(clients.arm, place.id)
    endpoint = (
        f"/subscriptions/{place.subscription}/resourceGroups/{place.resource_group}"
        f"/providers/Microsoft.Network/privateEndpoints/pe-{place.name}"
    )
    declared = isinstance(settings.credential.vault, CreatedVault) and settings.credential.vault.private_endpoint_subnet
    return vault, endpoint if vault and declared and exists(clients.arm, endpoint, api_versions.NETWORK) else None
