"""The types of resources by which a stack's state, its previews and its events name what the program makes.

They stand in every deployed stack: what is here may be added to, never changed.
"""

APPLICATION = "azuread:index/application:Application"
APPLICATION_REGISTRATION = "azuread:index/applicationRegistration:ApplicationRegistration"
"""Of other programs: an application without its parts."""
PRINCIPAL = "azuread:index/servicePrincipal:ServicePrincipal"
GROUP = "azuread:index/groupWithoutMembers:GroupWithoutMembers"
GROUP_WITH_MEMBERS = "azuread:index/group:Group"
"""Of other programs: ours never writes who is in a group."""
ASSIGNMENT = "azuread:index/appRoleAssignment:AppRoleAssignment"
CONSENT = "azuread:index/servicePrincipalDelegatedPermissionGrant:ServicePrincipalDelegatedPermissionGrant"
PASSWORD = "azuread:index/applicationPassword:ApplicationPassword"  # noqa: S105 -- a type's name
CERTIFICATE = "azuread:index/applicationCertificate:ApplicationCertificate"
TRUST = "azuread:index/applicationFederatedIdentityCredential:ApplicationFederatedIdentityCredential"
FREQUENCY = "azuread:index/conditionalAccessPolicy:ConditionalAccessPolicy"
LIFETIME = "pulumi-python:dynamic/entra:TokenLifetimePolicy"
LIFETIME_ASSIGNMENT = "pulumi-python:dynamic/entra:TokenLifetimeAssignment"

RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
STORAGE_ACCOUNT = "azure-native:storage:StorageAccount"
BLOB_SERVICE = "azure-native:storage:BlobServiceProperties"
CONTAINER = "azure-native:storage:BlobContainer"
VAULT = "azure-native:keyvault:Vault"
KEY = "azure-native:keyvault:Key"
SECRET = "azure-native:keyvault:Secret"  # noqa: S105 -- a type's name
ROLE_ASSIGNMENT = "azure-native:authorization:RoleAssignment"
ENDPOINT = "azure-native:network:PrivateEndpoint"

COMPONENTS = "airflow-entra:index:"
"""What the types of our components begin with."""
STACK = "pulumi:pulumi:Stack"
