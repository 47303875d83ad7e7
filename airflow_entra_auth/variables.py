"""The environment variables that Airflow's processes get. Standard library alone, for Python 3.10."""

SIGN_ON = "AIRFLOW_ENTRA_SIGN_ON"
"""The absolute path of the sign-on file."""
SESSION_KEY = "AIRFLOW_ENTRA_SESSION_KEY"
"""The key of people's sessions: for the server and the watcher alone. Never in a rendered file."""
RECORDS_DATABASE = "AIRFLOW_ENTRA_RECORDS_DB"
"""Airflow's database where its settings don't say it: 3.x keeps it from tasks. A user who may only read is enough."""
