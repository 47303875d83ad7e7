"""Starts the command line: Ctrl-C ends it in order from the first import on."""

from __future__ import annotations

import os
import signal

_INTERRUPTED = 128 + signal.SIGINT


def main() -> None:
    """The program `airflow-entra`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and not ignored, as in nohup
        signal.signal(signal.SIGINT, _interrupted)
    from airflow_entra.cli import main as program

    program(prog_name="airflow-entra")


def _interrupted(*_: object) -> None:
    """Before a command begins, there is nothing to put in order."""
    os.write(2, b"airflow-entra: interrupted; nothing was done\n")
    os._exit(_INTERRUPTED)
