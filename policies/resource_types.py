"""The types of resources that policies judge, as `resources.short_type` gives them: without module and API version."""

APPLICATION = "azuread:Application"
APPLICATION_REGISTRATION = "azuread:ApplicationRegistration"
APPLICATION_OWNER = "azuread:ApplicationOwner"
APPLICATION_PASSWORD = "azuread:ApplicationPassword"  # noqa: S105 -- a type's name
APPLICATION_CERTIFICATE = "azuread:ApplicationCertificate"
APPLICATION_REDIRECT_URIS = "azuread:ApplicationRedirectUris"
APPLICATION_OPTIONAL_CLAIMS = "azuread:ApplicationOptionalClaims"
APPLICATION_FALLBACK_PUBLIC_CLIENT = "azuread:ApplicationFallbackPublicClient"
APPLICATION_API_ACCESS = "azuread:ApplicationApiAccess"
FEDERATED = "azuread:ApplicationFederatedIdentityCredential"
FLEXIBLE = "azuread:ApplicationFlexibleFederatedIdentityCredential"
PRINCIPAL = "azuread:ServicePrincipal"
PRINCIPAL_PASSWORD = "azuread:ServicePrincipalPassword"  # noqa: S105 -- a type's name
PRINCIPAL_CERTIFICATE = "azuread:ServicePrincipalCertificate"
PRINCIPAL_GRANT = "azuread:ServicePrincipalDelegatedPermissionGrant"
ASSIGNMENT = "azuread:AppRoleAssignment"
GROUP = "azuread:Group"
GROUP_WITHOUT_MEMBERS = "azuread:GroupWithoutMembers"
GROUP_MEMBER = "azuread:GroupMember"
USER = "azuread:User"
CONDITIONAL_ACCESS = "azuread:ConditionalAccessPolicy"
DIRECTORY_ROLE_ASSIGNMENT = "azuread:DirectoryRoleAssignment"
DIRECTORY_ROLE_MEMBER = "azuread:DirectoryRoleMember"
DIRECTORY_ROLE_ELIGIBILITY = "azuread:DirectoryRoleEligibilityScheduleRequest"
ELIGIBILITY = "azuread:PrivilegedAccessGroupEligibilitySchedule"
ACTIVE = "azuread:PrivilegedAccessGroupAssignmentSchedule"
VAULT = "azure-native:keyvault:Vault"
VAULT_SECRET = "azure-native:keyvault:Secret"  # noqa: S105 -- a type's name
ENDPOINT = "azure-native:network:PrivateEndpoint"
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
STACK = "pulumi:pulumi:Stack"

APPLICATIONS = (APPLICATION, APPLICATION_REGISTRATION)
GROUPS = (GROUP, GROUP_WITHOUT_MEMBERS)
