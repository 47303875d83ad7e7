"""Runs Pulumi, and knows where it keeps a stack's state, its lock and its key. Only this room starts the CLI."""

PROJECT = "airflow-entra"
"""The project's name in Pulumi.yaml, by which a backend files its stacks, locks and history."""
