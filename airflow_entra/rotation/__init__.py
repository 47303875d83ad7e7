"""Replaces the client secret without a failed sign-in: which slot, when, by Pulumi, and nothing else with it."""
