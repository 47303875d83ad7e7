"""Shows what a program says while it runs, without secrets.

The program writes into files, not into pipes: if this process is killed, Pulumi ends its work instead of dying at a
broken pipe.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TextIO

from airflow_entra.access.refused import explained
from airflow_entra.errors import of_os_error, on_disk
from airflow_entra.escape.terminal import line
from airflow_entra.files import give_up
from airflow_entra.pulumi.family import Family
from airflow_entra.pulumi.scrub import Scrub

Show = Callable[[str], object]
"""Is given each part of what a program says: whole lines, masked."""
_EVERY_SECONDS = 0.05
_BLOCK = 4096
"""Bytes for which there is no room on a full disk, whatever the end of the last block had left."""
_DATA = frozenset({"config", "stack"})
"""Commands of Pulumi whose output is somebody's data, such as a state to keep: only known secrets are masked in it."""
_JSON = frozenset({"--json", "-j", "--json=true"})
"""What makes a program of any command's output."""
_NOT_AS_IT_WAS = (
    "warning: what Pulumi said holds the value of a secret variable of this environment, and [secret] stands in its "
    "place: import no such state. At a terminal Pulumi's output is not changed\n"
)


class Onto:
    """Shows it on a stream of this process. Where that fails, the program goes on all the same."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.broken: OSError | ValueError | None = None if stream else OSError(errno.EBADF, "it is closed")
        """Why a part of it was not shown."""

    def __call__(self, text: str) -> None:
        try:
            if self._stream and not self.broken:
                self._stream.write(text)
                self._stream.flush()
        except (OSError, ValueError) as error:
            self.broken = error
            give_up(self._stream)


def on_standard_output() -> Show:
    return Onto(sys.stdout)


def in_color() -> bool:
    """Whether standard output is somebody's terminal, and they like colours."""
    return _is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")


def _is_terminal(stream: TextIO | None) -> bool:
    """Not of one that was closed before Python began."""
    return stream is not None and stream.isatty()


@contextmanager
def passed_on(
    scrub: Scrub, out: Show, err: Show, *, data: bool = False, whole: bool = False
) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Two files for a program's standard output and standard error, given to `out` and `err` until the end of this.

    Where `out` gets `data`, only known secrets are masked in it, and `err` is told where there were any. Where `out`
    and `err` are the same, so are the files, and the order of what is said is kept. With `whole`, raises UserError if
    the disk is full in the end: Pulumi goes on without a word when its output can't be written.
    """
    with ExitStack() as files:
        said = Followed(files.enter_context(_unbuffered()), scrub, scrub.data if data else scrub.text, out)
        told = said if out is err else Followed(files.enter_context(_unbuffered()), scrub, scrub.text, err)
        streams = list({id(stream): stream for stream in (said, told)}.values())
        over = threading.Event()
        failed: list[Exception] = []

        def follow() -> None:
            try:
                while not over.wait(_EVERY_SECONDS):
                    for stream in streams:
                        if not (data and stream is said):  # a document is masked as a whole
                            stream.show()
                for stream in streams:
                    stream.show(all_of_it=True)
            except Exception as error:
                failed.append(error)

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            yield said.file, told.file
        finally:
            over.set()
            follower.join()
        for error in failed:
            raise error
        if data and said.masked:
            err(_NOT_AS_IT_WAS)
        for stream in streams if whole else ():
            with on_disk("keep what Pulumi says, of which a part is lost", Path(tempfile.gettempdir())):
                os.posix_fallocate(stream.file.fileno(), os.fstat(stream.file.fileno()).st_size, _BLOCK)


class Followed:
    """A file that a program writes, shown as far as it is `mask`ed for sure."""

    def __init__(self, file: IO[bytes], scrub: Scrub, mask: Callable[[str], str], show: Show) -> None:
        self.file = file
        self._scrub, self._mask, self._show = scrub, mask, show
        self._position = 0
        self._rest = ""
        self._unread = b""
        self.masked = False
        """Whether what was shown isn't what the program wrote."""

    def show(self, *, all_of_it: bool = False) -> None:
        """Show what has come since, up to where a secret may have begun."""
        self._rest += self._came(all_of_it)
        end = len(self._rest) if all_of_it else self._scrub.settled(self._rest)
        shown, self._rest = self._rest[:end], self._rest[end:]
        if shown:
            masked = self._mask(shown)
            self.masked = self.masked or masked != shown
            self._show(masked)

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


def hand_on(command: Sequence[str], folder: Path | None, environment: Mapping[str, str]) -> int:
    """Run a command that somebody else chose, with their terminal; its exit code, 128 + N where signal N ended it.

    What Pulumi says into a file or a pipe goes there without secrets; a command of ours sees to that itself. Raises
    FileNotFoundError where there is no such command, UserError where a part of what Pulumi said is lost, unless the
    reader went away, and Interrupted where a signal ended Pulumi's work: its own exit code says only that it failed. A
    shell that goes on after Ctrl-C was not ended by it.
    """
    family, shown = Family(asked=None), (Onto(sys.stdout), Onto(sys.stderr))
    with ExitStack() as streams:
        out = err = None
        if is_pulumi(command) and not (_is_terminal(sys.stdout) and _is_terminal(sys.stderr)):
            out, err = streams.enter_context(passed_on(Scrub(environment), *shown, data=is_data(command), whole=True))
        code = family.run(command, folder=folder, environment=environment, stdout=out, stderr=err, terminal=True)
        refused = explained("\n".join(map(_written, filter(None, (out, err))))) if code else ()
    for sentence in refused:
        shown[1](f"airflow-entra: {line(sentence)}\n")
    if code and is_pulumi(command):
        family.check()
    for error in (one.broken for one in shown if isinstance(one.broken, OSError)):
        if error.errno != errno.EPIPE:
            raise of_os_error(error, "write all that Pulumi said")
    return code if code >= 0 else 128 - code


def _written(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode("utf-8", "replace")


def is_pulumi(command: Sequence[str]) -> bool:
    """Whether a command that somebody wants run is Pulumi itself."""
    return Path(command[0]).name == "pulumi"


def is_data(command: Sequence[str]) -> bool:
    """Whether the standard output of that command of Pulumi has to stay as it is, but for known secrets."""
    said = next((word for word in command[1:] if not word.startswith("-")), "")
    return said in _DATA or any(word in _JSON for word in command[1:])
