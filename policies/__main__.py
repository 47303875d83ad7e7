"""Starts the pack: the engine runs this folder, and its parent is where `policies` is a package."""

import gc
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

gc.disable()  # what a request is read as forms no cycles

from policies.pack import serve  # noqa: E402 - found through the line above

serve()
