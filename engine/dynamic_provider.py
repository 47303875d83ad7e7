"""Runs the provider of dynamic resources, which is a part of the Python SDK, in the project's own Python.

The engine starts this in the project's folder, with the runtime options of Pulumi.yaml in the environment.
"""

import os
import sys
from pathlib import Path

from engine.interpreter import NoInterpreterError, find_interpreter


def main() -> None:
    options = {name: os.environ.get(f"PULUMI_RUNTIME_{name.upper()}", "") for name in ("virtualenv", "toolchain")}
    try:
        python = find_interpreter(Path.cwd(), options, os.environ)
    except NoInterpreterError as error:
        sys.exit(str(error))
    command = python.tethered("-m", "pulumi.dynamic", *sys.argv[1:])
    os.execve(command[0], command, python.environment)  # noqa: S606


if __name__ == "__main__":
    main()
