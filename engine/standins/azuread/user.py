"""azuread:index/user:User."""

from engine.standins.azuread.graph import BETA, NOT_YET_THERE, Graph, id_part, in_set_order, or_null, reference
from engine.standins.bridged.resource import Made
from engine.standins.errors import ProviderError
from engine.standins.rest import RetryOn
from engine.standins.values import Props

_TYPE = "#microsoft.graph.user"
_NOT_YET_POSSIBLE = (RetryOn(400, "One or more property values specified are invalid"),)
_TEXTS = (
    "ageGroup",
    "city",
    "companyName",
    "consentProvidedForMinor",
    "country",
    "department",
    "employeeId",
    "employeeType",
    "faxNumber",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "postalCode",
    "preferredLanguage",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
)
_IF_SET = {
    "businessPhones": "businessPhones",
    "employeeHireDate": "employeeHireDate",
    "onpremisesImmutableId": "onPremisesImmutableId",
}
_BY_DEFAULT = ("givenName", "jobTitle", "mail", "mobilePhone", "officeLocation", "preferredLanguage", "surname")
_SELECTED = (
    "accountEnabled,ageGroup,city,companyName,consentProvidedForMinor,country,department,employeeHireDate,employeeId,"
    "employeeOrgData,employeeType,faxNumber,mailNickname,onPremisesImmutableId,otherMails,passwordPolicies,postalCode,"
    "state,streetAddress,usageLocation"
)
_ON_PREMISES = {
    "onpremisesDistinguishedName": "onPremisesDistinguishedName",
    "onpremisesDomainName": "onPremisesDomainName",
    "onpremisesSamAccountName": "onPremisesSamAccountName",
    "onpremisesSecurityIdentifier": "onPremisesSecurityIdentifier",
    "onpremisesUserPrincipalName": "onPremisesUserPrincipalName",
}


class User:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        if not inputs.get("password"):
            raise ProviderError("`password` is required when creating a new user")
        body = {**_profile(inputs), "passwordProfile": _password(inputs)}
        user = self._graph.post("/users", body, retry=_NOT_YET_POSSIBLE)
        path = made.id = f"/users/{user['id']}"
        self._show_in_address_list(path, inputs)
        self._set_manager(path, inputs.get("managerId") or "")
        self._graph.wait_until(lambda: self._graph.find(path) is not None, f"{path} to appear")

    def read(self, object_id: str) -> Props | None:
        (user_id,) = id_part(object_id, "", "users", "*")
        path = f"/users/{user_id}"
        user = self._graph.find(path)
        if user is None:
            return None
        more = self._graph.get(path, select=_SELECTED)
        listed = self._graph.get(path, BETA, select="showInAddressList").get("showInAddressList")
        manager = self._graph.find(f"{path}/manager") or {}
        return outputs({**more, **{key: user.get(key) for key in _BY_DEFAULT}, **user}, listed, manager.get("id", ""))

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        body = _profile(inputs)
        if body["mail"] is None:
            del body["mail"]  # never cleared
        if inputs.get("password") and inputs["password"] != state.get("password"):
            body["passwordProfile"] = _password(inputs)
        self._graph.patch(object_id, body)
        if inputs.get("showInAddressList", True) != state.get("showInAddressList"):
            self._show_in_address_list(object_id, inputs)
        if (inputs.get("managerId") or "") != (state.get("managerId") or ""):
            self._set_manager(object_id, inputs.get("managerId") or "", clear=True)

    def delete(self, object_id: str, state: Props) -> None:
        self._graph.delete(object_id)
        self._graph.wait_until_gone(object_id)

    def _show_in_address_list(self, path: str, inputs: Props) -> None:
        body = {"@odata.type": _TYPE, "showInAddressList": inputs.get("showInAddressList", True)}
        self._graph.patch(path, body, BETA, retry=NOT_YET_THERE)

    def _set_manager(self, path: str, manager_id: str, clear: bool = False) -> None:
        if manager_id:
            self._graph.put(f"{path}/manager/$ref", {"@odata.id": reference(manager_id)})
        elif clear:
            self._graph.delete(f"{path}/manager/$ref")


def _profile(inputs: Props) -> Props:
    policies = [
        policy
        for key, policy in {
            "disablePasswordExpiration": "DisablePasswordExpiration",
            "disableStrongPassword": "DisableStrongPassword",
        }.items()
        if inputs.get(key)
    ]
    principal_name = inputs["userPrincipalName"]
    return {
        "@odata.type": _TYPE,
        "accountEnabled": inputs.get("accountEnabled", True),
        "displayName": inputs["displayName"],
        "employeeOrgData": {key: or_null(inputs.get(key)) for key in ("costCenter", "division")},
        "mailNickname": inputs.get("mailNickname") or principal_name.split("@")[0],
        "otherMails": inputs.get("otherMails") or [],
        "passwordPolicies": ", ".join(policies) or None,
        "userPrincipalName": principal_name,
        **{key: or_null(inputs.get(key)) for key in _TEXTS},
        **{
            theirs: in_set_order(inputs[ours]) if ours == "businessPhones" else inputs[ours]
            for ours, theirs in _IF_SET.items()
            if inputs.get(ours)
        },
    }


def _password(inputs: Props) -> Props:
    force = inputs.get("forcePasswordChange") or False
    return {"forceChangePasswordNextSignIn": force, "password": inputs["password"]}


def outputs(user: Props, show_in_address_list: bool | None, manager_id: str) -> Props:
    policies = user.get("passwordPolicies") or ""
    organisation = user.get("employeeOrgData") or {}

    def text(key: str) -> str:
        return user.get(key) or ""

    return {
        **{key: text(key) for key in _TEXTS},
        **{ours: text(theirs) for ours, theirs in _ON_PREMISES.items()},
        "aboutMe": text("aboutMe"),
        "accountEnabled": user.get("accountEnabled", True),
        "businessPhones": user.get("businessPhones") or [],
        "costCenter": organisation.get("costCenter") or "",
        "creationType": text("creationType"),
        "disablePasswordExpiration": "DisablePasswordExpiration" in policies,
        "disableStrongPassword": "DisableStrongPassword" in policies,
        "displayName": text("displayName"),
        "division": organisation.get("division") or "",
        "employeeHireDate": text("employeeHireDate"),
        "externalUserState": text("externalUserState"),
        "imAddresses": user.get("imAddresses") or [],
        "mailNickname": text("mailNickname"),
        "managerId": manager_id,
        "objectId": user["id"],
        "onpremisesImmutableId": text("onPremisesImmutableId"),
        "onpremisesSyncEnabled": user.get("onPremisesSyncEnabled") or False,
        "otherMails": user.get("otherMails") or [],
        "proxyAddresses": user.get("proxyAddresses") or [],
        "showInAddressList": True if show_in_address_list is None else show_in_address_list,
        "userPrincipalName": text("userPrincipalName"),
        "userType": text("userType"),
    }
