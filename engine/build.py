"""Building the Pulumi CLI from its own Go modules, pinned in go.mod, into a folder of the user's cache.

Safe to interrupt: the result appears under its final name by one rename, and a build that was cut short goes on with
what Go had already downloaded and compiled.
"""

import errno
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine import PULUMI_VERSION
from engine.cache import discard

SOURCES = Path(__file__).parent
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_PROGRESS_SECONDS = 5.0
_NEXT_TO_NOTHING_BYTES = 16 * 1024 * 1024
_NEWS = re.compile(r"^(?:go: downloading .+|[\w.~/-]+)$", re.MULTILINE)
"""What `go build -v` says while all is well: the modules that it fetches and the packages that it compiles."""


class BuildError(Exception):
    """The engine could not be built; the message says why."""


def built_folder(cache: Path) -> Path:
    """Where the built engine is kept below `cache`, once it is there: another pin or launcher, another folder."""
    digest = hashlib.sha256()
    for source in (SOURCES / "go.mod", SOURCES / "go.sum", *sorted((SOURCES / "launchers").iterdir())):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return cache / f"{PULUMI_VERSION}-{digest.hexdigest()[:12]}-{platform.system().lower()}-{platform.machine()}"


def build_engine(cache: Path, progress: Callable[[str], None]) -> Path:
    """Build the engine into its folder below `cache`, and return that. For one process at a time.

    Raises BuildError, and OSError where it can't be kept.
    """
    folder = built_folder(cache)
    try:
        _build(_go(), folder, progress)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BuildError(_disk_full(cache)) from error
        raise
    return folder


def discard_unfinished(cache: Path) -> None:
    """Remove what an interrupted build left, where the engine has come from elsewhere."""
    work = _work_folder(built_folder(cache))
    if work.is_dir():
        discard(work)


def _work_folder(folder: Path) -> Path:
    return folder.with_name(folder.name + ".work")


def _go() -> str:
    """The path of a Go toolchain that is new enough for go.mod."""
    wanted = re.search(r"^go (\d+)\.(\d+)", (SOURCES / "go.mod").read_text(), re.MULTILINE)
    assert wanted is not None  # noqa: S101 - the file is ours
    needed = ".".join(wanted.groups())
    go = shutil.which("go")
    if go is None:
        raise BuildError(f"Go is not on PATH, and {needed} or later is needed")
    # From the root folder: inside a module, an old Go refuses to say even its version.
    answer = subprocess.run(
        [go, "env", "GOVERSION"],
        cwd="/",
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    if found is None:
        said = answer.stderr.strip() or answer.stdout.strip()
        raise BuildError(f"{go} does not say its version ({said}), and {needed} or later is needed")
    if tuple(map(int, found.groups())) < tuple(map(int, wanted.groups())):
        has = answer.stdout.strip().removeprefix("go")
        raise BuildError(f"{go} is Go {has}, and {needed} or later is needed")
    return go


def _build(go: str, folder: Path, progress: Callable[[str], None]) -> None:
    work = _work_folder(folder)
    work.mkdir(exist_ok=True)
    environment = _environment(go, work)
    # A name of its own: `go` may outlive a builder that was killed, and writes to the name it was given.
    result = Path(tempfile.mkdtemp(prefix="result-", dir=work))
    result.chmod(0o755)
    progress(f"engine: building the Pulumi CLI {PULUMI_VERSION} with Go, once; this takes some minutes")
    _go_build(go, result / "pulumi", environment, progress)
    sdk = _go_answer(go, environment, "list", "-m", "-f", "{{.Dir}}", _SDK)
    for script in (Path(sdk, "python/cmd/pulumi-language-python-exec"), *(SOURCES / "launchers").iterdir()):
        shutil.copyfile(script, result / script.name)
        (result / script.name).chmod(0o755)
    result.rename(folder)
    discard(work)  # 3 GB in 75,000 files: nobody should wait for that
    progress(f"engine: the Pulumi CLI {PULUMI_VERSION} is in {folder}")


def _environment(go: str, work: Path) -> dict[str, str]:
    """Go's settings: nothing is kept outside `work`, nothing is fetched but what go.sum pins."""
    asked = _go_answer(go, dict(os.environ), "env", "GOMODCACHE", "GOPROXY").splitlines()
    downloads, proxies = Path(asked[0], "cache", "download"), asked[1]
    return {
        **os.environ,
        "CGO_ENABLED": "0",  # no C compiler needed
        "GOCACHE": str(work / "go-build"),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "GOMODCACHE": str(work / "go-mod"),
        # What the user's Go has downloaded before need not be downloaded again; go.sum guards it like the rest.
        "GOPROXY": f"{downloads.as_uri()},{proxies}" if downloads.is_dir() else proxies,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _go_answer(go: str, environment: dict[str, str], *arguments: str) -> str:
    answer = subprocess.run(
        [go, *arguments],
        cwd=SOURCES,
        env={**environment, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise BuildError(f"`go {' '.join(arguments)}` failed: {answer.stderr.strip()}")
    return answer.stdout.strip()


def _go_build(go: str, target: Path, environment: dict[str, str], progress: Callable[[str], None]) -> None:
    started = time.monotonic()
    log = target.with_suffix(".log")
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [
                *(go, "build", "-v", "-trimpath", "-o", str(target)),
                *("-ldflags", f"-s -w -X {_SDK}/go/common/version.Version=v{PULUMI_VERSION}"),
                "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            ],
            cwd=SOURCES,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as process,
    ):
        try:
            while True:
                try:
                    process.wait(_PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    minutes, seconds = divmod(int(time.monotonic() - started), 60)
                    progress(f"engine: {_counted(log.read_text())}, {minutes}:{seconds:02}")
        finally:
            process.kill()  # does nothing to a process that has ended
    if process.returncode != 0:
        said = log.read_text()
        if "no space left on device" in said or shutil.disk_usage(target.parent).free < _NEXT_TO_NOTHING_BYTES:
            raise BuildError(_disk_full(target.parent))
        told = "\n".join(line for line in said.splitlines() if not _NEWS.fullmatch(line))
        raise BuildError(f"`go build` of the Pulumi CLI failed:\n{told}")
    log.unlink()


def _counted(log: str) -> str:
    downloaded = log.count("go: downloading ")
    compiled = len(_NEWS.findall(log)) - downloaded
    return f"{downloaded} modules downloaded, {compiled} packages compiled"


def _disk_full(folder: Path) -> str:
    return f"the disk is full: building the Pulumi CLI needs 4 GB in {folder} for a while, and 120 MB afterwards"
