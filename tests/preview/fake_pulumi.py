"""Stands in for the CLI where a test is about how it is run and ended, not about what it says.

What it does depends on the stack's name. It signals its starter itself when it is as far as the test wants it: nothing
has to be waited for.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path


def install(folder: Path) -> Path:
    """Makes it the `pulumi` of a folder that is to be put on PATH. It takes notes in the folder FAKE_NOTES."""
    folder.mkdir(parents=True, exist_ok=True)
    pulumi = folder / "pulumi"
    pulumi.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(__file__)} "$@"\n')
    pulumi.chmod(0o755)
    return folder


def say(**event: object) -> None:
    print(json.dumps(event), flush=True)  # noqa: T201 - the engine's own channel


def main() -> int:
    notes = Path(os.environ["FAKE_NOTES"])
    stack = sys.argv[sys.argv.index("--stack") + 1] if "--stack" in sys.argv else sys.argv[3]
    with (notes / "calls").open("a") as file:
        file.write(json.dumps({"arguments": sys.argv[1:], "backend": os.environ.get("PULUMI_BACKEND_URL")}) + "\n")
    if stack.startswith("new") and os.environ["PULUMI_BACKEND_URL"] == "real":
        print(f"error: no stack named {stack!r} found", file=sys.stderr)  # noqa: T201
        return 6
    if "init" in sys.argv:
        Path(f"stacks/Pulumi.{stack}.yaml").write_text("changed by stack init")
        return 0
    if stack.startswith("locked"):
        print("error: could not get the key of the secrets provider", file=sys.stderr)  # noqa: T201
        return 1
    if stack.startswith("busy") and not (notes / "was-busy").exists():
        (notes / "was-busy").touch()
        say(preludeEvent={"config": {}})
        say(diagnosticEvent={"severity": "error", "message": "Preview failed: GET /v1.0/groups: 503 no answer"})
        return 1
    say(preludeEvent={"config": {}})
    if stack.startswith(("slow", "deaf")):
        run_until_ended(notes, stack)
    meet(notes, stack)
    say(diagnosticEvent={"severity": "warning", "message": "x" * 300_000})
    say(summaryEvent={"resourceChanges": {"same": 3}, "result": "succeeded"})
    return 0


def run_until_ended(notes: Path, stack: str) -> None:
    plugin = subprocess.Popen(["sleep", "300"], process_group=0)  # as the engine starts its plugins

    def end(*_: object) -> None:
        if stack == "deaf":
            return
        plugin.kill()
        plugin.wait()
        (notes / "ended").touch()
        os._exit(8)

    signal.signal(signal.SIGINT, end)
    (notes / f"plugin-{stack}").write_text(str(plugin.pid))
    os.kill(os.getppid(), int(os.environ["FAKE_SIGNAL"]))
    while True:
        time.sleep(60)


def meet(notes: Path, stack: str) -> None:
    """Two of a pair (pair-a, pair-b) go on when both run: they can only be previewed at the same time."""
    if not stack.startswith("pair"):
        return
    pipe = notes / "meeting"
    with pipe.open("w" if stack == "pair-a" else "r") as file:  # each waits until the other end is opened too
        file.writable()


if __name__ == "__main__":
    sys.exit(main())
