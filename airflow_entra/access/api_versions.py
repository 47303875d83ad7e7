"""Azure Resource Manager's API versions, by what is asked about: the same in every command that asks."""

AUTHORIZATION = "2022-04-01"
KEY_VAULT = "2023-07-01"
NETWORK = "2024-05-01"
POLICY = "2023-03-01"
RESOURCE_GROUPS = "2024-03-01"
STORAGE = "2024-01-01"
