"""What a run of a Pulumi program of ours changes first of all, before it imports Pulumi."""

from __future__ import annotations

import gc
import os
import signal
from importlib.metadata import version

# An engine that gives up says why, then interrupts the program: KeyboardInterrupt's traceback would follow that.
signal.signal(signal.SIGINT, signal.SIG_DFL)

# Pulumi makes some twenty long-lived objects for each resource, and the collector walks all of them again and again:
# 40 % of the program's time with 1,000 groups, and 0.2 s of importing. The process ends when the deployment does.
gc.disable()

import pulumi  # noqa: E402

from airflow_entra import variables  # noqa: E402

# The SDK tells the engine what it does with each resource, several times, and waits each time until that was heard: a
# third of the program's time with 1,000 groups, for `pulumi --debug` alone, which a program isn't told of. Only in the
# releases in which this was seen.
if version("pulumi").startswith("3.") and not os.environ.get(variables.DEBUG):
    pulumi.log.debug = lambda *_message, **_about: None
