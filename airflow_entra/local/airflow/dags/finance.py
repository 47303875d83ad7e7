"""A small DAG of the finance department: people with a role for `sales_*` alone must not see it."""

from __future__ import annotations

from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def finance_close():
    @task
    def close() -> str:
        return "closed"

    close()


finance_close()
