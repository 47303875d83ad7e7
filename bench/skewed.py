"""The watcher on a machine whose clock is wrong: `skewed.py SECONDS ...` starts it that far ahead, or behind.

Run by Airflow's own Python. What Python's `time.time` says is wrong then, for the watcher and all that it imports; the
monotonic clock is right, as it is on such a machine.
"""

from __future__ import annotations

import runpy
import sys
import time


def main() -> None:
    ahead, right = float(sys.argv.pop(1)), time.time
    time.time = lambda: right() + ahead
    runpy.run_module("airflow_entra_auth.watch", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
