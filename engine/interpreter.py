"""Which Python runs a project: the one of its virtual environment, else the one that runs this."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TETHERED = Path(__file__).with_name("tethered.py")


class NoInterpreterError(Exception):
    """The project's virtual environment isn't there; the message says how to make it."""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    path: Path
    environment: Mapping[str, str]
    """The whole environment for what it runs, with the virtual environment activated."""

    @property
    def is_this_one(self) -> bool:
        return self.path.parent.parent.resolve() == Path(sys.prefix).resolve()

    def tethered(self, *command: str) -> list[str]:
        """The argument list that runs a script (its path) or module (`-m`, its name) as engine.tethered describes."""
        return [str(self.path), "-u", str(_TETHERED), *command]


def find_interpreter(root: Path, options: Mapping[str, object], environment: Mapping[str, str]) -> Interpreter:
    """Choose as Pulumi's own language host does, by the `virtualenv` and `toolchain` options of Pulumi.yaml.

    `root` is the folder of Pulumi.yaml, which a relative `virtualenv` is relative to. Without a virtual environment
    the answer is the running Python, not any `python3` on PATH: that one would lack the `pulumi` package.
    Raises NoInterpreterError.
    """
    option = str(options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else ""))
    if not option:
        return Interpreter(path=Path(sys.executable), environment=environment)
    virtualenv = root / option
    python = virtualenv / "bin" / "python"
    if not python.is_file():
        raise NoInterpreterError(
            f"the 'virtualenv' option in Pulumi.yaml is set to {option!r}, but {virtualenv} is not a virtual "
            f"environment; make it with `python3 -m venv {virtualenv}`, then install the project's packages into it"
        )
    activated = {name: value for name, value in environment.items() if name != "PYTHONHOME"}
    activated["VIRTUAL_ENV"] = str(virtualenv)
    activated["PATH"] = os.pathsep.join((str(python.parent), activated.get("PATH", os.defpath)))
    return Interpreter(path=python, environment=activated)
