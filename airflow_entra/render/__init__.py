"""Airflow's own configuration files for one stack. Pure: from settings and a deployed stack's outputs to text."""

from airflow_entra.render.facts import Facts, Places, SecretPlaces, facts
from airflow_entra.render.sign_on import sign_on_file
from airflow_entra.render.targets import FILES, NOT_STOCK, TARGETS, Target, render

__all__ = [
    "FILES",
    "NOT_STOCK",
    "TARGETS",
    "Facts",
    "Places",
    "SecretPlaces",
    "Target",
    "facts",
    "render",
    "sign_on_file",
]
