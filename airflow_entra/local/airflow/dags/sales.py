"""Two small DAGs of the sales department, for trying roles out: `sales_*` in a stack file matches both."""

from __future__ import annotations

from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def sales_report():
    @task
    def add_up() -> int:
        return sum([1200, 3400, 560])

    @task
    def publish(total: int) -> str:
        return f"Sold: {total}"

    publish(add_up())


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["sales"])
def sales_forecast():
    @task
    def guess() -> int:
        return 5500

    guess()


sales_report()
sales_forecast()
