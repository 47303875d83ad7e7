"""What a run of a Pulumi program of ours changes first of all, before it imports Pulumi.

The seconds are the processor's, of all processes of `pulumi preview` together, for 1,000 resources: 6.8 s with all of
this. They were measured in turn with and without it (docs/decisions/0029-speed-that-somebody-feels.md).
"""

from __future__ import annotations

import gc
import os
import signal
from importlib.metadata import version

# An engine that gives up says why, then interrupts the program: KeyboardInterrupt's traceback would follow that.
signal.signal(signal.SIGINT, signal.SIG_DFL)

# 1.7 s. Pulumi makes some twenty long-lived objects for each resource, and the collector walks all of them again and
# again. The process ends when the deployment does.
gc.disable()

import pulumi  # noqa: E402

from airflow_entra import variables  # noqa: E402

# 1.7 s. The SDK tells the engine what it does with each resource, several times, and waits each time until that was
# heard, for `pulumi --debug` alone, of which a program isn't told. Only in the releases in which this was seen.
if version("pulumi").startswith("3.") and not os.environ.get(variables.DEBUG):
    pulumi.log.debug = lambda *_message, **_about: None
