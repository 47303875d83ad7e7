"""Shows what a program says while it runs, without secrets.

The program writes into files, not into pipes: if this process is killed, Pulumi ends its work instead of dying at a
broken pipe.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TextIO

from airflow_entra.pulumi.scrub import Scrub

_EVERY_SECONDS = 0.05
_DATA = frozenset({"config", "stack"})
"""Commands of Pulumi whose output is somebody's data, such as a state to keep: only known secrets are masked in it."""


def is_pulumi(command: Sequence[str | Path]) -> bool:
    """Whether a command that somebody wants run is Pulumi itself."""
    return Path(command[0]).name == "pulumi"


def is_data(command: Sequence[str | Path]) -> bool:
    """Whether the standard output of that command of Pulumi has to stay as it is, but for known secrets."""
    return next((str(word) for word in command[1:] if not str(word).startswith("-")), "") in _DATA


def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program. Ctrl-C reaches Pulumi too, which ends what it is at: it is waited for, the first time."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


@contextmanager
def passed_on(scrub: Scrub, out: TextIO, err: TextIO, *, data: bool = False) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Two files for a program's standard output and standard error, shown on `out` and `err` until the end of this.

    Where `out` gets `data`, only known secrets are masked in it. Where `out` and `err` are the same, so are the files,
    and the order of what is said is kept.
    """
    with ExitStack() as files:
        said = Followed(files.enter_context(_unbuffered()), scrub, scrub.known if data else scrub.text, out)
        told = said if out is err else Followed(files.enter_context(_unbuffered()), scrub, scrub.text, err)
        streams = list({id(stream): stream for stream in (said, told)}.values())
        over = threading.Event()

        def follow() -> None:
            while not over.wait(_EVERY_SECONDS):
                for stream in streams:
                    stream.show()
            for stream in streams:
                stream.show(all_of_it=True)

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            yield said.file, told.file
        finally:
            over.set()
            follower.join()


class Followed:
    """A file that a program writes, shown on `target` as far as it is `mask`ed for sure."""

    def __init__(self, file: IO[bytes], scrub: Scrub, mask: Callable[[str], str], target: TextIO) -> None:
        self.file = file
        self._scrub, self._mask, self._target = scrub, mask, target
        self._position = 0
        self._rest = ""
        self._unread = b""
        self._broken = False

    def show(self, *, all_of_it: bool = False) -> None:
        """Show what has come since, up to where a secret may have begun."""
        self._rest += self._came(all_of_it)
        end = len(self._rest) if all_of_it else self._scrub.settled(self._rest)
        shown, self._rest = self._rest[:end], self._rest[end:]
        if not shown or self._broken:
            return
        try:
            self._target.write(self._mask(shown))
            self._target.flush()
        except (BrokenPipeError, ValueError):  # nobody reads any more; the program goes on all the same
            self._broken = True

    def _came(self, all_of_it: bool) -> str:
        """What the program wrote since the last time, as text; a character that isn't whole yet waits."""
        size = os.fstat(self.file.fileno()).st_size
        read = os.pread(self.file.fileno(), size - self._position, self._position)  # the position is the program's own
        self._position += len(read)
        whole = self._unread + read
        for cut in range(0 if all_of_it else min(3, len(whole)) + 1):
            try:
                text = whole[: len(whole) - cut].decode("utf-8")
            except UnicodeDecodeError:
                continue
            self._unread = whole[len(whole) - cut :]
            return text
        self._unread = b""
        return whole.decode("utf-8", "replace")


def _unbuffered() -> IO[bytes]:
    return tempfile.TemporaryFile("w+b", buffering=0)
