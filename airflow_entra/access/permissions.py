"""What is asked of Microsoft Graph: by the application on behalf of the person who signs in, by the watcher for itself.

There is no `groups` scope in Entra.
"""

from __future__ import annotations

from airflow_entra.settings.model import SignIn
from airflow_entra_auth.rules import WATCH_PERMISSIONS
from airflow_entra_auth.rules import scopes as asked_for

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"

# Ids of delegated permissions are the same in every tenant:
# https://learn.microsoft.com/graph/permissions-reference
SCOPE_IDS = {
    "GroupMember.Read.All": "bc024368-1153-4739-b217-4326f2e966d0",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "offline_access": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
}

APP_ROLE_IDS = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Policy.ReadWrite.ApplicationConfiguration": "be74164b-cff1-491c-8741-e671cb536e13",
    "Policy.ReadWrite.ConditionalAccess": "01c0a623-fc9b-48e9-b794-0756f8e8f067",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
"""Application permissions, which work without anybody signed in and in the whole tenant, by the same kind of id."""


ID_TOKEN_CLAIMS = ("acct", "email", "sid", "upn")
"""Of v2.0 tokens these are there on request only. FAB takes the email from `email`, else `upn`; `acct` tells guests
apart; a front-channel sign-out names nothing but the `sid` of the sign-in that it ends."""


def scopes(sign_in: SignIn) -> tuple[str, ...]:
    """The delegated permissions that Airflow will ask for, sorted."""
    return tuple(sorted(asked_for(sign_in.roles_from, sign_in.revocation)))


GIVEN_BY_0_1 = ("GroupMember.Read.All", "User.Read.All")
"""What release 0.1.0 gave to the application that people sign in to, which had to watch by itself."""


def watch_permissions(sign_in: SignIn) -> tuple[str, ...]:
    """What the watcher's identity may read by itself, without anybody signed in: what following the tenant takes."""
    return WATCH_PERMISSIONS if sign_in.revocation == "watch" else ()
