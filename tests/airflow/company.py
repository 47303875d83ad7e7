"""The company that the tests work for: one tenant, its people, both stacks deployed, and Airflows on demand."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from airflow_entra.access import DeclaredStack
from airflow_entra.directory.credentials import GRAPH, token_source
from airflow_entra.local import tenant as tenants
from airflow_entra.local.airflow import process
from airflow_entra.local.airflow.deployed import write_files
from airflow_entra.local.airflow.home import AirflowHome
from airflow_entra.local.airflow.identity import environment_of_workload
from airflow_entra.local.clients import clients_of
from airflow_entra.local.deploy import deploy
from airflow_entra.local.run import open_session, tenant_environment
from airflow_entra.local.tenant import Tenant
from airflow_entra.local.world import World, own_environment
from airflow_entra.render import Places, facts
from airflow_entra.settings import load
from airflow_entra_auth.azure import LOGIN
from airflow_entra_auth.graph import Graph
from airflow_entra_auth.variables import SESSION_KEY
from tests.airflow import stacks
from tests.airflow.people import MANY, MANY_GROUPS, NESTED, PEOPLE, STRANDED, WATCHED_INSIDE, TestPerson
from tests.airflow.site import Site

KEY = token_urlsafe(32)
"""Of every Airflow's sessions; its server and its watcher have it."""


@dataclass(frozen=True)
class Company:
    world: World
    tenant: Tenant
    graph: Graph
    """Microsoft Graph as the deploying identity sees it."""
    people_team: Graph
    """The same for who hires and dismisses."""

    def site(
        self,
        stack: str,
        version: str,
        *,
        authority: str | None = None,
        proxy: str | None = None,
        stock: bool = False,
        kind: str = "",
        changed: Mapping[str, str] | None = None,
        parts: Sequence[str] | None = None,
    ) -> Site:
        """Start the stack's Airflow; with `authority`, its people sign in there instead of at Azure's own name.

        `proxy` stands in front of the tenant's own: a `Gate`. One of another `kind` has a home of its own, and
        `changed` in its environment. `parts` are those of `process.PARTS` to start; the server alone unless said.
        """
        kind = kind or ("stock" if stock else "ours")
        home = AirflowHome.at(self.world.home / "airflow" / f"{stack}-{kind}" / version, version)
        settings = load(self.world.stack_file(stack))
        port = free_port()
        url = stacks.URLS[stack][version]
        known = facts(
            DeclaredStack(stack, settings),
            self.world.outputs(stack),
            version=version,
            url=f"http://localhost:{port}" if "//localhost" in url else url,
            places=Places.below(str(home.folder)),
            authority=authority or LOGIN,
        )
        configured, private = write_files(home, known, stock=stock)
        private |= environment_of_workload(self.world, DeclaredStack(stack, settings))
        configured |= tenant_environment(self.tenant)
        configured |= {"HTTPS_PROXY": proxy, "https_proxy": proxy} if proxy else {}
        configured |= changed or {}
        private |= {} if stock else {SESSION_KEY: KEY}
        running = process.start(
            home,
            port,
            configured,
            private=private,
            inherited=own_environment(os.environ),
            parts=parts or PARTS[home.major],
        )
        return Site(stack, version, running, self.tenant, configured | private, stock)

    def deploy(self, stack: str, people: Iterable[TestPerson]) -> None:
        """One more stack, and these people into its groups."""
        deploy(open_session(self.world, [stack], http_port=0, say=_quiet), stack, say=_quiet)
        self.admit(people, stack)

    def admit(self, people: Iterable[TestPerson], stack: str) -> None:
        for person in people:
            for role in person.roles:
                self.join(person, stack, role)

    def group(self, stack: str, role: str) -> str:
        """The object id of the group behind a role."""
        outputs = self.world.outputs(stack)
        name = stacks.group(stack, role)
        found: str = next(one["id"] for one in outputs["roles"][role] if one["group"] == name)
        return found

    def join(self, person: TestPerson, stack: str, role: str) -> None:
        self.add(self.group(stack, role), person.object_id)

    def leave(self, person: TestPerson, stack: str, role: str) -> None:
        self.graph.delete(f"/groups/{self.group(stack, role)}/members/{person.object_id}/$ref")

    def principal(self, stack: str) -> dict[str, Any]:
        """The service principal of a stack's application: the enterprise application."""
        client = self.world.outputs(stack)["clientId"]
        (found,) = self.graph.get("/servicePrincipals", {"$filter": f"appId eq '{client}'"})["value"]
        return dict(found)

    def unassign(self, stack: str, role: str) -> dict[str, Any]:
        """Deletes the assignment of a role to its group; what `assign` makes it of again."""
        path = f"/servicePrincipals/{self.principal(stack)['id']}/appRoleAssignedTo"
        group = self.group(stack, role)
        (found,) = [item for item in self.graph.pages(path) if item["principalId"] == group]
        self.graph.delete(f"{path}/{found['id']}")
        return {name: found[name] for name in ("principalId", "resourceId", "appRoleId")}

    def assign(self, assignment: dict[str, Any]) -> None:
        self.graph.post(f"/servicePrincipals/{assignment['resourceId']}/appRoleAssignedTo", assignment)

    def switch_application(self, stack: str, enabled: bool) -> None:
        self.graph.patch(f"/servicePrincipals/{self.principal(stack)['id']}", {"accountEnabled": enabled})

    def disable(self, person: TestPerson) -> None:
        self.people_team.patch(f"/users/{person.object_id}", {"accountEnabled": False})

    def enable(self, person: TestPerson) -> None:
        self.people_team.patch(f"/users/{person.object_id}", {"accountEnabled": True})

    def sign_out_everywhere(self, person: TestPerson) -> None:
        self.people_team.post(f"/users/{person.object_id}/revokeSignInSessions", {})

    def delete(self, person: TestPerson) -> None:
        self.people_team.delete(f"/users/{person.object_id}")

    def restore(self, person: TestPerson) -> None:
        self.people_team.post(f"/directory/deletedItems/{person.object_id}/restore", {})

    def enable_application(self, stack: str, enabled: bool) -> None:
        """The switch of an enterprise application's page: whether people may sign in."""
        app_id = self.world.outputs(stack)["clientId"]
        (found,) = self.graph.pages("/servicePrincipals", {"$filter": f"appId eq '{app_id}'", "$select": "id"})
        self.graph.patch(f"/servicePrincipals/{found['id']}", {"accountEnabled": enabled})

    def application(self, stack: str) -> dict[str, Any]:
        found: dict[str, Any] = self.graph.get(f"/applications/{self.world.outputs(stack)['applicationObjectId']}")
        return found

    def signing_key(self) -> RSAPrivateKey:
        """What the tenant signs tokens with."""
        key = serialization.load_pem_private_key((self.world.tenant / "keys" / "signing.pem").read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        return key

    def add(self, group: str, member: str) -> None:
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"}
        self.graph.post(f"/groups/{group}/members/$ref", reference)


PARTS = {3: ("api-server",), 2: ("webserver",)}
"""People sign in to the server alone; tests about DAGs bring them in themselves."""


@contextmanager
def company_in(world: World) -> Iterator[Company]:
    """The tenant started, people in it, both stacks deployed and everybody in their groups."""
    session = open_session(world, stacks.DEPLOYED, http_port=0, say=_quiet)
    team = {name: str(uuid4()) for name in ("id", "appId", "servicePrincipalId")} | {"secret": token_urlsafe(32)}
    tenants.seed(world, _seed(PEOPLE) | {"applications": [_PEOPLE_TEAM | team]})
    for stack in stacks.DEPLOYED:
        deploy(session, stack, say=_quiet)
    with (
        clients_of(world, session.tenant, stacks.TENANT) as clients,
        _graph(session.tenant, team["appId"], team["secret"]) as people_team,
    ):
        company = Company(world, session.tenant, clients.graph, people_team)
        for stack in stacks.DEPLOYED:
            company.admit(PEOPLE, stack)
            company.add(company.group(stack, "Viewer"), INNER_GROUP)
        yield company


@contextmanager
def _graph(tenant: Tenant, client_id: str, secret: str) -> Iterator[Graph]:
    context = ssl.create_default_context(cafile=str(tenant.ca_file))
    with httpx.Client(proxy=tenant.proxy, verify=context, trust_env=False, timeout=30) as client:
        proof = {"ARM_CLIENT_ID": client_id, "ARM_CLIENT_SECRET": secret}
        yield Graph(token_source(GRAPH, stacks.TENANT, proof, client=client), client=client)


_PEOPLE_TEAM = {"tenantId": stacks.TENANT, "displayName": "People team", "permissions": ["User.ReadWrite.All"]}
INNER_GROUP = "a1b2c3d4-0000-4000-8000-00000000f00d"


def _seed(people: Iterable[TestPerson]) -> dict[str, Any]:
    inner = {
        "id": INNER_GROUP,
        "displayName": "inside-viewers",
        "members": [NESTED.object_id, WATCHED_INSIDE.object_id],
    }
    crowd = [
        {
            "id": f"a1b2c3d4-0000-4000-8000-{number:012}",
            "displayName": f"crowd-{number}",
            "members": [MANY_GROUPS.object_id, STRANDED.object_id],
        }
        for number in range(MANY)
    ]
    groups = [one | {"tenantId": stacks.TENANT, "mailNickname": one["displayName"]} for one in (inner, *crowd)]
    return {"users": [person.as_seed() for person in people], "groups": groups}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _quiet(line: str) -> None:
    """What a deployment says is in its exceptions too."""
