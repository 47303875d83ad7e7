"""What programs read: CSV, JSON, YAML, Python, SVG, a shell, and the commands of CI systems."""

from __future__ import annotations

import ast
import csv
import json
import shutil
import subprocess
from io import StringIO
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from airflow_entra.escape import workflow
from airflow_entra.escape.configuration import comment, python_value, yaml_value
from airflow_entra.escape.json_text import document, json_text
from airflow_entra.escape.markup import xml
from airflow_entra.escape.odata import literal
from airflow_entra.escape.pulumi_log import said
from airflow_entra.escape.shell import word
from airflow_entra.escape.spreadsheet import csv_text
from airflow_entra.escape.terminal import line
from tests.escape.names import HOSTILE, LEGIBLE
from tests.escape.readers import commands, formulas, letters, unprintable

_KNOWN = st.sampled_from([*HOSTILE.values(), *LEGIBLE])
NAMES = st.text(max_size=60) | st.text("=+-@;\"',\t\r\n \uff1d", max_size=12) | _KNOWN
VALID = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | _KNOWN


@given(st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=4))
def test_csv_is_text_in_every_locale(rows: list[tuple[str, str, str]]) -> None:
    text = csv_text(("a", "b", "c"), rows)
    assert not formulas(text)
    found = list(csv.reader(StringIO(text)))
    assert [len(row) for row in found] == [3] * (len(rows) + 1)
    for row, names in zip(found[1:], rows, strict=True):
        for value, name in zip(row, names, strict=True):
            assert value.replace("'", "") == line(name).replace("'", "")
    assert text.count("\n") == len(rows) + 1


def test_csv_changes_nothing_but_formulas() -> None:
    assert csv_text(("n",), [(name,) for name in LEGIBLE]) == "\n".join(f'"{name}"' for name in ["n", *LEGIBLE]) + "\n"
    assert csv_text(("n",), [("a;=1+1",), ("=1",), ("a;b",)]) == '"n"\n"a;\'=1+1"\n"\'=1"\n"a;b"\n'


@given(NAMES)
def test_json_gives_the_text_back_and_commands_nothing(name: str) -> None:
    for text in (document({name: [name]}), json_text({name: [name]})):
        assert json.loads(text) == {name: [name]}
        assert not unprintable(text)
        assert not commands(text)


@given(VALID)
def test_yaml_gives_the_text_back(name: str) -> None:
    text = f"a: {yaml_value(name)} # {comment(name)}\n# {comment(name)}\nb: {yaml_value([name, {'c': name}])}\n"
    expected = {"a": name, "b": [name, {"c": name}]}
    assert yaml.safe_load(text) == expected
    assert YAML(typ="safe", pure=True).load(text) == expected


@given(NAMES)
def test_python_gives_the_text_back(name: str) -> None:
    source = f"x = {python_value(name)}  # {comment(name)}\ny = {python_value([name])}\n"
    source.encode()
    first, second = ast.parse(source).body
    assert isinstance(first, ast.Assign)
    assert isinstance(second, ast.Assign)
    assert ast.literal_eval(first.value) == name
    assert ast.literal_eval(second.value) == [name]


@given(NAMES)
def test_xml_is_text(name: str) -> None:
    root = ElementTree.fromstring(f'<a b="{xml(name)}"><c>{xml(name)}</c></a>')  # noqa: S314 -- our own text
    assert [child.tag for child in root] == ["c"]
    assert letters(root[0].text or "") == letters(root.attrib["b"]) == letters("".join(map(line, name.split("\n"))))


@settings(max_examples=40)
@given(st.lists(NAMES, min_size=1, max_size=12))
def test_a_shell_gets_each_name_as_one_word(names: list[str]) -> None:
    for shell in ("sh", "bash"):
        program = shutil.which(shell)
        assert program
        command = "printf '%s\\0' " + " ".join(map(word, names))
        assert not unprintable(command) - {"\t"}
        said = subprocess.run([program, "-c", command], capture_output=True, check=True)
        assert said.stderr == b""
        found = said.stdout.decode().removesuffix("\0").split("\0")
        assert [letters(text) for text in found] == [letters("".join(map(line, name.split("\n")))) for name in names]


@pytest.mark.parametrize("name", [name for name in LEGIBLE if "|" not in name])
def test_a_shell_gets_ordinary_names_as_they_are(name: str) -> None:
    said = subprocess.run(["sh", "-c", f"printf %s {word(name)}"], capture_output=True, check=True, text=True)
    assert said.stdout == name


@given(NAMES)
def test_a_workflow_command_is_one_line_with_its_own_properties(name: str) -> None:
    command = f"::error file={workflow.property_value(name)},line=1::{workflow.message(name)}"
    assert not set("\r\n") & set(command)
    properties, _, message = command.removeprefix("::error ").partition("::")
    assert [one.partition("=")[0] for one in properties.split(",")] == ["file", "line"]
    assert message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%") == name


@given(NAMES)
def test_no_log_takes_it_for_a_command(name: str) -> None:
    shown = workflow.without_commands(name)
    assert not commands(shown)
    assert shown.replace("\u200b", "") == name.replace("\u200b", "")


@given(NAMES)
def test_a_message_of_sarif_has_no_link(name: str) -> None:
    assert "](" not in workflow.sarif_text(name)


@given(NAMES)
def test_pulumi_reads_no_colour_into_it(name: str) -> None:
    shown = said(f"{name}<{{%x%}}>")
    assert "<{%" not in shown
    assert not unprintable(shown) - {"\t"}
    assert letters(shown).endswith("<{%x%}>")


@given(NAMES)
def test_a_string_of_odata_ends_where_it_ends(name: str) -> None:
    written = literal(name)
    inside = written.removeprefix("'").removesuffix("'")
    assert "'" not in inside.replace("''", "")
    assert inside.replace("''", "'") == name
