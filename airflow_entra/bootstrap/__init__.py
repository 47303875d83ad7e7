"""Declares, once, what the pipelines need before the first of them can run: a small Pulumi project of its own."""

PROJECT = "airflow-entra-bootstrap"
STACK = "bootstrap"
