"""The pictures in the documentation: there for every report, shown, and small. `make docs-pictures` makes them."""

from __future__ import annotations

from tests.report.pictures import PICTURES, SCHEMES, reports

LARGEST_BYTES = 200_000


def test_every_report_is_shown_in_both_colour_schemes() -> None:
    wanted = {f"{name}-{scheme}.png" for name in reports() for scheme in SCHEMES}
    assert {file.name for file in PICTURES.glob("*.png")} == wanted, "make docs-pictures"
    index = (PICTURES / "README.md").read_text("utf-8")
    assert [name for name in sorted(wanted) if f"]({name})" not in index] == []


def test_the_pictures_are_small() -> None:
    assert [file.name for file in PICTURES.glob("*.png") if file.stat().st_size > LARGEST_BYTES] == []


def test_what_is_photographed_is_tables_and_a_drawing() -> None:
    bodies = reports()
    assert [name for name, body in bodies.items() if "<table>" not in body and "<svg" not in body] == []
    assert "<script" not in "".join(bodies.values())
