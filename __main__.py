"""The Pulumi program: one stack is one Airflow's sign-on."""

from pathlib import Path

from airflow_entra.components import program

program.run(Path(__file__).parent)
