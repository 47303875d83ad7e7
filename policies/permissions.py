"""What the application may ask of Microsoft Graph and of the directory, beyond who signs in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policies import resource_types as types
from policies.relations import Candidates
from policies.resources import PLATFORMS, UNKNOWN, Resource, Value, of_type
from policies.rules import Finding, Rule, Setting, Settings

GRAPH = "00000003-0000-0000-c000-000000000000"
# Ids are the same in every tenant: https://learn.microsoft.com/en-us/graph/permissions-reference
_KNOWN: Mapping[str, str] = {
    "bc024368-1153-4739-b217-4326f2e966d0": "GroupMember.Read.All",
    "98830695-27a2-44f7-8c18-0c3ebc9698f6": "GroupMember.Read.All",
    "df021288-bdef-4463-88db-98f22de89214": "User.Read.All",
    "e1fe6dd8-ba31-4d61-89e7-88639da4683d": "User.Read",
    "b340eb25-3456-403f-be2f-af7a0d370277": "User.ReadBasic.All",
    "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0": "email",
    "7427e0e9-2fba-42fe-b0c0-848c9e6a8182": "offline_access",
    "37f7f235-527c-4136-accd-4a02d197296e": "openid",
    "14dad69e-099b-42c9-810b-d002981feec1": "profile",
    "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8": "RoleManagement.ReadWrite.Directory",
    "06b708a9-e830-4db3-a914-8e69da51d44f": "AppRoleAssignment.ReadWrite.All",
    "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9": "Application.ReadWrite.All",
    "19dbc75e-c2e2-444c-a770-ec69d8559fc7": "Directory.ReadWrite.All",
    "62a82d76-70ea-41e2-9197-370581804d09": "Group.ReadWrite.All",
    "dbaae8cf-10b5-4b86-a4a1-f871c94c6695": "GroupMember.ReadWrite.All",
    "741f803b-c850-494e-b5df-cde7c675a1ca": "User.ReadWrite.All",
    "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30": "Application.Read.All",
    "18a4783c-866b-4cc7-a460-3d5e5662c884": "Application.ReadWrite.OwnedBy",
    "8e8e4742-1d95-4f68-9d56-6ee75648c72a": "DelegatedPermissionGrant.ReadWrite.All",
    "b0afded3-3588-46d8-8b3d-9842eff778da": "AuditLog.Read.All",
    "7ab1d382-f21e-4acd-a863-ba3e13f7da61": "Directory.Read.All",
    "246dd0d5-5bd0-4def-940b-0421030a5b68": "Policy.Read.All",
    "be74164b-cff1-491c-8741-e671cb536e13": "Policy.ReadWrite.ApplicationConfiguration",
    "01c0a623-fc9b-48e9-b794-0756f8e8f067": "Policy.ReadWrite.ConditionalAccess",
}
READS_THE_TENANT = frozenset(
    {
        "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        "df021288-bdef-4463-88db-98f22de89214",
    }
)
"""Application permissions by which a watcher sees who left: roles in Graph, and none in Airflow."""
_SIGN_ON = ["openid", "profile", "email", "offline_access", "User.Read", "User.ReadBasic.All", "GroupMember.Read.All"]
_REVOCATION = ["application:Application.Read.All", "application:GroupMember.Read.All", "application:User.Read.All"]


def _high_risk(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    for resource in resources:
        for permission, kind, api in _asked(resource):
            if not _allowed(permission, kind, api, settings):
                yield _too_much(resource, permission, kind, api)


def _asked(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """(id or name, delegated or application, id of the API; empty where it isn't said)

    Of app role assignments those of a permission that is known: what else one may give only the whole stack tells.
    """
    if resource.type == types.ASSIGNMENT:
        role = resource.get("appRoleId")
        yield from [(role, "application", "")] if isinstance(role, str) and role in _KNOWN else []
        return
    if resource.type == types.PRINCIPAL_GRANT:
        claims = (claim for claim in resource.items("claimValues") if isinstance(claim, str))
        yield from ((name, "delegated", "") for claim in claims for name in claim.split())
        return
    for access in resource.objects("requiredResourceAccesses"):
        for wanted in _objects(access.get("resourceAccesses")):
            if isinstance(id_ := wanted.get("id"), str):
                kind = "delegated" if wanted.get("type") in ("Scope", UNKNOWN) else "application"
                api = access.get("resourceAppId")
                yield id_, kind, api if isinstance(api, str) else ""


def _allowed(permission: str, kind: str, api: str, settings: Settings) -> bool:
    """Without its kind only a delegated one is meant: the application permission of that name is far more."""
    listed = settings.get("allowed")
    names = {item.casefold() for item in listed if isinstance(item, str)} if isinstance(listed, Sequence) else set()
    graphs = {permission, _KNOWN.get(permission, permission)} if api in ("", GRAPH) else set()
    called = {f"{kind}:{name}" for name in (*graphs, f"{api}/{permission}")}
    called |= graphs if kind == "delegated" else set()
    return not names.isdisjoint(name.casefold() for name in called)


def _too_much(resource: Resource, permission: str, kind: str, api: str) -> Finding:
    name = _KNOWN.get(permission, permission) if api in ("", GRAPH) else f"{api}/{permission}"
    return Finding(
        resource=resource,
        problem=f"the {kind} permission {name} is more than a sign-on needs",
        fix=f"Remove it, or name it under `allowed` with a reason in your configuration: {kind}:{name}",
    )


def _objects(value: Value) -> list[Mapping[str, Value]]:
    if isinstance(value, Mapping):
        return [value]
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [item for item in value if isinstance(item, Mapping)]


_ALLOWED = Setting(
    name="allowed",
    schema={
        "type": "array",
        "items": {"type": "string"},
        "default": [*_SIGN_ON, *_REVOCATION],
        "description": "The permissions that may be asked for: a delegated one by name or id, an application "
        "one as `application:NAME` or `application:ID`; one of another API than Microsoft Graph as "
        "`application:API/ID`, with the API's client id.",
    },
)

NO_HIGH_RISK_PERMISSION = Rule(
    name="no-high-risk-permission",
    title="No high-risk Graph permission",
    description="The application asks Microsoft Graph for nothing that a sign-on doesn't need.",
    scope="resource",
    severity="critical",
    level="mandatory",
    reason="An application permission works without anybody signed in: with some of them the client secret of an "
    "Airflow is enough to become the tenant's administrator.",
    remedy="Ask for `openid`, `profile`, `email`, `offline_access`, `User.Read` and, for group overage, "
    "`GroupMember.Read.All`, all delegated. Of application permissions, `User.Read.All`, "
    "`GroupMember.Read.All` and `Application.Read.All` let a watcher read who is in the tenant, in which group, and "
    "what is assigned, so that the sessions of people who left can be ended; list fewer under `allowed` where nothing "
    "does that.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/graph/permissions-reference",
    types=(types.APPLICATION, types.PRINCIPAL_GRANT, types.ASSIGNMENT),
    check=_high_risk,
    settings=(_ALLOWED,),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      requiredResourceAccesses:
        - resourceAppId: 00000003-0000-0000-c000-000000000000
          resourceAccesses:
            - {id: 9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8, type: Role} # RoleManagement.ReadWrite.Directory
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      requiredResourceAccesses:
        - resourceAppId: 00000003-0000-0000-c000-000000000000
          resourceAccesses:
            - {id: e1fe6dd8-ba31-4d61-89e7-88639da4683d, type: Scope} # User.Read
""",
)


def _held_by_sign_in(resources: Sequence[Resource], _: Settings) -> Iterator[Finding]:
    signed_in_to = [
        app for app in of_type(resources, types.APPLICATION) if any(app.items(of, "redirectUris") for of in PLATFORMS)
    ]
    fix = "Give the permission to an identity that nobody signs in to, such as the watcher's own registration"
    for application in signed_in_to:
        for access in application.objects("requiredResourceAccesses"):
            for wanted in _objects(access.get("resourceAccesses")):
                if wanted.get("type") == "Role" and isinstance(id_ := wanted.get("id"), str):
                    name = _KNOWN.get(id_.lower(), id_)
                    problem = f"people sign in to this application, and it asks for {name} without any of them"
                    yield Finding(resource=application, problem=problem, fix=fix)
    applications = Candidates(signed_in_to, "clientId")
    principals = [one for one in of_type(resources, types.PRINCIPAL) if applications.of(one, "clientId")]
    candidates = Candidates(principals, "objectId")
    for assignment in of_type(resources, types.ASSIGNMENT):
        for _principal in candidates.of(assignment, "principalObjectId"):
            role = assignment.get("appRoleId")
            name = _KNOWN.get(role.lower(), role) if isinstance(role, str) else "a role"
            problem = f"the application that people sign in to is given {name} without any of them"
            yield Finding(resource=assignment, problem=problem, fix=fix)


NO_PERMISSION_OF_ITS_OWN = Rule(
    name="no-application-permission-at-sign-in",
    title="No application permission where people sign in",
    description="An application that people sign in to holds no permission that works without them.",
    scope="stack",
    severity="high",
    level="advisory",
    reason="Whatever can read the web server's credential is this application. With an application permission it reads "
    "the directory at any time, with nobody signed in.",
    remedy="Give application permissions to an identity of their own. Airflow's watcher has one by itself; a stack of "
    "an older release gives it up with `airflow-entra:watcher: {moved: true}`.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/entra/identity-platform/secure-least-privileged-access",
    types=(types.APPLICATION, types.PRINCIPAL, types.ASSIGNMENT),
    check=_held_by_sign_in,
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris: [https://airflow.contoso.com/auth/oauth-authorized/azure]
      requiredResourceAccesses:
        - resourceAppId: 00000003-0000-0000-c000-000000000000
          resourceAccesses:
            - {id: df021288-bdef-4463-88db-98f22de89214, type: Role} # User.Read.All
""",
    compliance="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
      web:
        redirectUris: [https://airflow.contoso.com/auth/oauth-authorized/azure]
  airflow-watcher:
    type: azuread:Application
    properties:
      displayName: Airflow watcher
      requiredResourceAccesses:
        - resourceAppId: 00000003-0000-0000-c000-000000000000
          resourceAccesses:
            - {id: df021288-bdef-4463-88db-98f22de89214, type: Role} # User.Read.All
""",
)


_NO_ROLE = "00000000-0000-0000-0000-000000000000"
"""Assigned where an application has no app roles: it lets in, and says nothing more."""


def _granted(resources: Sequence[Resource], settings: Settings) -> Iterator[Finding]:
    principals = Candidates(of_type(resources, types.PRINCIPAL), "objectId")
    applications = Candidates(of_type(resources, types.APPLICATION), "clientId")
    for assignment in of_type(resources, types.ASSIGNMENT):
        role = assignment.get("appRoleId")
        ours = [
            application
            for principal in principals.perhaps(assignment, "resourceObjectId")
            for application in applications.perhaps(principal, "clientId")
        ]
        if not isinstance(role, str) or any(_has(application, role) for application in ours):
            continue
        if not _allowed(role, "application", "", settings):
            yield _too_much(assignment, role, "application", "")


def _has(application: Resource, role: str) -> bool:
    declared = application.items("appRoles")
    ids = [item.get("id") for item in declared if isinstance(item, Mapping)]
    return role in ids or role == _NO_ROLE or UNKNOWN in ids or UNKNOWN in declared


NO_FOREIGN_APP_ROLE = Rule(
    name="no-foreign-app-role",
    title="No app role of another API",
    description="An app role assignment gives a role of Airflow, or a permission that a sign-on needs.",
    scope="stack",
    severity="critical",
    level="mandatory",
    reason="A permission of Microsoft Graph or of another API that works without anybody signed in is given by an app "
    "role assignment: the application itself need not ask for it, and no list of what it asks for shows it.",
    remedy="Assign roles of the applications that the program declares. Of others, `User.Read.All`, "
    "`GroupMember.Read.All` and `Application.Read.All` let a watcher read who left; more goes under `allowed`.",
    controls=("SOC 2 CC6.3", "NIST 800-53 AC-6"),
    source="https://learn.microsoft.com/en-us/graph/permissions-grant-via-msgraph",
    types=(types.APPLICATION, types.PRINCIPAL, types.ASSIGNMENT),
    check=_granted,
    settings=(_ALLOWED,),
    violation="""\
resources:
  airflow:
    type: azuread:Application
    properties:
      displayName: Airflow
  airflow-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${airflow.clientId}
      appRoleAssignmentRequired: true
  grant:
    type: azuread:AppRoleAssignment
    properties:
      appRoleId: 9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8 # RoleManagement.ReadWrite.Directory
      principalObjectId: ${airflow-principal.objectId}
      resourceObjectId: 4f6d1c1e-0d3b-4a2f-9d7c-2b8e6a5c3d10 # Microsoft Graph in this tenant
""",
    compliance="""\
resources:
  watcher:
    type: azuread:Application
    properties:
      displayName: Airflow watcher
  watcher-principal:
    type: azuread:ServicePrincipal
    properties:
      clientId: ${watcher.clientId}
      appRoleAssignmentRequired: true
  watcher-reads-people:
    type: azuread:AppRoleAssignment
    properties:
      appRoleId: df021288-bdef-4463-88db-98f22de89214 # User.Read.All
      principalObjectId: ${watcher-principal.objectId}
      resourceObjectId: 4f6d1c1e-0d3b-4a2f-9d7c-2b8e6a5c3d10 # Microsoft Graph in this tenant
""",
)
