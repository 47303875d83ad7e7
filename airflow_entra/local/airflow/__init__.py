"""A real Airflow of its own on this machine, configured by `airflow-entra render`."""
