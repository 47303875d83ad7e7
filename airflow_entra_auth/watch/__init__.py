"""Follows the directory's changes and makes Airflow true to them: who left is out within seconds.

Runs as a process beside Airflow: `python -m airflow_entra_auth.watch`.
"""
