"""`python -m entra_local`: serve the tenant, seed it, or rotate its keys."""

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 when the call or the environment is wrong."""
    parser = argparse.ArgumentParser(prog="python -m entra_local", description="A local Microsoft Entra tenant.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer for Azure's host names on loopback until SIGTERM")
    serve.add_argument("--state", type=Path, required=True, metavar="DIR", help="the folder that holds everything")
    serve.add_argument("--http-port", type=int, default=0, metavar="N", help="sign-in and portal; 0 is any free port")
    serve.add_argument("--proxy-port", type=int, default=0, metavar="N", help="the CONNECT proxy; 0 is any free port")
    seed = commands.add_parser("seed", help="add what exists before any program runs, read as JSON from stdin")
    seed.add_argument("--state", type=Path, required=True, metavar="DIR", help="the folder that holds everything")
    rotate = commands.add_parser("rotate-keys", help="sign tokens with a new key; the old one stays listed")
    rotate.add_argument("--state", type=Path, required=True, metavar="DIR", help="the folder, which may be in use")
    options = parser.parse_args(arguments)

    # Imported here: `--help` and a wrong call answer at once.
    from entra_local.server import StartError

    try:
        if options.command == "serve":
            from entra_local.server import serve as serve_tenant

            serve_tenant(options.state, options.http_port, options.proxy_port)
        elif options.command == "rotate-keys":
            from entra_local.server import open_world

            world = open_world(options.state)
            world.store.close()
            sys.stdout.write(f"tokens are now signed with {world.keys.rotate()}\n")
        else:
            from entra_local.seed import SeedError, seed_from

            try:
                seed_from(options.state, sys.stdin.buffer.read())
            except SeedError as error:
                raise StartError(f"the seed is wrong: {error}") from error
    except StartError as error:
        sys.stderr.write(f"entra_local: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
