"""Microsoft Graph's own service principal: its app id and the permissions it offers, with their public ids.

Source: the Microsoft Graph permissions reference.
"""

from uuid import NAMESPACE_URL, uuid5

from entra_local.azure import GRAPH, GRAPH_APP_ID
from entra_local.graph.entities import SERVICE_PRINCIPAL
from entra_local.graph.models.objects import created
from entra_local.wire import JsonObject

_MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

APPLICATION_PERMISSIONS = {
    "AdministrativeUnit.ReadWrite.All": "5eb59dd3-1da2-4329-8733-9dabdc435916",
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
    "Group.Create": "bf7b1a76-6e77-406b-b258-bf5c7720e98f",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "GroupMember.ReadWrite.All": "dbaae8cf-10b5-4b86-a4a1-f871c94c6695",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Policy.Read.ConditionalAccess": "37730810-e9ba-4e46-b07e-8ca78d182097",
    "Policy.ReadWrite.ApplicationConfiguration": "be74164b-cff1-491c-8741-e671cb536e13",
    "Policy.ReadWrite.Authorization": "fb221be6-99f2-473f-bd32-01c6a0e9ca3b",
    "Policy.ReadWrite.ConditionalAccess": "01c0a623-fc9b-48e9-b794-0756f8e8f067",
    "Policy.ReadWrite.SecurityDefaults": "1c6e93a6-28e2-4cbb-9f64-1a46a821124d",
    "RoleManagement.ReadWrite.Directory": "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.RevokeSessions.All": "77f3a031-c388-4f99-b373-dc68676a979e",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
}
DELEGATED_PERMISSIONS = {
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "offline_access": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
    "GroupMember.Read.All": "bc024368-1153-4739-b217-4326f2e966d0",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "User.ReadBasic.All": "b340eb25-3456-403f-be2f-af7a0d370277",
}


def graph_principal(tenant: str, object_id: str | None = None) -> JsonObject:
    """Microsoft Graph's service principal in a tenant; its object id differs from tenant to tenant."""
    return created(SERVICE_PRINCIPAL, object_id or str(uuid5(NAMESPACE_URL, f"{tenant}/{GRAPH_APP_ID}"))) | {
        "appId": GRAPH_APP_ID,
        "appDisplayName": "Microsoft Graph",
        "appOwnerOrganizationId": _MICROSOFT_TENANT,
        "displayName": "Microsoft Graph",
        "servicePrincipalNames": [GRAPH_APP_ID, GRAPH],
        "signInAudience": "AzureADMultipleOrgs",
        "appRoles": [
            {
                "allowedMemberTypes": ["Application"],
                "description": name,
                "displayName": name,
                "id": id_,
                "isEnabled": True,
                "origin": "Application",
                "value": name,
            }
            for name, id_ in APPLICATION_PERMISSIONS.items()
        ],
        "oauth2PermissionScopes": [
            {
                "adminConsentDescription": name,
                "adminConsentDisplayName": name,
                "id": id_,
                "isEnabled": True,
                "origin": "Application",
                "type": "User",
                "userConsentDescription": name,
                "userConsentDisplayName": name,
                "value": name,
            }
            for name, id_ in DELEGATED_PERMISSIONS.items()
        ],
    }
