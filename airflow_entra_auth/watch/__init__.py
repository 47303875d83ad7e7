"""Makes Airflow true to the directory: who left is out. Within seconds, where it follows the directory's changes
(`revocation: watch`); within minutes, where it tries each session's refresh token (`revocation: refresh`).

Runs as a process beside Airflow: `python -m airflow_entra_auth.watch`.
"""
