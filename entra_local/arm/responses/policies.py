"""Microsoft.Authorization/policyAssignments, and what Azure Policy would say to a resource."""

from entra_local.arm.exceptions import InvalidRequestContent
from entra_local.arm.models import policies, resources
from entra_local.arm.request import ArmRequest
from entra_local.wire import Reply


def put_assignment(request: ArmRequest) -> Reply:
    scope = "/" + request["scope"].strip("/")
    id_ = f"{scope}/providers/Microsoft.Authorization/policyAssignments/{request['name']}"
    made = policies.assign(request.everywhere, id_, scope, request.call.json())
    return Reply(201, {"id": id_, "name": request["name"], "properties": made["properties"]})


def check_restrictions(request: ArmRequest) -> Reply:
    group = resources.load_group(request.everywhere, request["subscription"], request["group"])
    details = request.call.json().get("resourceDetails")
    content = details.get("resourceContent") if isinstance(details, dict) else None
    if not isinstance(content, dict):
        raise InvalidRequestContent("resourceDetails.resourceContent is missing")
    return Reply(200, policies.restrictions(request.everywhere, group["id"], content))
