"""`make mutants`: changes what decides, one place at a time, and asks whether a test notices.

mutmut makes and tries the changes. A change that nothing notices survives: tests/mutants.yaml lists those that may,
each with the reason. A survivor that isn't listed fails the command, and so does a listed one that is noticed by now.
"""

from __future__ import annotations

import re
import resource
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import libcst as cst
import yaml

LISTED = Path(__file__).with_suffix(".yaml")
MOST = 0.05
"""Of all changes, how many may survive."""
CHILDREN = 2
MEMORY = 4 * 1024**3
"""Bytes of address space for each process: an endless loop ends by this, or by mutmut's time limit."""
_TRIED = frozenset({"killed", "survived", "timeout", "suspicious", "no tests", "segfault"})
_UNNOTICED = frozenset({"survived", "no tests", "suspicious"})


@dataclass(frozen=True)
class Change:
    """`function` with its module; `was` and `now` are the lines that differ."""

    function: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.function}\n    - {self.was}\n    + {self.now}".replace("\n\n", "\n")


def main() -> int:
    """0 where exactly the listed changes survive, and few do; else 1."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    leave_sentences_alone()
    from mutmut import __main__ as mutmut

    mutmut._run(sys.argv[1:], CHILDREN)
    statuses = dict(_statuses())
    tried = sum(status in _TRIED for status in statuses.values())
    survivors = {_change(name) for name, status in statuses.items() if status in _UNNOTICED}
    listed = {Change(entry["in"], entry["was"], entry["now"]): entry["why"] for entry in _listed()}
    share = len(survivors) / tried if tried else 0.0
    for title, changes in (
        ("NOT NOTICED by any test: write one that fails, or list it with the reason", survivors - listed.keys()),
        ("LISTED and noticed by now, or not there any more: take it out of the list", listed.keys() - survivors),
        ("LISTED without a reason", {change for change in survivors & listed.keys() if not listed[change]}),
    ):
        if changes:
            sys.stdout.write(f"\n{title} ({LISTED.name}):\n")
            sys.stdout.writelines(f"{change}\n" for change in sorted(changes, key=str))
    sys.stdout.write(f"\n{tried} changes, {len(survivors)} not noticed ({share:.1%}; at most {MOST:.0%})\n")
    return int(survivors != listed.keys() or not all(listed.values()) or share > MOST)


def leave_sentences_alone() -> None:
    """A text with a space in it is for people: nothing is decided by its words."""
    from mutmut.mutation import mutators

    string, argument = mutators.operator_string, mutators.operator_arg_removal

    def texts(node: cst.BaseString) -> Iterable[cst.BaseString]:
        return () if is_sentence(node) else string(node)

    def arguments(node: cst.Call) -> Iterator[cst.Call]:
        for changed in argument(node):
            gone = [given for given in node.args if all(given is not kept for kept in changed.args)]
            if not all(is_sentence(given.value) for given in gone):
                yield changed

    mine = {string: texts, argument: arguments}
    operators = cast("list[Any]", mutators.mutation_operators)
    operators[:] = [(kind, mine.get(change, change)) for kind, change in operators]


def is_sentence(node: cst.BaseExpression) -> bool:
    """Whether it is a text with a space in it, in one piece or several."""
    if isinstance(node, cst.ConcatenatedString):
        return True
    if isinstance(node, cst.FormattedString):
        return any(isinstance(part, cst.FormattedStringText) and " " in part.value for part in node.parts)
    return isinstance(node, cst.SimpleString) and bool(re.search(r"\s", node.value))


def _statuses() -> Iterator[tuple[str, str]]:
    from mutmut.__main__ import collect_source_file_mutation_data
    from mutmut.stats import status_by_exit_code

    found, _ = collect_source_file_mutation_data(mutant_names=[])
    for _, name, code in found:
        yield name, status_by_exit_code[code]


def _change(name: str) -> Change:
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    lines = get_diff_for_mutant(name).splitlines()[2:]
    was, now = ("\n".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in ("-", "+"))
    return Change(re.sub(r"__mutmut_\d+$", "", name), was, now)


def _listed() -> list[dict[str, Any]]:
    content = yaml.safe_load(LISTED.read_text("utf-8")) if LISTED.exists() else None
    return list(content or [])


if __name__ == "__main__":
    sys.exit(main())
