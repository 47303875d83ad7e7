"""The Pulumi program: one stack file is one Airflow's sign-on with Entra ID."""

from pathlib import Path

from airflow_entra.components import start_up  # noqa: F401 -- before Pulumi is imported: it says why

# isort: split
import pulumi

from airflow_entra.components.program import ended_in_words, read, sign_on

with ended_in_words():
    stack = read(Path(__file__).parent)
    made = sign_on(stack)
    for name, value in made.outputs.items():
        pulumi.export(name, value)
    if made.lacking:  # in a preview, which has shown what would be made
        raise made.lacking
