from airflow_entra.cli import main

main(prog_name="airflow-entra")
