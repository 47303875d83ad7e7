"""Starts Pulumi. No other module does."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from airflow_entra.access.refused import explained
from airflow_entra.escape import terminal
from airflow_entra.pulumi import PROJECT
from airflow_entra.pulumi.family import Family
from airflow_entra.pulumi.passing_on import Show, passed_on
from airflow_entra.pulumi.scrub import Scrub
from airflow_entra.pulumi.trouble import LockedError, NoPulumiError, NoSuchStackError, PulumiError

Json = dict[str, Any]

_ALWAYS = ("--non-interactive", "--color", "never")
_OURS = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
NO_SUCH_STACK = 6
"""The CLI's exit code where the backend has no such stack; part of its contract, as all its codes are."""
_PAGE, _MOST_PAGES = 500, 100
_KEPT_LINES = 6
"""Of what Pulumi says when it fails."""
_REASON = re.compile(r"(error|Exception|Error): |^\s*\* ")
_NO_REASON = re.compile(
    r"an unhandled (error|exception)|error: (update|preview) failed|errors? occurred:\s*$|\*\*\w+ failed"
)


class Answer:
    """What Pulumi said. `stdout` and `stderr` are masked; `lines`, `complaints` and `object` are data and are not."""

    def __init__(self, stdout: str, stderr: str, code: int, scrub: Scrub, stack: str) -> None:
        self._said, self._complained, self._scrub, self._stack = stdout, stderr, scrub, stack
        self.code = code

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.stdout}\n{self.stderr}"

    @cached_property
    def stdout(self) -> str:
        """A state is long: it is masked only where somebody reads it."""
        return self._scrub.text(self._said)

    @cached_property
    def stderr(self) -> str:
        return self._scrub.text(self._complained)

    @property
    def lines(self) -> list[str]:
        """Standard output as data."""
        return self._said.splitlines()

    @property
    def complaints(self) -> list[str]:
        """Standard error as it is."""
        return self._complained.splitlines()

    @property
    def trouble(self) -> PulumiError:
        """Why it failed; which error it is, as Pulumi's own automation reads what it says."""
        reason = _reason(self)
        if self.code == NO_SUCH_STACK:
            return NoSuchStackError(reason)
        # Its package takes a quarter of a second: for an error nobody minds.
        from pulumi.automation import CommandResult
        from pulumi.automation.errors import ConcurrentUpdateError, StackNotFoundError, create_command_error

        kind = create_command_error(CommandResult(self.stdout, self.stderr, self.code))
        if isinstance(kind, StackNotFoundError) and self._lacks_stack():
            return NoSuchStackError(reason)
        return LockedError(reason) if isinstance(kind, ConcurrentUpdateError) else PulumiError(reason)

    def _lacks_stack(self) -> bool:
        """Whether Pulumi's error itself, and no text within it, says so: of a CLI that had no code for it yet."""
        errors = [line for line in self.complaints if line.startswith("error: ")]
        named = re.fullmatch(r"error: no stack named '(.+)' found", errors[0]) if errors else None
        return named is not None and named[1].rpartition("/")[2] == self._stack.rpartition("/")[2]

    def object(self) -> Json:
        """Standard output as the JSON object that it holds. Raises PulumiError."""
        try:
            found = json.loads(self._said)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise PulumiError(
                "Pulumi did not answer with a JSON object"
                + ("" if self.code else ", though it says that it succeeded: check that no disk is full (TMPDIR)")
            ) from None
        return found


class Pulumi:
    """The CLI on one stack: in `folder`, where Pulumi.yaml is, with this environment and no other.

    What it says goes into files, so that it ends its work in order even where this process is killed. It is masked
    before anybody sees it: the environment's secrets, and what looks like one. The state's own secrets stay encrypted.
    Every method raises PulumiError where Pulumi fails, and Interrupted after a signal.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        stack: str,
        *,
        project: str = PROJECT,
        family: Family | None = None,
    ) -> None:
        self.folder, self.environment, self.stack, self.project = folder, dict(environment), stack, project
        self.scrub = Scrub(environment)
        self.family = family or Family()

    def run(
        self,
        args: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        show: Show | None = None,
        stdin: str = "",
        check: bool = True,
    ) -> Answer:
        """Run a command, with this in its environment besides. What it says is given to `show` as it comes, masked.

        With `check`, raises the PulumiError that says why it failed; else its exit code is in the answer.
        """
        with ExitStack() as files:
            asked = files.enter_context(tempfile.TemporaryFile()) if stdin else subprocess.DEVNULL
            if not isinstance(asked, int):
                asked.write(stdin.encode())
                asked.seek(0)
            if show:
                said, complained = files.enter_context(passed_on(self.scrub, show, show))
            else:
                said, complained = (files.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            try:
                code = self.family.run(
                    ["pulumi", *args, *(_ALWAYS if "--color" not in args else _ALWAYS[:1])],
                    folder=self.folder,
                    environment={**self.environment, **_OURS, **(environment or {})},
                    stdin=asked,
                    stdout=said,
                    stderr=complained,
                )
            except FileNotFoundError:
                raise NoPulumiError from None
            answer = Answer(_text(said), _text(complained), code, self.scrub, self.stack)
        self.family.check()
        if check and code:
            raise answer.trouble
        return answer

    def init(self, *options: str) -> None:
        """Make the stack in the backend."""
        self.run(["stack", "init", self.stack, "--no-select", *options])

    def export(self) -> Json:
        """The state: `{"deployment": {...}}`."""
        export = self._on_stack("stack", "export").object()
        if not isinstance(export.get("deployment"), dict):
            raise PulumiError("pulumi stack export did not answer with a stack's state")
        return export

    def put(self, state: Mapping[str, Any]) -> None:
        """Make this the state: an export, changed."""
        self._on_stack("stack", "import", stdin=json.dumps(state))

    def outputs(self) -> Json:
        """The program's outputs, without secrets; empty where nothing is deployed."""
        said = self._on_stack("stack", "output", "--json").object()
        try:
            outputs: Json = self.scrub.value(said)
        except RecursionError:
            raise PulumiError("the outputs nest too deeply to be read; a few levels are right") from None
        return outputs

    def history(self) -> list[Json]:
        """The stack's updates, newest first, without the values of its secrets."""
        found: list[Json] = []
        for page in range(1, _MOST_PAGES):
            answer = self._on_stack("stack", "history", "--json", "--page-size", str(_PAGE), "--page", str(page))
            try:
                some = json.loads("\n".join(answer.lines))
            except (ValueError, RecursionError):
                raise PulumiError("pulumi stack history did not answer with JSON") from None
            found += [update for update in some if isinstance(update, dict)]
            if len(some) < _PAGE:
                break
        return found

    def preview(self, *options: str) -> list[Json]:
        """The steps that an update would take; secrets that Pulumi doesn't know of are in them as they are."""
        return list(self._on_stack("preview", "--json", *options).object().get("steps") or ())

    def up(
        self,
        *options: str,
        environment: Mapping[str, str] | None = None,
        show: Show | None = None,
        color: bool = False,
    ) -> None:
        """Update the stack. Its progress is given to `show`."""
        colored = ["--color", "always"] if color else []
        self._change("up", *options, *colored, environment=environment, show=show)

    def refresh(self) -> None:
        """Read into the state what is really there."""
        self._change("refresh")

    def import_(self, resources: Mapping[str, Any], *, protect: bool) -> None:
        """Bring resources into the state, each with its id; nothing of them is changed."""
        with tempfile.TemporaryDirectory(prefix="airflow-entra-") as folder:
            file = Path(folder) / "import.json"
            file.write_text(json.dumps(resources), "utf-8")
            protected = f"--protect={'true' if protect else 'false'}"
            self._change("import", "--file", str(file), "--generate-code=false", protected)

    def cancel(self) -> None:
        """Take the stack's lock away."""
        self._on_stack("cancel", "--yes")

    def _change(
        self, command: str, *options: str, environment: Mapping[str, str] | None = None, show: Show | None = None
    ) -> None:
        args = [command, "--yes", "--skip-preview", "--suppress-outputs", "--stack", self.stack, *options]
        self.run(args, environment=environment, show=show)

    def _on_stack(self, *args: str, stdin: str = "") -> Answer:
        return self.run([*args, "--stack", self.stack], stdin=stdin)


def each(option: str, values: Iterable[str]) -> list[str]:
    """An option that is given once for each value."""
    return [part for value in values for part in (option, value)]


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _reason(answer: Answer) -> str:
    """Why it failed, in one line: the diagnostics of --json, else the lines that say so, else the last ones."""
    said = [*answer.stdout.splitlines(), *answer.stderr.splitlines()]
    try:
        diagnostics = json.loads(answer.stdout).get("diagnostics") or []
        reasons = [found["message"] for found in diagnostics if found.get("severity") == "error"]
    except (ValueError, AttributeError, TypeError, KeyError, RecursionError):
        reasons = [line.strip(" \t*") for line in said if _REASON.search(line) and not _NO_REASON.search(line)]
        reasons = list(dict.fromkeys(reasons))
    killed = [f"it was killed (signal {-answer.code})"] if answer.code < 0 else []
    shown = reasons if reasons or killed else list(filter(str.strip, said))  # when killed, the last are no reason
    shown = shown[-_KEPT_LINES:] + list(explained(f"{answer.stdout}\n{answer.stderr}"))
    return "; ".join(filter(None, map(terminal.line, killed + shown))) or f"exit code {answer.code}"
