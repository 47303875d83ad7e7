"""What keeps a text from being read as a stack file, in the words of someone who writes stack files."""

from __future__ import annotations

import re

import yaml

from airflow_entra.finding import At, Finding, Position
from airflow_entra.settings import limits


def too_deep(place: Position) -> Finding:
    return Finding(
        At(position=place),
        f"the file nests deeper than {limits.FILE_DEPTH} levels",
        "a stack file nests at most 6 levels below config",
        "check for brackets that are never closed",
        id="yaml/nests-too-deep",
    )


def too_many(place: Position) -> Finding:
    return Finding(
        At(position=place),
        f"the file has more than {limits.FILE_NODES} values once its aliases are followed",
        "aliases must not multiply",
        "write the values out instead of repeating aliases of aliases",
        id="yaml/too-many-values",
    )


def second_document(place: Position) -> Finding:
    return Finding(
        At(position=place),
        "a second YAML document starts here",
        "a stack file is one document",
        "delete the line --- and merge what follows into config above",
        id="yaml/second-document",
    )


def unknown_alias(place: Position, name: str) -> Finding:
    return Finding(
        At(position=place),
        f"the alias *{name} stands for nothing",
        f"an alias follows its anchor &{name} and doesn't contain itself",
        "write the value out, or put it in quotes if it is meant to begin with *",
        id="yaml/unknown-alias",
    )


def no_key(place: Position) -> Finding:
    return Finding(
        At(position=place),
        "a key is not a plain word",
        "keys are text, not lists, mappings or aliases",
        "write the key out, in quotes if it begins with * or [",
        id="yaml/key-is-no-word",
    )


def tag(place: Position, tag: str) -> Finding:
    return Finding(
        At(position=place),
        f"the YAML tag {tag} is not read",
        "values are plain text, numbers, lists and mappings",
        "delete the tag",
        id="yaml/tag",
    )


def repeated(place: Position, key: str, first: Position) -> Finding:
    return Finding(
        At(position=place),
        f"{key} is written twice, first at line {first[0]}, column {first[1]}",
        "a key appears once in its section",
        "merge the two or delete one",
        id="yaml/repeated-key",
    )


def not_yaml(error: yaml.YAMLError, lines: list[str]) -> Finding:
    """What the YAML parser stumbled on, in the words of someone who writes stack files."""
    marks = (error.problem_mark, error.context_mark) if isinstance(error, yaml.MarkedYAMLError) else ()
    mark = next((mark for mark in marks if mark is not None), None)
    if mark is None or not isinstance(error, yaml.MarkedYAMLError):
        return _bad_character(error, lines)  # the error knows an offset into the text only
    problem = error.problem or "it ends too early"
    number = min(mark.line, len(lines) - 1)  # a text without a last newline ends in a line that doesn't exist
    line = lines[number]
    place = (number + 1, mark.column + 1 if number == mark.line else len(line) + 1)
    here = line[mark.column : mark.column + 1]
    if here == "\t" or "\t" in line[: len(line) - len(line.lstrip())]:
        return Finding(
            At(position=(mark.line + 1, line.index("\t") + 1)),
            "a tab is used to indent",
            "YAML indents with spaces",
            "replace the tab with spaces",
            id="yaml/not-yaml",
        )
    if "cannot start any token" in problem:
        return Finding(
            At(position=place),
            f"an unquoted value can't begin with {here}",
            "such a value stands in quotes",
            "put the value in single quotes",
            id="yaml/not-yaml",
        )
    if "mapping values are not allowed" in problem:
        return Finding(
            At(position=place),
            "a colon stands where no key can be",
            "keys of one section start in the same column, and a value with a colon and a blank stands in quotes",
            "line the key up with its neighbours, or quote the value",
            id="yaml/not-yaml",
        )
    if error.context == "while scanning an alias":
        return Finding(
            At(position=place),
            "an unquoted * begins an alias, and no name follows",
            "a pattern with * stands in quotes",
            'write "*" for all DAGs',
            id="yaml/not-yaml",
        )
    started = error.context_mark
    context = f" {error.context} that starts in line {started.line + 1}" if error.context and started else ""
    return Finding(
        At(position=place),
        f"this is not YAML: {problem}{context}",
        "brackets and quotes are closed and the keys of one section start in the same column",
        "look at this line and the one before it",
        id="yaml/not-yaml",
    )


def _bad_character(error: yaml.YAMLError, lines: list[str]) -> Finding:
    for number, line in enumerate(lines, start=1):
        if match := re.search(r"[^\t\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", line):
            return Finding(
                At(position=(number, match.start() + 1)),
                f"the character U+{ord(match.group()):04X} can't be in a YAML file",
                "a stack file holds printable text",
                "delete the character",
                id="yaml/not-yaml",
            )
    return Finding(
        At(position=(1, 1)), f"this is not YAML: {error}", "a stack file is YAML", "check the file", id="yaml/not-yaml"
    )
