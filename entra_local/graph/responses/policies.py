"""/policies, and the policies of applications and service principals."""

from entra_local.graph.entities import Entity
from entra_local.graph.listing import list_kind
from entra_local.graph.models import policies, tenant_policies
from entra_local.graph.models.objects import load
from entra_local.graph.request import GraphRequest
from entra_local.graph.responses.common import NO_CONTENT, items, objects, one
from entra_local.wire import Reply


class PolicyResponses:
    """The handlers for one type of policy."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity

    def list_all(self, request: GraphRequest) -> Reply:
        return list_kind(request, self.entity)

    def create(self, request: GraphRequest) -> Reply:
        return one(request, self.entity, policies.create(request.directory, self.entity, request.call.json()), 201)

    def read(self, request: GraphRequest) -> Reply:
        return one(request, self.entity, load(request.directory, self.entity, request["policy"]))

    def update(self, request: GraphRequest) -> Reply:
        policies.update(request.directory, self.entity, request["policy"], request.call.json())
        return NO_CONTENT

    def delete(self, request: GraphRequest) -> Reply:
        policies.delete(request.directory, self.entity, request["policy"])
        return NO_CONTENT

    def applies_to(self, request: GraphRequest) -> Reply:
        return objects(request, policies.applies_to(request.directory, self.entity, request["policy"]))


class AssignedPolicyResponses:
    """The handlers for one type of policy below one type of owner."""

    def __init__(self, entity: Entity, owner: Entity) -> None:
        self.entity = entity
        self.owner = owner

    def list_all(self, request: GraphRequest) -> Reply:
        found = policies.assigned(request.directory, self.entity, self.owner, request["id"])
        return items(request, self.entity, found)

    def add(self, request: GraphRequest) -> Reply:
        policies.assign(request.directory, self.entity, self.owner, request["id"], request.reference())
        return NO_CONTENT

    def remove(self, request: GraphRequest) -> Reply:
        policies.unassign(request.directory, self.entity, self.owner, request["id"], request["policy"])
        return NO_CONTENT


class TenantPolicyResponses:
    """The handlers for a policy that a tenant has one of."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, request: GraphRequest) -> Reply:
        context = {"@odata.context": f"{request.base}/$metadata#policies/{self.name}/$entity"}
        return Reply(200, context | tenant_policies.load(request.directory, self.name))

    def update(self, request: GraphRequest) -> Reply:
        tenant_policies.update(request.directory, self.name, request.call.json())
        return NO_CONTENT
