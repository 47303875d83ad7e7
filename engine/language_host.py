"""The Python language host: the process that Pulumi's engine asks to run Python programs and policy packs.

    python -m engine.language_host --executor PATH [ENGINE_ADDRESS]

It prints the port that it listens on, then serves until the engine interrupts it or is gone.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from engine.tethered import tether


def main() -> None:
    tether()
    # Started by something that ignores the ends of its children, this process would inherit that, the kernel would
    # drop their exit codes, and every program would seem to have failed with 255.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    arguments = argparse.ArgumentParser(allow_abbrev=False)
    arguments.add_argument("--executor", type=Path, required=True, help="the SDK's pulumi-language-python-exec")
    arguments.add_argument("--tracing", default="", help="where the program sends its traces")
    arguments.add_argument("engine_address", nargs="?", default="")
    known, _ = arguments.parse_known_args()  # the engine adds logging flags, which only its own plugins know

    from engine.language_runtime import PythonRuntime, serve  # after tether(): importing gRPC takes a while

    asyncio.run(serve(PythonRuntime(known.executor, known.engine_address, known.tracing)))


if __name__ == "__main__":
    main()
