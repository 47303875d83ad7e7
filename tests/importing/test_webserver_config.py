"""What a webserver_config.py says is read off its text; it is never run."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from airflow_entra.errors import UserError
from airflow_entra.importing.webserver_config import Unclear, WebserverConfig, read_config


@pytest.fixture
def config(tmp_path: Path) -> Any:
    def read(text: str) -> WebserverConfig:
        file = tmp_path / "webserver_config.py"
        file.write_text(dedent(text), "utf-8")
        return read_config(file)

    return read


def test_values_that_stand_in_the_file_are_known(config: Any) -> None:
    found = config(
        """
        from flask_appbuilder.security.manager import AUTH_OAUTH
        import os

        TENANT = "11111111-2222-4333-8444-555555555555"
        basedir = os.path.abspath(os.path.dirname(__file__))
        AUTH_TYPE = AUTH_OAUTH
        AUTH_ROLES_SYNC_AT_LOGIN: bool = True
        ADMINS = ["Admin"]
        MORE = {"viewer": ["Viewer"]}
        AUTH_ROLES_MAPPING = {"admin": ADMINS + ["Op"], **MORE}
        URL = f"https://login.microsoftonline.com/{TENANT}/v2.0" + "/keys"
        FROM_TEXT = json.loads('{"a": ["Admin"]}')
        """
    )
    assert found.get("AUTH_TYPE") == 4
    assert found.get("AUTH_ROLES_SYNC_AT_LOGIN") is True
    assert found.get("AUTH_ROLES_MAPPING") == {"admin": ["Admin", "Op"], "viewer": ["Viewer"]}
    assert found.get("URL") == "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0/keys"
    assert found.get("FROM_TEXT") == {"a": ["Admin"]}
    assert found.get("NOT_THERE") is None
    assert str(found.where("AUTH_TYPE")).endswith("webserver_config.py:7:1")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A = os.environ['ROLES']", "it is the environment variable ROLES"),
        ("A = os.getenv('ROLES', 'x')", "it is the environment variable ROLES"),
        ("A = environ.get('ROLES')", "it is the environment variable ROLES"),
        ("A = json.loads(os.environ['ROLES'])", "it is the environment variable ROLES"),
        ("A = f\"{os.environ['TENANT']}/v2.0\"", "it is the environment variable TENANT"),
        ("A = roles()", "it is computed"),
        ("A = {**roles()}", "it is computed"),
        ("A = {role(): ['Admin']}", "it is computed"),
        ("A = {x: ['Admin'] for x in y}", "it is computed"),
        ("A = B", "B isn't in the file"),
        ("from contoso import A", "it comes from the module contoso"),
        ("if prod:\n  A = 1\nelse:\n  A = 2", "it depends on a condition"),
        ("try:\n  import x\nexcept ImportError:\n  A = 1", "it depends on a condition"),
        ("A = {}\nA['x'] = ['Admin']", "it is changed further down"),
        ("A = {}\nA.update(x)", "it is changed further down"),
        ("A = {}\nA |= x", "it is changed further down"),
        ("A = []\ndel A[0]", "it is changed further down"),
        ("A = 1\nA, B = x", "it is changed further down"),
        ("A = 1\nfor A in x: pass", "it depends on a condition"),
        ("class A: pass", "it is code"),
        ("A = json.loads('{')", "it is no JSON"),
    ],
)
def test_what_only_running_it_would_tell_is_unclear(config: Any, text: str, why: str) -> None:
    assert config(text).get("A") == Unclear(why)


def test_it_is_never_run(config: Any, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    found = config(f"open({str(mark)!r}, 'w'); import antigravity; raise SystemExit\nAUTH_TYPE = 4\nfrom x import *")
    assert not mark.exists()
    assert (found.get("AUTH_TYPE"), found.star_imports) == (4, ("x",))


@pytest.mark.parametrize("text", ["AUTH_TYPE = ", "{{ helm }}:", "A = 1\0", "(" * 300, "-" * 100_000 + "1"])
def test_what_is_not_python_is_said_with_its_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"values\.yaml.*not Python"):
        read_config(file)


def test_a_sum_that_python_has_no_room_for_is_no_mistake_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "webserver_config.py"
    file.write_text("A = " + "+".join(["'x'"] * 50_000))
    with pytest.raises(UserError, match="not Python"):
        read_config(file)
