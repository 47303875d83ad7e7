"""The data plane of Key Vault."""
