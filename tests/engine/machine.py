"""A machine on which only what a test puts there is found: programs that play `pulumi` and `go`."""

from __future__ import annotations

import fcntl
from pathlib import Path

from engine.obtain import engine_folder

_SDK_SCRIPT = "python/cmd/pulumi-language-python-exec"
_GO = """
case "$1 $2" in
"env GOVERSION") echo "${GO_IS:-go1.99.1}" ;;
"env GOMODCACHE") printf '%s\\n' "$HOME/go/pkg/mod" https://proxy.invalid,direct ;;
"list -m") echo "$HOME/sdk" ;;
"build -v")
  echo "$GOFLAGS $CGO_ENABLED $GOTOOLCHAIN $GOWORK $GOCACHE $GOMODCACHE $GOPROXY" >> "$HOME/builds"
  echo "$@" >> "$HOME/builds"
  echo github.com/a/package >&2
  if [ -n "$GO_SAYS" ]; then echo "$GO_SAYS" >&2; exit 1; fi
  if [ -n "$GO_WAITS" ]; then echo ready > "$GO_WAITS"; exec cat "$HOME/until"; fi
  while [ "$1" != -o ]; do shift; done
  echo built > "$2"
  ;;
*) echo "what is $*?" >&2; exit 1 ;;
esac
"""


class Machine:
    """A home and a PATH on which only what a test puts there is found."""

    def __init__(self, root: Path) -> None:
        self.bin = root / "bin"
        self.home = root / "home"
        self.cache = self.home / ".cache" / "airflow-entra" / "engine"
        for folder in (self.bin, (self.home / "sdk" / _SDK_SCRIPT).parent):
            folder.mkdir(parents=True)
        (self.home / "sdk" / _SDK_SCRIPT).write_text("the executor\n")
        self.said: list[str] = []

    def install(self, name: str, script: str, folder: Path | None = None) -> Path:
        program = (folder or self.bin) / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def install_go(self) -> None:
        self.install("go", _GO)

    def engine_folder(self) -> Path:
        return engine_folder(self.said.append)

    def builds(self) -> list[str]:
        """Two lines for each build: its settings and its arguments."""
        log = self.home / "builds"
        return log.read_text().splitlines() if log.exists() else []

    def left_over(self) -> list[str]:
        """What is in the cache beside engines and locks, once what was discarded is gone."""
        with (self.cache / "removing.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        return sorted(
            path.name for path in self.cache.iterdir() if path.suffix != ".lock" and not (path / "pulumi").is_file()
        )
