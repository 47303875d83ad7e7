"""A Pulumi project in a folder of its own, run by the real command line."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import psutil

_TIMEOUT_SECONDS = 120
_SECONDS_TO_END = 10


class Project:
    """A Python project with a stack named `test`, whose state, home and settings are all below `folder`."""

    def __init__(self, folder: Path, engine: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        (folder / "state").mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "VIRTUAL_ENV"))}
        self.environment = kept | {
            "AIRFLOW_ENTRA_PYTHON": sys.executable,
            "PATH": os.pathsep.join((str(engine), kept.get("PATH", os.defpath))),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "for tests",
            # The packages here name the plugins of azuread and azure-native, which no program of these tests uses.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": str(self.home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self.write("Pulumi.yaml", "name: tiny\nruntime: python\n")
        self.pulumi("stack", "init", "test")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(dedent(text))

    def pulumi(self, *arguments: str, code: int = 0) -> str:
        """Run a command, check its exit code and return all that it said."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=_TIMEOUT_SECONDS)
        assert process.returncode == code, said
        return said

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["pulumi", "--non-interactive", "--color", "never", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def processes(self) -> list[psutil.Process]:
        """Every living process that was started for this project, the command line's own included."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("PULUMI_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue  # ended meanwhile, or somebody else's
        return found

    def left_over(self) -> list[str]:
        """The command lines of the processes that are still there after a reasonable time to end."""
        _, alive = psutil.wait_procs(self.processes(), timeout=_SECONDS_TO_END)
        return [" ".join(process.cmdline()) for process in alive]
