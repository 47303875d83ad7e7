"""Token lifetime policies as dynamic resources: pulumi-azuread has none.

FROZEN: this module's path and its class names are written into every stack's state; `pulumi destroy` of an old stack
imports them by these names. Change what the methods do, never what or where they are. The classes hold no state, so
what is pickled is the reference alone: no secret, and the same text in every release and Python patch version.

Every import that isn't Pulumi's waits until it is needed: the program itself imports this module too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi.dynamic import ConfigureRequest, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

Props = dict[str, Any]
T = TypeVar("T")
_POLICIES = "/policies/tokenLifetimePolicies"
_PROVIDER = "__provider"


class PolicyConflictError(Exception):
    """The directory holds something that this program did not make and won't overwrite."""


class _GraphProvider(ResourceProvider):
    serialize_as_secret_always = False  # a class reference: encrypting it would only make every diff unreadable

    def configure(self, req: ConfigureRequest) -> None:
        # Pulumi answers an error with its traceback; the error's own words are what a reader can use.
        sys.tracebacklimit = 0


class PolicyProvider(_GraphProvider):
    """Inputs: tenantId, displayName, lifetime ("08:00:00"), existing (a policy's id, or absent). Outputs add
    organizationDefault: the name of the policy that wins over every application's own, or ""."""

    def create(self, props: Props) -> CreateResult:
        graph = _graph(props)
        policy = props.get("existing") or _left_over(graph, props["displayName"])
        if policy:
            graph.patch(f"{_POLICIES}/{policy}", _policy(props))
        else:
            policy = graph.post(_POLICIES, _policy(props))["id"]
        return CreateResult(policy, _outputs(graph, props))

    def read(self, id_: str, props: Props) -> ReadResult:
        graph = _graph(props)
        policy = _get(graph, f"{_POLICIES}/{id_}")
        if policy is None:
            return ReadResult("", {})
        live = {**_inputs(props), "displayName": policy["displayName"], "lifetime": lifetime_of(policy)}
        return ReadResult(id_, _outputs(graph, live), live)

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        replaces = [key for key in ("tenantId", "existing") if _olds.get(key) != _news.get(key)]
        updates = [key for key in ("displayName", "lifetime", _PROVIDER) if _olds.get(key) != _news.get(key)]
        return DiffResult(changes=bool(replaces or updates), replaces=replaces)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        graph = _graph(_news)
        graph.patch(f"{_POLICIES}/{_id}", _policy(_news))
        return UpdateResult(_outputs(graph, _news))

    def delete(self, _id: str, _props: Props) -> None:
        if not _props.get("existing"):  # one that was adopted stays with whoever made it
            _delete(_graph(_props), f"{_POLICIES}/{_id}")


class AssignmentProvider(_GraphProvider):
    """Inputs: tenantId, application (object id), policy (id). An application has one policy at most."""

    def create(self, props: Props) -> CreateResult:
        from airflow_entra_auth.azure import GRAPH_V1

        graph, policy = _graph(props), props["policy"]
        assigned = _once_there(graph, props, lambda: list(graph.pages(_assigned(props))))
        others = [item for item in assigned if item["id"] != policy]
        if others:
            names = ", ".join(f"{item['displayName']} ({item['id']})" for item in others)
            raise PolicyConflictError(
                f"application {props['application']} has another token lifetime policy already, and Entra allows one: "
                f"{names}; take it off the application, or write manage.tokenLifetime: existing and its id under "
                f"tenant.existing.tokenLifetimePolicy"
            )
        if not assigned:
            reference = {"@odata.id": f"{GRAPH_V1}{_POLICIES}/{policy}"}
            _once_there(graph, props, lambda: graph.post(f"{_assigned(props)}/$ref", reference))
        return CreateResult(f"{props['application']}/{policy}", _inputs(props))

    def read(self, id_: str, props: Props) -> ReadResult:
        application, _, policy = id_.partition("/")
        live = {**_inputs(props), "application": application, "policy": policy}
        if not _applies(_graph(props), live):
            return ReadResult("", {})
        return ReadResult(id_, live, live)

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        replaces = [key for key in ("tenantId", "application", "policy") if _olds.get(key) != _news.get(key)]
        changes = bool(replaces) or _olds.get(_PROVIDER) != _news.get(_PROVIDER)
        return DiffResult(changes=changes, replaces=replaces, delete_before_replace=True)

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        return UpdateResult(_inputs(_news))

    def delete(self, _id: str, _props: Props) -> None:
        _delete(_graph(_props), f"{_assigned(_props)}/{_props['policy']}/$ref")


def definition(lifetime: str) -> str:
    """The one JSON string in a policy's `definition` for a lifetime like "08:00:00"."""
    return json.dumps({"TokenLifetimePolicy": {"Version": 1, "AccessTokenLifetime": lifetime}}, separators=(",", ":"))


def lifetime_of(policy: Props) -> str:
    """The lifetime that a policy says, as "hh:mm:ss"; "" when it says none."""
    rules = json.loads((policy.get("definition") or ["{}"])[0])
    text = str(rules.get("TokenLifetimePolicy", {}).get("AccessTokenLifetime", ""))
    return text.zfill(8) if text.count(":") == 2 and len(text) < 8 else text


def _policy(props: Props) -> Props:
    return {
        "displayName": props["displayName"],
        "definition": [definition(props["lifetime"])],
        "isOrganizationDefault": False,
    }


def _left_over(graph: Graph, name: str) -> str | None:
    """A policy of our name that applies to nothing: what a run left that was interrupted after the call.

    None too where it may not be seen what it applies to: one more policy is harmless, another application's isn't.
    """
    from airflow_entra_auth.graph import GraphError

    for policy in graph.pages(_POLICIES, {"$filter": f"displayName eq '{name.replace(chr(39), chr(39) * 2)}'"}):
        try:
            applied = list(graph.pages(f"{_POLICIES}/{policy['id']}/appliesTo"))
        except GraphError as error:
            if error.status != 403:
                raise
            continue
        if policy["displayName"] == name and not applied:
            return str(policy["id"])
    return None


def _applies(graph: Graph, props: Props) -> bool:
    """Whether the application has the policy. Graph shows an application's policies to who may write applications, and
    a policy's applications to who may read them: an identity that only previews is of the second kind.
    """
    from airflow_entra_auth.graph import GraphError

    try:
        assigned = _get(graph, _assigned(props))
        return any(item["id"] == props["policy"] for item in (assigned or {}).get("value", []))
    except GraphError as error:
        if error.status != 403:
            raise
    applied = _get(graph, f"{_POLICIES}/{props['policy']}/appliesTo")
    return any(item["id"] == props["application"] for item in (applied or {}).get("value", []))


def _outputs(graph: Graph, inputs: Props) -> Props:
    defaults = (policy for policy in graph.pages(_POLICIES) if policy.get("isOrganizationDefault"))
    return {**_inputs(inputs), "organizationDefault": next((policy["displayName"] for policy in defaults), "")}


def _inputs(props: Props) -> Props:
    return {key: value for key, value in props.items() if key not in (_PROVIDER, "organizationDefault")}


def _assigned(props: Props) -> str:
    return f"/applications/{props['application']}/tokenLifetimePolicies"


def _graph(props: Props) -> Graph:
    from airflow_entra.directory.credentials import GRAPH, token_source
    from airflow_entra_auth.graph import Graph

    return Graph(token_source(GRAPH, props["tenantId"]))


def _once_there(graph: Graph, props: Props, ask: Callable[[], T]) -> T:
    """Application and policy may have been made a moment ago, by this run. Pulumi shows what is written to stderr."""
    from airflow_entra.directory.replication import once_there

    made = (props["application"], props["policy"])
    return once_there(ask, graph, made, say=lambda text: sys.stderr.write(f"{text}\n"))


def _get(graph: Graph, path: str) -> Any:
    from airflow_entra_auth.graph import GraphError

    try:
        return graph.get(path)
    except GraphError as error:
        if error.status == 404:
            return None
        raise


def _delete(graph: Graph, path: str) -> None:
    from airflow_entra_auth.graph import GraphError

    try:
        graph.delete(path)
    except GraphError as error:
        if error.status != 404:  # gone already, perhaps with its application: that is what was wanted
            raise
