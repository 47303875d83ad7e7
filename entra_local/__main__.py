"""`python -m entra_local`: serve the tenant, seed it, rotate its keys, move its clock, or make it faulty."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from entra_local.start import StartError

Command = Callable[[argparse.Namespace], str]
"""Does what the options say and returns what to print. Raises StartError."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0; 2 when the call or the environment is wrong, 130 after Ctrl-C, 141 when nobody reads
    what it says."""
    try:
        sys.stdout.write(_said(arguments))
        sys.stdout.flush()
        return 0
    except KeyboardInterrupt:
        code, why = 130, "interrupted"
    except BrokenPipeError:
        code, why = 141, "standard output was closed before everything was written"
    except (StartError, OSError, UnicodeError, sqlite3.Error) as error:
        code, why = 2, str(error)
    with suppress(OSError, ValueError):  # else Python writes what is left once more at its end, and fails again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with suppress(OSError):
        sys.stderr.write(f"entra_local: {why}\n")
    return code


def _said(arguments: list[str] | None) -> str:
    """Do what the command line says; what to print."""
    parser = argparse.ArgumentParser(
        prog="python -m entra_local", description="A local Microsoft Entra tenant.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Command, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, allow_abbrev=False)
        made.add_argument("--state", type=Path, required=True, metavar="DIR", help="its folder, which may be in use")
        made.set_defaults(run=run)
        return made

    serve = command("serve", _serve, "answer for Azure's host names on loopback until SIGTERM")
    serve.add_argument("--http-port", type=int, default=0, metavar="N", help="sign-in and portal; 0 is any free port")
    serve.add_argument("--proxy-port", type=int, default=0, metavar="N", help="the CONNECT proxy; 0 is any free port")
    command("seed", _seed, "add what exists before any program runs, read as JSON from stdin")
    people = command("populate", _populate, "add made-up people and groups, the same for the same seed number")
    people.add_argument("--tenant", required=True, metavar="ID", help="the tenant, which must be there")
    people.add_argument("--people", type=int, default=100_000, metavar="N")
    people.add_argument("--groups", type=int, default=10_000, metavar="N")
    people.add_argument("--seed", type=int, default=1, metavar="N")
    command("rotate-keys", _rotate_keys, "sign tokens with a new key; the old one stays listed")
    clock = command("clock", _clock, "say the tenant's time, and how many seconds it is ahead of the machine's")
    clock.add_argument("--forward", type=int, metavar="SECONDS", help="move it forward")
    clock.add_argument("--reset", action="store_true", help="back to the machine's time")
    fault = command("fault", _fault, "say which faults the tenant has on demand")
    fault.add_argument(
        "--plan", metavar="JSON", help="throttle, errors, drop: shares; slow: ms; unseen: s; away; hosts; seed"
    )
    fault.add_argument("--off", action="store_true", help="none any more")
    options = parser.parse_args(arguments)
    return str(options.run(options))


def _serve(options: argparse.Namespace) -> str:
    from entra_local.server import serve

    serve(options.state, options.http_port, options.proxy_port)
    return ""


def _seed(options: argparse.Namespace) -> str:
    from entra_local.seed import SeedError, seed_from

    try:
        seed_from(options.state, sys.stdin.buffer.read())
    except SeedError as error:
        raise StartError(f"the seed is wrong: {error}") from error
    return ""


def _populate(options: argparse.Namespace) -> str:
    from entra_local.populate import populate

    return f"{populate(options.state, options.tenant, options.people, options.groups, options.seed)}\n"


def _rotate_keys(options: argparse.Namespace) -> str:
    from entra_local.server import open_world

    world = open_world(options.state)
    world.store.close()
    return f"tokens are now signed with {world.keys.rotate()}\n"


def _clock(options: argparse.Namespace) -> str:
    from entra_local.controls import move_clock

    return f"{move_clock(options.state, options.forward, reset=options.reset)}\n"


def _fault(options: argparse.Namespace) -> str:
    from entra_local.controls import plan_faults
    from entra_local.faults import PlanError

    try:
        return f"{plan_faults(options.state, options.plan, off=options.off)}\n"
    except PlanError as error:
        raise StartError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
