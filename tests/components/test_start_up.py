"""What the program changes before it imports Pulumi."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ASKED = """
import gc, signal
from airflow_entra.components import start_up
import pulumi
from pulumi.runtime import resource
heard = []
pulumi.runtime.settings.get_engine = lambda: type("Engine", (), {"Log": staticmethod(heard.append)})
resource.log.debug("a message that nobody asked for")
print(gc.isenabled(), signal.getsignal(signal.SIGINT) is signal.SIG_DFL, len(heard))
"""


@pytest.mark.parametrize(("debug", "messages"), [("", 0), ("true", 1)])
def test_debug_messages_reach_the_engine_where_they_are_asked_for(
    debug: str, messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_ENTRA_DEBUG", debug)
    said = subprocess.run([sys.executable, "-c", ASKED], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "True", str(messages)]
