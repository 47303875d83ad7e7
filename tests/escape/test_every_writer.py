"""Hostile names through every writer of the product: what comes out shows the name, and nothing comes of it.

The list of writers is held against the commands and the modules, so that none is forgotten.
"""

from __future__ import annotations

import ast
import csv
import json
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import click
import pytest
import yaml
from bs4 import BeautifulSoup

import airflow_entra
from airflow_entra.cli import main
from airflow_entra.escape.terminal import line, screen
from tests.escape.names import HOSTILE, LEGIBLE
from tests.escape.readers import Page, commands, formulas, letters, markdown, unprintable
from tests.escape.writers import WRITERS, Writer

pytestmark = pytest.mark.slow

_NAMES = {**HOSTILE, **{f"ordinary {name}": name for name in LEGIBLE}}
_PLAIN = "Ordinary"
_ENOUGH = 80  # of a long name: some writers cut what is longer than they need


def wanted(name: str) -> str:
    return letters(line(name))[:_ENOUGH]


@pytest.mark.parametrize("writer", WRITERS, ids=str)
def test_a_name_is_a_name_and_nothing_else(writer: Writer) -> None:
    plain = writer.write(_PLAIN)
    for what, chosen in _NAMES.items():
        name = writer.accepts(chosen)
        try:
            written = writer.write(name)
            _READERS[writer.medium](written, plain, name, writer.shows)
            if writer.medium != "workflow":
                printed = screen(written)
                assert not commands(printed)
                assert not unprintable(printed) - {"\t"}
        except Exception as problem:
            problem.add_note(f"the name: {what}")
            raise


def read_text(written: str, plain: str, name: str, shows: bool) -> None:
    assert not unprintable(written)
    assert len(written.splitlines()) == len(plain.splitlines())
    assert not shows or wanted(name) in letters(written)


def read_markdown(written: str, plain: str, name: str, shows: bool) -> None:
    found, ordinary = markdown(written), markdown(plain)
    assert found.elements <= ordinary.elements | {"code"}
    assert found.cells() == ordinary.cells()
    assert Counter(found.soup.find_all(["h1", "h2", "h3", "h4", "li"])).total() == len(
        ordinary.soup.find_all(["h1", "h2", "h3", "h4", "li"])
    )
    assert not shows or wanted(name) in letters(found.text)
    assert set(found.read_by_hosts()) <= set(ordinary.read_by_hosts())
    assert not unprintable(written)


def read_html(written: str, plain: str, name: str, shows: bool) -> None:
    found, ordinary = (BeautifulSoup(page, "html.parser") for page in (written, plain))
    assert [tag.name for tag in found.find_all(True)] == [tag.name for tag in ordinary.find_all(True)]
    assert [set(tag.attrs) for tag in found.find_all(True)] == [set(tag.attrs) for tag in ordinary.find_all(True)]
    assert wanted(name) in letters(Page(written).text)
    assert not unprintable(written)


def read_csv(written: str, plain: str, name: str, shows: bool) -> None:
    rows, ordinary = (list(csv.reader(StringIO(text))) for text in (written, plain))
    assert [len(row) for row in rows] == [len(row) for row in ordinary]
    assert not formulas(written)
    assert not unprintable(written)
    assert not shows or wanted(name).replace("'", "")[:_ENOUGH] in letters(written.replace('""', '"')).replace("'", "")


def read_json(written: str, plain: str, name: str, shows: bool) -> None:
    found, ordinary = json.loads(written), json.loads(plain)
    assert not unprintable(written)
    assert not commands(written)
    assert not shows or any(wanted(name) in letters(line(text)) for text in texts(found))
    assert shape(found) == shape(ordinary)


def read_svg(written: str, plain: str, name: str, shows: bool) -> None:
    found, ordinary = (ElementTree.fromstring(text) for text in (written, plain))  # noqa: S314 -- our own text
    assert {(tag.tag, *sorted(tag.attrib)) for tag in found.iter()} <= {
        (tag.tag, *sorted(tag.attrib)) for tag in ordinary.iter()
    }
    assert wanted(name) in letters("".join(found.itertext()))
    assert not unprintable(written)


def read_mermaid(written: str, plain: str, name: str, shows: bool) -> None:
    assert len(written.splitlines()) == len(plain.splitlines())
    outside = [re.sub(r'"[^"]*"', '""', row) for row in written.splitlines() if '"' in row]
    assert outside == [re.sub(r'"[^"]*"', '""', row) for row in plain.splitlines() if '"' in row]
    assert not set(re.sub(r"<br/>", "", "".join(re.findall(r'"([^"]*)"', written)))) & set("`<>[]{}()|&\\%$*")
    assert wanted(name) in letters(re.sub(r"#(\d+);", lambda code: chr(int(code[1])), written))
    assert not unprintable(written)


def read_yaml(written: str, plain: str, name: str, shows: bool) -> None:
    found, ordinary = list(yaml.safe_load_all(written)), list(yaml.safe_load_all(plain))
    assert shape(found) == shape(ordinary)
    assert not shows or any(wanted(name) in letters(line(text)) for text in texts(found))
    comments = [row for row in written.splitlines() if row.lstrip().startswith("#")]
    assert len(comments) == len([row for row in plain.splitlines() if row.lstrip().startswith("#")])


def read_python(written: str, plain: str, name: str, shows: bool) -> None:
    kinds = [[type(node) for node in ast.walk(ast.parse(text))] for text in (written, plain)]
    assert kinds[0] == kinds[1]


def read_env(written: str, plain: str, name: str, shows: bool) -> None:
    def named(text: str) -> list[str]:
        return [row.partition("=")[0] for row in text.splitlines()]

    assert named(written) == named(plain)


def read_workflow(written: str, plain: str, name: str, shows: bool) -> None:
    (command,) = written.removesuffix("\n").split("\n")
    assert "\r" not in command
    properties, _, message = command.removeprefix("::error ").partition("::")
    assert [one.partition("=")[0] for one in properties.split(",")] == ["file", "line", "col", "title"]
    said = message.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert wanted(name) in letters(line(said))


_READERS = {
    "text": read_text,
    "markdown": read_markdown,
    "html": read_html,
    "csv": read_csv,
    "json": read_json,
    "svg": read_svg,
    "mermaid": read_mermaid,
    "yaml": read_yaml,
    "python": read_python,
    "env": read_env,
    "workflow": read_workflow,
}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(key)
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def shape(value: Any) -> Any:
    """The structure without the texts; keys may be names."""
    if isinstance(value, dict):
        return [shape(inner) for inner in value.values()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return "text" if isinstance(value, str) else value


def leaves(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        if isinstance(found, click.Group):
            yield from leaves(found, f"{path}{name} ")
        else:
            yield path + name, found


_SAY_NOTHING_FOREIGN = {
    # what they print is their own, or goes through cli.output alone
    "federated", "local airflow", "local clock", "local down", "local fault", "local reset", "local run", "local seed",
    "local status", "local up", "local watch", "recover", "schema",
}  # fmt: skip


def test_every_form_of_every_command_is_among_them() -> None:
    tried = {(writer.command, writer.form.split(" ")[0]) for writer in WRITERS}
    for command, found in leaves(main):
        choices = [
            choice
            for option in found.params
            if option.name in ("form", "target") and isinstance(option.type, click.Choice)
            for choice in option.type.choices
        ]
        missing = {(command, str(choice)) for choice in choices} - tried
        assert not missing, f"add to tests/escape/writers.py: {missing}"
        assert choices or command in _SAY_NOTHING_FOREIGN or command in {name for name, _ in tried}, command


_PARTS_OF_OTHERS = {
    "report.audit_html", "report.audit_tables", "report.diff_json",
    "report.graph_layout",
    "report.graph_text", "report.places", "report.preview_markdown", "report.preview_words", "report.shorten",
}  # fmt: skip


def test_every_module_that_writes_is_among_them() -> None:
    modules = {
        name.removeprefix("airflow_entra.")
        for _, name, is_package in pkgutil.walk_packages(airflow_entra.__path__, "airflow_entra.")
        if not is_package and (name.startswith("airflow_entra.report.") or name.endswith(".report"))
    }
    assert modules - _PARTS_OF_OTHERS <= {writer.module for writer in WRITERS}
    for module in {writer.module for writer in WRITERS} | _PARTS_OF_OTHERS:
        import_module(f"airflow_entra.{module}")
