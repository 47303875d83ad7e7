"""Where the Pulumi CLI comes from: the one on PATH where it is new enough, else one built from its own Go modules.

`python -m engine.obtain` prints the folder that holds `pulumi`; what it is doing meanwhile goes to stderr.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from engine.build import BuildError, build_engine
from engine.cache import cache_folder

OLDEST = (3, 256, 0)
"""The first Pulumi release whose engine and Python SDK were tested together here."""

_VERSION_TIMEOUT_SECONDS = 30.0


class EngineError(Exception):
    """No engine could be had; the message says why and what to install."""


def engine_folder(progress: Callable[[str], None]) -> Path:
    """Return the folder that holds `pulumi` and a Python language host, building them first where they are missing.

    The build lands in `$XDG_CACHE_HOME/airflow-entra/engine` (`~/.cache` by default), is done once per pinned version
    and takes some minutes; `progress` gets a line of text every few seconds meanwhile. Raises EngineError.
    """
    installed = _installed_folder()
    if installed is not None:
        return installed
    try:
        return build_engine(cache_folder() / "engine", progress)
    except BuildError as error:
        raise EngineError(str(error)) from error


def _installed_folder() -> Path | None:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return None
    # Package managers put symbolic links on PATH; the plugins that come with Pulumi lie beside what they point at.
    real = Path(pulumi).resolve().parent
    if (real / "pulumi-language-python").is_file():
        folder = real
    elif shutil.which("pulumi-language-python"):
        folder = Path(pulumi).absolute().parent
    else:
        return None
    version = _version(pulumi)
    return folder if version is not None and version >= OLDEST else None


def _version(pulumi: str) -> tuple[int, ...] | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [pulumi, "version"],
            capture_output=True,
            text=True,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=_VERSION_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # something called pulumi that can't say its version is no engine for us
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)(?:\+.*)?", answer.stdout.strip())
    return tuple(map(int, found.groups())) if found else None


def main() -> int:
    try:
        folder = engine_folder(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        return 130
    print(folder)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
