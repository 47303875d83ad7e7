"""Whatever stops a command: a line on standard error, no traceback, the right exit code."""

from __future__ import annotations

import ast
import errno
import io
import signal
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
import httpx
import pytest
from click.testing import CliRunner

from airflow_entra.cli import Program
from airflow_entra.cli.ending import told
from airflow_entra.errors import AnswerError, UserError
from airflow_entra.pulumi.family import Interrupted
from airflow_entra_auth.graph import GraphError

_REQUEST = httpx.Request("GET", "https://graph.microsoft.com/v1.0/users?$deltatoken=secret")


class FoundError(UserError):
    exit_code = 1
    located = True


ENDINGS: dict[str, tuple[BaseException, int, str]] = {
    "a user's error": (UserError("no stack file x"), 2, "airflow-entra: no stack file x"),
    "an answer": (AnswerError("Entra refused"), 2, "airflow-entra: Entra refused"),
    "its own exit code and place": (FoundError("a.yaml:1:2: wrong"), 1, "a.yaml:1:2: wrong"),
    "interrupted": (KeyboardInterrupt(), 130, "airflow-entra: interrupted; run the same command again, and it goes on"),
    "asked to end": (
        Interrupted(signal.SIGTERM),
        143,
        "airflow-entra: interrupted; run the same command again, and it goes on",
    ),
    "Graph": (
        GraphError("GET", "/users", 403, "Denied", "no", "r1"),
        2,
        "airflow-entra: GET /users: 403 Denied: no (request-id r1); "
        "give the identity in the ARM_* variables the permission for that",
    ),
    "nobody there": (
        httpx.ConnectError("Connection refused", request=_REQUEST),
        2,
        "airflow-entra: graph.microsoft.com did not answer: Connection refused; "
        "check the network, HTTPS_PROXY and NO_PROXY, and run the command again",
    ),
    "a company's own authority": (
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", request=_REQUEST),
        2,
        "airflow-entra: graph.microsoft.com did not answer: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify "
        "failed; SSL_CERT_FILE names a file with the certificate authorities to trust, your company's among them, and "
        "HTTPS_PROXY and NO_PROXY say where a proxy is; run the command again",
    ),
    "late": (
        httpx.ReadTimeout(""),
        2,
        "airflow-entra: the directory did not answer: it took too long; "
        "check the network, HTTPS_PROXY and NO_PROXY, and run the command again",
    ),
    "a full disk": (
        OSError(errno.ENOSPC, "No space", "/a/b"),
        2,
        "airflow-entra: /a/b: the disk is full; free some space and run the command again",
    ),
    "bytes": (
        UnicodeDecodeError("utf-8", b"secret\xff", 6, 7, "invalid"),
        2,
        "airflow-entra: a file or a name: it is not UTF-8 from byte 7 on; save it as UTF-8",
    ),
    "several at once": (
        ExceptionGroup("all", [UserError("the first"), UserError("the second")]),
        2,
        "airflow-entra: the first",
    ),
}


def ended(error: BaseException) -> tuple[int, str, str]:
    program = Program("program", lazy={})
    inner = click.Group("inner")

    @inner.command()
    def command() -> None:
        raise error

    program.add_command(inner)
    said = CliRunner().invoke(program, ["inner", "command"])
    return said.exit_code, said.stdout, said.stderr


@pytest.mark.parametrize(("error", "code", "line"), ENDINGS.values(), ids=ENDINGS)
def test_it_ends_in_a_line(error: BaseException, code: int, line: str) -> None:
    assert ended(error) == (code, "", f"{line}\n")


def test_a_mistake_of_our_own_is_called_so_without_its_text() -> None:
    code, out, err = ended(KeyError("s3cret"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{__file__}:" in err
    assert "KeyError" in err
    assert "s3cret" not in err


def test_all_of_it_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_ENTRA_DEBUG", "1")
    monkeypatch.setenv("GIT_TOKEN", "c0rrect9horse")
    assert "Traceback" in ended(KeyError("c0rrect9horse"))[2]
    assert "c0rrect9horse" not in ended(KeyError("c0rrect9horse"))[2]


def test_a_problem_is_told_without_secrets(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GIT_TOKEN", "c0rrect9horse")
    with pytest.raises(SystemExit) as ending, told():
        raise UserError("git could not reach https://ada:c0rrect9horse@host/x; its log ends with: c0rrect9horse")
    assert ending.value.code == 2
    said = capsys.readouterr().err
    assert said == "airflow-entra: git could not reach https://[secret]@host/x; its log ends with: [secret]\n"


def test_each_error_of_ours_is_for_a_user_or_says_why_not() -> None:
    inside = {
        "NotYaml": "becomes a finding, with its place in the file",
        "PolicyConflictError": "is raised in Pulumi's own process, for Pulumi",
        "Interrupted": "is Ctrl-C",
    }
    found = {
        name
        for module in modules("airflow_entra")
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, BaseException) and kind.__module__ == module.__name__
        if not issubclass(kind, UserError)
    }
    assert found == set(inside)


def test_no_command_lists_what_to_catch() -> None:
    """It lets go what it doesn't go on after: `ending` words it, whatever it is."""
    for module in (*modules("airflow_entra.cli"), *modules("airflow_entra.commands")):
        if module.__name__ in ("airflow_entra.cli.ending", "airflow_entra.cli.output"):
            continue
        assert module.__file__
        for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert isinstance(node.type, ast.Name), f"{module.__file__}:{node.lineno}"


def modules(package: str) -> list[ModuleType]:
    """All of a package but what only Airflow can import."""
    folder = Path(import_module(package).__path__[0])
    names = (".".join(file.relative_to(folder).with_suffix("").parts) for file in sorted(folder.rglob("*.py")))
    dags = "local.airflow.dags"
    return [
        import_module(f"{package}.{name}".removesuffix(".__init__"))
        for name in names
        if not (f"{package}.{name}".startswith(f"airflow_entra.{dags}") or name.endswith("__main__"))
    ]


def test_a_no_is_no_interruption() -> None:
    assert ended(click.Abort())[0] == 1


def test_ctrl_c_at_a_question_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    program = Program("program", lazy={})

    @program.command()
    def command() -> None:
        click.confirm("Sure?", abort=True)

    with pytest.raises(SystemExit) as ending:
        program.main(["command"])
    assert ending.value.code == 130


def test_standard_error_that_takes_nothing_ends_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    from airflow_entra.cli.output import say

    monkeypatch.setattr("sys.stderr", Full())
    say("a line about the work")
