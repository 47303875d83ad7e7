"""A local Microsoft Entra tenant: sign-in, Graph, Resource Manager and Key Vault on loopback, in one process."""
