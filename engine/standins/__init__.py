"""Stand-in Pulumi resource providers: azuread and azure-native for the resource types that this project's program uses.

Where the official plugins can't be had, these answer the real Pulumi engine in their place and make the same HTTP
calls, so that the program runs unchanged against a local tenant. docs/decisions/0002-stand-in-providers.md says what
they promise and what they leave out.
"""
