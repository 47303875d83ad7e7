"""The types of resources that policies judge, as `resources.short_type` gives them: without module and API version."""

APPLICATION = "azuread:Application"
APPLICATION_PASSWORD = "azuread:ApplicationPassword"  # noqa: S105 -- a type's name
APPLICATION_CERTIFICATE = "azuread:ApplicationCertificate"
FEDERATED = "azuread:ApplicationFederatedIdentityCredential"
PRINCIPAL = "azuread:ServicePrincipal"
PRINCIPAL_GRANT = "azuread:ServicePrincipalDelegatedPermissionGrant"
ASSIGNMENT = "azuread:AppRoleAssignment"
GROUP = "azuread:Group"
GROUP_WITHOUT_MEMBERS = "azuread:GroupWithoutMembers"
GROUP_MEMBER = "azuread:GroupMember"
USER = "azuread:User"
CONDITIONAL_ACCESS = "azuread:ConditionalAccessPolicy"
ELIGIBILITY = "azuread:PrivilegedAccessGroupEligibilitySchedule"
ACTIVE = "azuread:PrivilegedAccessGroupAssignmentSchedule"
VAULT = "azure-native:keyvault:Vault"
VAULT_SECRET = "azure-native:keyvault:Secret"  # noqa: S105 -- a type's name
ENDPOINT = "azure-native:network:PrivateEndpoint"
ENDPOINT_NAMES = "azure-native:network:PrivateDnsZoneGroup"
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
STACK = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"

GROUPS = (GROUP, GROUP_WITHOUT_MEMBERS)
KNOWN = frozenset(
    {
        APPLICATION,
        APPLICATION_PASSWORD,
        APPLICATION_CERTIFICATE,
        FEDERATED,
        PRINCIPAL,
        PRINCIPAL_GRANT,
        ASSIGNMENT,
        *GROUPS,
        GROUP_MEMBER,
        USER,
        CONDITIONAL_ACCESS,
        ELIGIBILITY,
        ACTIVE,
        VAULT,
        VAULT_SECRET,
        ENDPOINT,
        ENDPOINT_NAMES,
        ROLE_ASSIGNMENT,
        RESOURCE_GROUP,
        STACK,
        STACK_REFERENCE,
    }
)
"""What a sign-on stack may hold. Whatever of these can do harm is read by a policy."""
EVERY = "*"
"""In place of a type: a policy that reads all of them."""
