"""Where the Pulumi CLI comes from: PATH, else the cache, else Pulumi's own release, else a build from its Go modules.

`python -m engine.obtain` prints the folder that holds `pulumi`; what it is doing meanwhile goes to stderr.
"""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine import PULUMI_VERSION
from engine.build import BuildError, build_engine, built_folder, discard_unfinished
from engine.cache import alone, cache_folder, remove_discarded
from engine.release import NoReleaseError, ReleaseRefusedError, get_release, release_folder, version_of

OLDEST = (3, 256, 0)
"""The first Pulumi release whose engine and Python SDK were tested together here."""

_NEEDED = f"Pulumi {'.'.join(map(str, OLDEST))} or later with its Python language host"
_INSTALL = "https://www.pulumi.com/docs/install"


class EngineError(Exception):
    """No engine could be had; the message says why and what to do."""


def engine_folder(progress: Callable[[str], None]) -> Path:
    """Return the folder that holds `pulumi` and a Python language host, getting them first where they are missing.

    They land in `$XDG_CACHE_HOME/airflow-entra/engine` (`~/.cache` by default), once per pinned version, in seconds
    where they can be downloaded, else in some minutes; `progress` gets a line of text every few seconds meanwhile.
    Raises EngineError.
    """
    on_path = _look_on_path()
    if on_path.folder is not None:
        return on_path.folder
    cache = cache_folder() / "engine"
    try:
        kept = _kept(cache)
        if kept is not None:
            remove_discarded(cache)
            return kept
        with alone(
            cache / "getting.lock", lambda: progress("engine: another process is getting the Pulumi CLI; waiting")
        ):
            return _kept(cache) or _get(cache, on_path.why_not, progress)
    except OSError as error:
        raise EngineError(f"can't keep the Pulumi CLI in {cache}: {error}") from error


@dataclass(frozen=True)
class _OnPath:
    folder: Path | None
    why_not: str


def _look_on_path() -> _OnPath:
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return _OnPath(None, "there is no pulumi on PATH")
    # Package managers put symbolic links on PATH; the plugins that come with Pulumi lie beside what they point at.
    real = Path(pulumi).resolve().parent
    if (real / "pulumi-language-python").is_file():
        folder = real
    elif shutil.which("pulumi-language-python"):
        folder = Path(pulumi).absolute().parent
    else:
        return _OnPath(None, f"{pulumi} has no pulumi-language-python beside it or on PATH")
    version = version_of(pulumi)
    if version is None:
        return _OnPath(None, f"{pulumi} does not say its version")
    if version < OLDEST:
        return _OnPath(None, f"{pulumi} is {'.'.join(map(str, version))}")
    return _OnPath(folder, "")


def _kept(cache: Path) -> Path | None:
    """What was got before; a release before what was built."""
    folders = (release_folder(cache), built_folder(cache))
    return next((folder for folder in folders if folder is not None and folder.is_dir()), None)


def _get(cache: Path, not_on_path: str, progress: Callable[[str], None]) -> Path:
    progress(f"engine: {not_on_path}; {_NEEDED} is needed")
    try:
        release = get_release(cache, progress)
        discard_unfinished(cache)
        return release
    except ReleaseRefusedError as error:
        raise EngineError(str(error)) from error
    except NoReleaseError as error:
        no_release = str(error)
        progress(f"engine: no download: {no_release}")
    try:
        return build_engine(cache, progress)
    except BuildError as error:
        raise EngineError(
            f"the Pulumi CLI is not to be had\n"
            f"  on PATH      {not_on_path}\n"
            f"  downloaded   {no_release}\n"
            f"  built        {error}\n"
            f"Install Pulumi {PULUMI_VERSION} or later ({_INSTALL}), or Go (https://go.dev/dl), and run this again."
        ) from error


def main() -> int:
    try:
        folder = engine_folder(lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    except EngineError as error:
        return _stopped(2, str(error))
    except KeyboardInterrupt:
        return _stopped(130, "interrupted; run it again, and what was half done is done anew")
    except OSError as error:
        return _stopped(
            2, f"{error.filename or cache_folder()}: {error.strerror or error}; mend that, and run it again"
        )
    try:
        print(folder, flush=True)  # noqa: T201
    except OSError as error:
        with suppress(OSError, ValueError):  # else Python writes it once more at its end, and fails again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _stopped(141 if error.errno == errno.EPIPE else 2, f"standard output: {error.strerror}")
    return 0


def _stopped(code: int, why: str) -> int:
    print(f"engine: {why}", file=sys.stderr)  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
