"""The rooms of this repository and their arrows, drawn from the code's own imports into CONTRIBUTING.md.

`python -m tests.papers.rooms` writes that part of the page anew; `make docs` calls it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path

import grimp

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "CONTRIBUTING.md"
BEGIN = "<!-- rooms: made of the imports by make docs -->\n"
END = "<!-- end of the rooms -->\n"
PROGRAM = "__main__"
ROOTS = ("airflow_entra", "airflow_entra_auth", "engine", "entra_local", "policies")
_SPLIT = "airflow_entra"

Arrows = Mapping[str, frozenset[str]]
"""Room -> the rooms that it imports."""


def arrows() -> Arrows:
    """Every room, with what it imports. A package is a room; in airflow_entra each package and module in it."""
    graph = grimp.build_graph(*ROOTS, cache_dir=None)
    found: dict[str, set[str]] = {PROGRAM: {_room(module) for module in _imported(PROJECT / "__main__.py")}}
    for module in graph.modules - {_SPLIT}:
        imported = {_room(other) for other in graph.find_modules_directly_imported_by(module) if other != _SPLIT}
        found.setdefault(_room(module), set()).update(imported - {_room(module)})
    return {room: frozenset(others) for room, others in sorted(found.items())}


def reduced(rooms: Arrows) -> Arrows:
    """Without the arrows that follow from others. Raises graphlib.CycleError where rooms import each other."""
    reached: dict[str, frozenset[str]] = {}
    for room in TopologicalSorter(rooms).static_order():
        others = rooms.get(room, frozenset())
        reached[room] = others.union(*(reached[other] for other in others))
    return {
        room: frozenset(other for other in others if not any(other in reached[between] for between in others - {other}))
        for room, others in rooms.items()
    }


def drawn() -> str:
    """The picture and the table, as they stand in the page."""
    rooms = arrows()
    lines = ["```mermaid", "flowchart TD", f'  subgraph {_SPLIT}_["{_SPLIT}"]']
    lines += [f"    {_node(room)}" for room in rooms if room.startswith(f"{_SPLIT}.")]
    lines += ["  end", *(f"  {_node(room)}" for room in rooms if not room.startswith(f"{_SPLIT}."))]
    for room, others in reduced(rooms).items():
        lines += [f"  {_id(room)} --> {_id(other)}" for other in sorted(others)]
    lines += ["```", "", "| Room | What it is |", "|---|---|"]
    lines += [f"| `{_path(room).relative_to(PROJECT)}` | {_said(room)} |" for room in rooms]
    return "\n".join(lines) + "\n"


def with_rooms(page: str) -> str:
    """The page with that part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn()}\n{END}{after}"


def _room(module: str) -> str:
    first, _, rest = module.partition(".")
    return f"{first}.{rest.partition('.')[0]}" if first == _SPLIT and rest else first


def _imported(file: Path) -> set[str]:
    """What a file outside of any package imports of ours."""
    nodes = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in nodes if node.module and node.module.partition(".")[0] in ROOTS}


def _path(room: str) -> Path:
    """The folder of a room, or its file where it is one module."""
    folder = PROJECT.joinpath(*room.split("."))
    return folder if folder.is_dir() else folder.with_suffix(".py")


def _said(room: str) -> str:
    """The first line of its docstring. Raises ValueError where it has none."""
    path = _path(room)
    file = path / "__init__.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(file.read_text("utf-8")))
    if not text:
        raise ValueError(f"{file.relative_to(PROJECT)} has no docstring that says what the room is")
    return text.splitlines()[0]


def _id(room: str) -> str:
    return room.replace(".", "_")


def _node(room: str) -> str:
    return f'{_id(room)}["{room.rpartition(".")[2]}"]'


if __name__ == "__main__":
    PAGE.write_text(with_rooms(PAGE.read_text("utf-8")), "utf-8")
