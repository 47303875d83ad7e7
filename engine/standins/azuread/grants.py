"""What a service principal gives and gets: app role assignments and delegated permission grants."""

from engine.standins.azuread.graph import Graph, id_part, in_set_order
from engine.standins.bridged.resource import Made
from engine.standins.rest import RetryOn
from engine.standins.values import Props

_PRINCIPAL_NOT_YET_THERE = (RetryOn(404), RetryOn(400, "Not a valid reference update"))
_CLIENT_NOT_YET_THERE = (
    RetryOn(404),
    RetryOn(400, "does not exist or one of its queried reference-property objects are not present"),
)


class AppRoleAssignment:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        resource = f"/servicePrincipals/{inputs['resourceObjectId']}"
        self._graph.get(resource)
        assignment = self._graph.post(
            f"{resource}/appRoleAssignedTo",
            {
                "@odata.type": "#microsoft.graph.appRoleAssignment",
                "appRoleId": inputs["appRoleId"],
                "principalId": inputs["principalObjectId"],
                "resourceId": inputs["resourceObjectId"],
            },
            retry=_PRINCIPAL_NOT_YET_THERE,
        )
        made.id = f"/servicePrincipals/{assignment['resourceId']}/appRoleAssignedTo/{assignment['id']}"

    def read(self, object_id: str) -> Props | None:
        id_part(object_id, "", "servicePrincipals", "*", "appRoleAssignedTo", "*")
        assignment = self._graph.find(object_id)
        if assignment is None:
            return None
        return {
            "appRoleId": assignment["appRoleId"],
            "principalDisplayName": assignment.get("principalDisplayName") or "",
            "principalObjectId": assignment["principalId"],
            "principalType": assignment.get("principalType") or "",
            "resourceDisplayName": assignment.get("resourceDisplayName") or "",
            "resourceObjectId": assignment["resourceId"],
        }

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        """Every input replaces: called only after a create that ended half-way, and then there is nothing to send."""

    def delete(self, object_id: str, state: Props) -> None:
        self._graph.delete(object_id)


class DelegatedPermissionGrant:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        client, resource = inputs["servicePrincipalObjectId"], inputs["resourceServicePrincipalObjectId"]
        for principal in (client, resource):
            self._graph.get(f"/servicePrincipals/{principal}")
        user = inputs.get("userObjectId")
        consent = {"consentType": "Principal", "principalId": user} if user else {"consentType": "AllPrincipals"}
        grant = self._graph.post(
            "/oauth2PermissionGrants",
            {**_scope(inputs), "clientId": client, "resourceId": resource, **consent},
            retry=_CLIENT_NOT_YET_THERE,
        )
        made.id = f"/oauth2PermissionGrants/{grant['id']}"

    def read(self, object_id: str) -> Props | None:
        id_part(object_id, "", "oauth2PermissionGrants", "*")
        grant = self._graph.find(object_id)
        if grant is None:
            return None
        return {
            "claimValues": sorted((grant.get("scope") or "").split()),
            "resourceServicePrincipalObjectId": grant["resourceId"],
            "servicePrincipalObjectId": grant["clientId"],
            "userObjectId": grant.get("principalId") or "",
        }

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        self._graph.patch(object_id, _scope(inputs))

    def delete(self, object_id: str, state: Props) -> None:
        self._graph.delete(object_id)


def _scope(inputs: Props) -> Props:
    scope = " ".join(in_set_order(inputs["claimValues"]))
    return {"@odata.type": "#microsoft.graph.oAuth2PermissionGrant", "scope": scope}
