"""A stack file's text as plain values, each with its place in the file.

Read event by event from libyaml: 20 times faster than ruamel.yaml (which import uses, because it keeps comments),
and nesting, aliases and repeated keys are judged before anything is built from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from airflow_entra.finding import Finding, Loc, Position
from airflow_entra.settings import limits, unreadable

Parser: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events; libyaml may be missing on odd platforms


@dataclass(slots=True)
class Scalar:
    place: Position
    text: str
    value: str | int | float | bool | None
    size: int = 1


@dataclass(slots=True)
class Sequence:
    place: Position
    items: list[Node] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class Mapping:
    place: Position
    entries: dict[str, tuple[Position, Node]] = field(default_factory=dict)
    size: int = 1


Node = Scalar | Sequence | Mapping


_NO_TAGS = (None, "!", "tag:yaml.org,2002:str")


class NotYaml(Exception):  # noqa: N818 -- says what the text is
    """The text can't be read any further: `finding` says where and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.what)
        self.finding = finding


class Document:
    """`root` is None for a text without content; `findings` are mistakes that don't stop the reading.

    `words` are the texts of all keys and scalars.
    """

    def __init__(self, text: str) -> None:
        self.findings: list[Finding] = []
        self.words: set[str] = set()
        self._anchors: dict[str, Node] = {}
        try:
            self._next: Callable[[], Event | None] = Parser(text).get_event
            self.root = self._document()
        except yaml.YAMLError as error:
            raise NotYaml(unreadable.not_yaml(error, text.split("\n"))) from None

    def node(self, loc: Loc) -> Node | None:
        """The value at `loc`, or None where the file has none."""
        _, node, whole = _step_all(self.root, loc)
        return node if whole else None

    def place(self, loc: Loc, *, key: bool = False) -> Position:
        """Where the value (or its key) at `loc` starts; of the nearest thing around it where the file has none."""
        key_place, node, whole = _step_all(self.root, loc)
        if node is None:
            return 1, 1
        return key_place if key or not whole or not isinstance(node, Scalar) else node.place

    def _document(self) -> Node | None:
        root = None
        while (event := self._next()) is not None:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise NotYaml(unreadable.second_document(_place(event)))
                root = self._node(self._next(), depth=0)
        return root

    def _node(self, event: Event | None, depth: int) -> Node:
        place = _place(event)
        if depth > limits.FILE_DEPTH:
            raise NotYaml(unreadable.too_deep(place))
        node: Node
        if isinstance(event, ScalarEvent):
            text = event.value
            self.words.add(text)
            node = Scalar(place, text, _plain(text) if event.implicit[0] and event.tag is None else text)
        elif isinstance(event, MappingStartEvent):
            node = self._mapping(place, depth + 1)
        elif isinstance(event, SequenceStartEvent):
            node = self._sequence(place, depth + 1)
        elif isinstance(event, AliasEvent):
            return self._alias(place, event.anchor or "")
        else:
            raise AssertionError(f"libyaml sent {event!r} where a value starts")
        if event.tag not in _NO_TAGS:
            self.findings.append(unreadable.tag(place, str(event.tag)))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, place: Position, name: str) -> Node:
        node = self._anchors.get(name)
        if node is None:
            raise NotYaml(unreadable.unknown_alias(place, name))
        return node

    def _sequence(self, place: Position, depth: int) -> Sequence:
        items: list[Node] = []
        size = 1
        while not isinstance(event := self._next(), SequenceEndEvent):
            item = self._node(event, depth)
            items.append(item)
            size += item.size
            if size > limits.FILE_NODES:
                raise NotYaml(unreadable.too_many(_place(event)))
        return Sequence(place, items, size)

    def _mapping(self, place: Position, depth: int) -> Mapping:
        entries: dict[str, tuple[Position, Node]] = {}
        size = 1
        while not isinstance(event := self._next(), MappingEndEvent):
            at = _place(event)
            if not isinstance(event, ScalarEvent):
                raise NotYaml(unreadable.no_key(at))
            key = event.value
            self.words.add(key)
            value = self._node(self._next(), depth)
            size += value.size
            if size > limits.FILE_NODES:
                raise NotYaml(unreadable.too_many(at))
            if key in entries:
                self.findings.append(unreadable.repeated(at, key, entries[key][0]))
            else:
                entries[key] = (at, value)
        return Mapping(place, entries, size)


def plain(node: Node | None) -> object:
    """`node` as dicts, lists and scalars."""
    match node:
        case Mapping():
            return {key: plain(value) for key, (_, value) in node.entries.items()}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.value
        case None:
            return None


def scalars(node: Node | None, loc: Loc = ()) -> Iterator[tuple[Loc, Scalar]]:
    """Every scalar below `node` with its path."""
    match node:
        case Mapping():
            for key, (_, value) in node.entries.items():
                yield from scalars(value, (*loc, key))
        case Sequence():
            for index, item in enumerate(node.items):
                yield from scalars(item, (*loc, index))
        case Scalar():
            yield loc, node
        case None:
            return


def _step_all(root: Node | None, loc: Loc) -> tuple[Position, Node | None, bool]:
    """The place of the key, the node, and whether the whole of `loc` is there."""
    key_place: Position = root.place if root else (1, 1)
    node = root
    for step in loc:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            key_place, node = node.entries[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            key_place = node.place
        else:
            return key_place, node, False
    return key_place, node, True


_NUMBER = re.compile(r"[-+]?(?:\d+|(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)", re.ASCII)
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= {word: value for value in (True, False) for word in (str(value), str(value).lower(), str(value).upper())}


@lru_cache(maxsize=4096)  # the same few words make up most of a stack file
def _plain(text: str) -> str | int | float | bool | None:
    """An unquoted scalar by YAML 1.2's core rules: 23:59:59 and `yes` are text."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return int(text) if text.lstrip("+-").isdigit() and len(text) < 20 else float(text)
    return text


def _place(event: Event | None) -> Position:
    mark = event.start_mark if event else None
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
