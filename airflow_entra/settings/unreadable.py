"""What keeps a text from being read as a stack file, in the words of someone who writes stack files."""

from __future__ import annotations

import re

import yaml

from airflow_entra.settings import limits
from airflow_entra.settings.finding import Finding, Place


def too_deep(place: Place) -> Finding:
    return Finding(
        kind="yaml/nests-too-deep",
        place=place,
        what=f"the file nests deeper than {limits.FILE_DEPTH} levels",
        right="a stack file nests at most 6 levels below config",
        fix="check for brackets that are never closed",
    )


def too_many(place: Place) -> Finding:
    return Finding(
        kind="yaml/too-many-values",
        place=place,
        what=f"the file has more than {limits.FILE_NODES} values once its aliases are followed",
        right="aliases must not multiply",
        fix="write the values out instead of repeating aliases of aliases",
    )


def second_document(place: Place) -> Finding:
    return Finding(
        kind="yaml/second-document",
        place=place,
        what="a second YAML document starts here",
        right="a stack file is one document",
        fix="delete the line --- and merge what follows into config above",
    )


def unknown_alias(place: Place, name: str) -> Finding:
    return Finding(
        kind="yaml/unknown-alias",
        place=place,
        what=f"the alias *{name} stands for nothing",
        right=f"an alias follows its anchor &{name} and doesn't contain itself",
        fix="write the value out, or put it in quotes if it is meant to begin with *",
    )


def no_key(place: Place) -> Finding:
    return Finding(
        kind="yaml/key-is-no-word",
        place=place,
        what="a key is not a plain word",
        right="keys are text, not lists, mappings or aliases",
        fix="write the key out, in quotes if it begins with * or [",
    )


def tag(place: Place, tag: str) -> Finding:
    return Finding(
        kind="yaml/tag",
        place=place,
        what=f"the YAML tag {tag} is not read",
        right="values are plain text, numbers, lists and mappings",
        fix="delete the tag",
    )


def repeated(place: Place, key: str, first: Place) -> Finding:
    return Finding(
        kind="yaml/repeated-key",
        place=place,
        what=f"{key} is written twice, first at line {first[0]}, column {first[1]}",
        right="a key appears once in its section",
        fix="merge the two or delete one",
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
            kind="yaml/not-yaml",
            place=(mark.line + 1, line.index("\t") + 1),
            what="a tab is used to indent",
            right="YAML indents with spaces",
            fix="replace the tab with spaces",
        )
    if "cannot start any token" in problem:
        return Finding(
            kind="yaml/not-yaml",
            place=place,
            what=f"an unquoted value can't begin with {here}",
            right="such a value stands in quotes",
            fix="put the value in single quotes",
        )
    if "mapping values are not allowed" in problem:
        return Finding(
            kind="yaml/not-yaml",
            place=place,
            what="a colon stands where no key can be",
            right="keys of one section start in the same column, and a value with a colon and a blank stands in quotes",
            fix="line the key up with its neighbours, or quote the value",
        )
    if error.context == "while scanning an alias":
        return Finding(
            kind="yaml/not-yaml",
            place=place,
            what="an unquoted * begins an alias, and no name follows",
            right="a pattern with * stands in quotes",
            fix='write "*" for all DAGs',
        )
    started = error.context_mark
    context = f" {error.context} that starts in line {started.line + 1}" if error.context and started else ""
    return Finding(
        kind="yaml/not-yaml",
        place=place,
        what=f"this is not YAML: {problem}{context}",
        right="brackets and quotes are closed and the keys of one section start in the same column",
        fix="look at this line and the one before it",
    )


def _bad_character(error: yaml.YAMLError, lines: list[str]) -> Finding:
    for number, line in enumerate(lines, start=1):
        if match := re.search(r"[^\t\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", line):
            return Finding(
                kind="yaml/not-yaml",
                place=(number, match.start() + 1),
                what=f"the character U+{ord(match.group()):04X} can't be in a YAML file",
                right="a stack file holds printable text",
                fix="delete the character",
            )
    return Finding(
        kind="yaml/not-yaml",
        place=(1, 1),
        what=f"this is not YAML: {error}",
        right="a stack file is YAML",
        fix="check the file",
    )
