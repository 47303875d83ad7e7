"""The Pulumi program: one stack is one Airflow's sign-on."""

import gc
import sys
from pathlib import Path

# Pulumi makes some twenty long-lived objects for each resource, and the collector walks all of them again and again:
# 40 % of the program's time with 1,000 groups, and 0.2 s of importing. The process ends when the deployment does.
gc.disable()

# httpx has a command line of its own, with rich, click and pygments: two thirds of its import, and never used here.
sys.modules["httpx._main"] = None  # type: ignore[assignment]

from airflow_entra.components import program  # noqa: E402

program.run(Path(__file__).parent)
