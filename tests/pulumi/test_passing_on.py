"""What a program says is shown while it runs, in its order and without secrets, however it writes it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.pulumi.passing_on import Followed, Onto, in_color, is_data, is_pulumi, on_standard_output, passed_on
from airflow_entra.pulumi.scrub import Scrub

PROJECT = Path(__file__).parents[2]
SECRET = "c0rrect9horse-b4ttery7staple"
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIEvAIBADANBgkq\nhkiG9w0BAQEF\n-----END " + "PRIVATE KEY-----\n"
SCRUB = Scrub({"MY_SECRET": SECRET, "ANOTHER_SECRET": "e-and-more-1234", "IN_LINES_SECRET": "a l1ne\n9of 1t\n"})


@given(
    st.lists(
        st.sampled_from([SECRET, SECRET[:9], SECRET[9:], "\n", "\n   ", "a word\n", "ünï", KEY, KEY[:40], "c0"]),
        max_size=9,
    ),
    st.lists(st.integers(0, 400), max_size=6),
)
def test_whatever_is_written_in_whatever_pieces_no_secret_is_shown_and_nothing_else_is_lost(
    parts: list[str], cuts: list[int]
) -> None:
    text = "".join(parts)
    said = text.encode()
    target = io.StringIO()
    with tempfile.TemporaryFile("w+b", buffering=0) as file:
        followed = Followed(file, SCRUB, SCRUB.text, Onto(target))
        for begin, end in pairwise(sorted({0, *(cut for cut in cuts if cut < len(said)), len(said)})):
            file.write(said[begin:end])
            followed.show()
        followed.show(all_of_it=True)
    shown = target.getvalue()
    assert "".join(shown.split()).replace("[secret][secret]", "[secret]") == "".join(SCRUB.text(text).split()).replace(
        "[secret][secret]", "[secret]"
    )
    assert SECRET not in "".join(shown.split())


def test_a_chunk_is_only_shown_when_the_next_can_t_go_on_with_a_secret() -> None:
    assert SCRUB.settled("a word\n") == len("a word\n")
    assert SCRUB.settled("a word\nand half") == len("a word\n")
    assert SCRUB.settled(f"a word\nsaid {SECRET[:10]}\n") == len("a word\n")
    assert SCRUB.settled(f"a word\nsaid {SECRET}.\n") == len(f"a word\nsaid {SECRET}.\n")
    assert SCRUB.settled(f"a word\n{KEY[:50]}") == len("a word\n")
    assert SCRUB.settled(f"a word\n{KEY}word\n") == len(f"a word\n{KEY}word\n")


def test_one_file_keeps_the_order_of_both_streams_and_two_keep_them_apart() -> None:
    program = "import os; [os.write(1 + n % 2, b'%d\\n' % n) for n in range(20)]"
    together = io.StringIO()
    with passed_on(SCRUB, *[Onto(together)] * 2) as (out, err):
        subprocess.run([sys.executable, "-c", program], stdout=out, stderr=err, check=True)
    assert together.getvalue().split() == [str(number) for number in range(20)]
    said, told = io.StringIO(), io.StringIO()
    with passed_on(SCRUB, Onto(said), Onto(told)) as (out, err):
        subprocess.run([sys.executable, "-c", program], stdout=out, stderr=err, check=True)
    assert said.getvalue().split() == [str(number) for number in range(0, 20, 2)]
    assert told.getvalue().split() == [str(number) for number in range(1, 20, 2)]


def test_data_stays_as_it_is_but_for_known_secrets() -> None:
    looks_like_one = "AccountKey=" + "A" * 40
    said = io.StringIO()
    with passed_on(SCRUB, Onto(said), Onto(io.StringIO()), data=True) as (out, _):
        out.write(f"{looks_like_one} {SECRET}\n".encode())
    assert said.getvalue() == f"{looks_like_one} [secret]\n"


@pytest.mark.parametrize("passphrase", ["1234", "12345678", "prod", "state", "size", "resources", "deployment"])
def test_a_state_stays_a_state_whatever_the_passphrase_is(passphrase: str) -> None:
    state = {
        "version": 1234,
        "deployment": {"urn": "a", "size": 12345678, "resources": [{"state": True, "note": f"it's {passphrase}"}]},
    }
    written = json.dumps(state, indent=4)
    said, told = io.StringIO(), io.StringIO()
    with passed_on(Scrub({"PULUMI_CONFIG_PASSPHRASE": passphrase}), Onto(said), Onto(told), data=True) as (out, _):
        out.write(written[:20].encode())
        out.write(written[20:].encode())
    assert said.getvalue() == written.replace(f"it's {passphrase}", "it's [secret]")
    assert "import no such state" in told.getvalue()


def test_what_can_t_be_masked_is_an_error_and_not_silence() -> None:
    class Broken(Scrub):
        def text(self, text: str) -> str:
            raise RecursionError(len(text))

    with pytest.raises(RecursionError), passed_on(Broken({}), Onto(io.StringIO()), Onto(io.StringIO())) as (out, _):
        out.write(b"a word\n")


def test_data_without_secrets_is_passed_on_as_it_is() -> None:
    written = json.dumps({"a": ["\u00fc", "\\", '"', "x\ny", 1e3]}, indent=4) + "\n"
    said, told = io.StringIO(), io.StringIO()
    with passed_on(SCRUB, Onto(said), Onto(told), data=True) as (out, _):
        out.write(written.encode())
    assert (said.getvalue(), told.getvalue()) == (written, "")


def test_a_reader_that_has_gone_stops_nothing(tmp_path: Path) -> None:
    gone = (tmp_path / "gone").open("w")
    gone.close()
    with passed_on(SCRUB, Onto(gone), Onto(io.StringIO())) as (out, err):
        done = subprocess.run([sys.executable, "-c", "print('a')"], stdout=out, stderr=err, check=False)
    assert done.returncode == 0


HANDS_ON = """
import os, resource, sys, tempfile
from airflow_entra.cli.ending import for_user
from airflow_entra.pulumi.passing_on import hand_on
if sys.argv[1]:
    tempfile.TemporaryFile()  # finds the folder
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
try:
    sys.exit(hand_on(["pulumi", "stack", "export"], None, dict(os.environ)))
except Exception as error:
    print(for_user(error), file=sys.stderr)
    sys.exit(2)
"""


def handed_on(folder: Path, out: IO[bytes] | int, *, most: str = "") -> subprocess.CompletedProcess[bytes]:
    """A Pulumi that says 20 KB and ignores that they can't be written, handed on; no file may have more than `most`."""
    pulumi = folder / "pulumi"
    pulumi.write_text(
        f'#!{sys.executable}\nimport os\nfor n in range(20):\n    try:\n        os.write(1, b"a" * 1024)\n'
    )
    with pulumi.open("a") as file:
        file.write("    except OSError:\n        pass\n")
    pulumi.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", HANDS_ON, most]
    return subprocess.run(command, cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.PIPE, check=False)


def test_what_the_disk_did_not_take_of_a_state_is_an_error(tmp_path: Path) -> None:
    whole = handed_on(tmp_path, subprocess.PIPE)
    assert (whole.returncode, len(whole.stdout), whole.stderr) == (0, 20 * 1024, b"")
    cut = handed_on(tmp_path, subprocess.PIPE, most="8192")
    assert (cut.returncode, len(cut.stdout)) == (2, 8192)
    assert b"keep what Pulumi says, of which a part is lost" in cut.stderr


def test_what_standard_output_did_not_take_is_an_error(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        lost = handed_on(tmp_path, full)
    assert lost.returncode == 2
    assert (
        lost.stderr
        == b"cannot write all that Pulumi said: the disk is full; free some space and run the command again\n"
    )


@pytest.mark.parametrize(
    ("command", "pulumi", "data"),
    [
        (["pulumi", "up"], True, False),
        (["/opt/pulumi/bin/pulumi", "stack", "export"], True, True),
        (["pulumi", "--cwd=x", "config", "get", "a"], True, True),
        (["pulumi", "preview", "--json"], True, True),
        (["pulumi", "-C", "x", "preview", "-j"], True, True),
        (["airflow-entra", "stack"], False, True),
    ],
)
def test_which_commands_say_data(command: list[str], pulumi: bool, data: bool) -> None:
    assert (is_pulumi(command), is_data(command)) == (pulumi, data)


def test_a_stream_that_was_closed_before_the_program_began_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert not in_color()
    on_standard_output()("said")
