"""The Pulumi program: one stack is one Airflow's sign-on."""

import gc
import os
import signal
import sys
from pathlib import Path

# An engine that gives up says why, then interrupts the program: KeyboardInterrupt's traceback would follow that.
signal.signal(signal.SIGINT, signal.SIG_DFL)

# Pulumi makes some twenty long-lived objects for each resource, and the collector walks all of them again and again:
# 40 % of the program's time with 1,000 groups, and 0.2 s of importing. The process ends when the deployment does.
gc.disable()

# httpx has a command line of its own, with rich, click and pygments: two thirds of its import, and never used here.
sys.modules["httpx._main"] = None  # type: ignore[assignment]

import pulumi  # noqa: E402

# The SDK tells the engine what it does with each resource, several times, and waits each time until that was heard: a
# third of the program's time with 1,000 groups, for `pulumi --debug` alone, which a program isn't told of.
if not os.environ.get("AIRFLOW_ENTRA_DEBUG"):
    pulumi.log.debug = lambda *_message, **_about: None

from airflow_entra.components import program  # noqa: E402
from airflow_entra.escape.pulumi_log import said  # noqa: E402

ALREADY_SHOWN = 32
"""How a program tells Pulumi's language host that its error has been shown: nothing is added about exit codes."""

try:
    program.run(Path(__file__).parent)
except pulumi.RunError as error:
    pulumi.log.error(said(str(error)))
    sys.exit(ALREADY_SHOWN)
