"""Runs a Python script or module that ends, without a word, together with whoever started it.

    python tethered.py (SCRIPT | -m MODULE) [ARGUMENT...]

The starter keeps the other end of this process's standard input open and writes nothing to it. However the starter
ends, SIGKILL included, the system closes that end. That is the one sign of a parent's death that needs no polling, has
no race with a reused process id and is the same on every Unix. Pulumi's engine gives its plugins such a pipe.

A file that stands alone: the interpreter that runs it may belong to a virtual environment that has no `engine` package.
"""

import os
import runpy
import signal
import stat
import sys
from pathlib import Path
from threading import Thread


def tether() -> None:
    """From now on this process ends quietly at SIGINT, at SIGTERM and at the end of its standard input.

    Without a pipe or socket as standard input (a terminal, `/dev/null`) only the signals count.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # not KeyboardInterrupt, whose traceback would reach the user
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return
    rope = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # what runs here finds an empty standard input, and can't eat the sign
    os.close(nothing)
    Thread(target=_end_with, args=(rope,), daemon=True).start()


def _end_with(rope: int) -> None:
    while os.read(rope, 512):
        pass
    os._exit(0)  # from a thread, and past any handler that would wait for an engine that is gone


def main() -> None:
    tether()
    del sys.argv[0]
    if sys.argv[0] == "-m":
        del sys.argv[0]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(sys.argv[0]).parent)
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
