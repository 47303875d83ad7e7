"""The SVG: well-formed, nothing in it runs or loads, and every text is in its place, as Chromium sees it too."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.access.picture import Arrow, Box, Column, Look, Picture, Way
from airflow_entra.report import graph_text
from airflow_entra.report.graph_layout import layout
from airflow_entra.report.graph_svg import svg

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LOOKS: list[Look] = ["created", "dynamic", "existing", "requested"]
WAYS: list[Way] = ["managed", "requested", "existing", "nobody"]
NAMES = st.text(min_size=1, max_size=80) | st.sampled_from(['"><script>alert(1)</script>', "&amp;", "]]>", "<!--"])
NS = "{http://www.w3.org/2000/svg}"


def drawn(*names: str, roles: int = 2) -> Picture:
    groups = tuple(Box(f"g{at}", LOOKS[at % 4], name, ("made", f"by rule: {name}")) for at, name in enumerate(names))
    held = tuple(Box(f"r{at}", "role", f"role-{at}") for at in range(roles))
    dags = tuple(Box(f"d{at}", "dags", names[at % len(names)], ("read",)) for at in range(roles))
    columns = (Column("Groups", groups), Column("Roles", held), Column("DAGs", dags))
    gives = [
        Arrow(group.key, f"r{(at + more) % roles}", at % roles, WAYS[at % 4])
        for at, group in enumerate(groups)
        for more in (0, 1)
    ]
    may = [Arrow(f"r{at}", f"d{roles - 1 - at}", at) for at in range(roles)]
    return Picture(names[0], "subtitle", columns, (*gives, *may), tuple(names))


def many(count: int) -> Picture:
    return drawn(*(f"airflow-production-group-number-{at:03}" * (1 + at % 3) for at in range(count)), roles=8)


def tree(*pictures: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(svg(pictures))  # noqa: S314 -- our own


@given(st.lists(NAMES, min_size=1, max_size=5))
def test_it_is_well_formed_and_nothing_in_it_runs_or_loads(names: list[str]) -> None:
    found = list(tree(drawn(*names)).iter())
    assert {one.tag.removeprefix(NS) for one in found} == {"svg", "title", "desc", "style", "rect", "g", "path", "text"}
    attributes = {name for one in found for name in one.attrib}
    assert not [name for name in attributes if name.startswith("on") or "href" in name]
    styles = "".join(one.text or "" for one in found if one.tag == f"{NS}style")
    assert "url(" not in styles
    assert "@import" not in styles


@given(NAMES.filter(lambda text: text.isprintable() and text == text.strip()))
def test_readers_of_the_screen_get_every_word(name: str) -> None:
    root = tree(drawn(name))
    title, desc = root.find(f"{NS}title"), root.find(f"{NS}desc")
    assert title is not None
    assert desc is not None
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], desc.attrib["id"]]
    assert title.text == name
    assert name in (desc.text or "")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=30), st.integers(1, 9))
def test_boxes_never_overlap_and_lines_fit(names: list[str], roles: int) -> None:
    places = layout(drawn(*names, roles=roles))
    for one, other in itertools.combinations(places.boxes, 2):
        apart = one.y + one.height <= other.y + 1e-6 or other.y + other.height <= one.y + 1e-6
        assert apart or one.x + one.width < other.x or other.x + other.width < one.x
    for box in places.boxes:
        assert box.y >= 0
        assert box.y + box.height <= places.height
    for curve in places.curves:
        assert curve.x1 < curve.x2


@given(st.text(max_size=200), st.floats(40, 400), st.integers(1, 5))
def test_lines_are_no_wider_than_their_room(text: str, room: float, most: int) -> None:
    found = graph_text.lines(text, 12, room, most)
    assert len(found) <= most
    assert all(graph_text.width(line, 12) <= room for line in found)
    if not (found and found[-1].endswith("…")):
        assert "".join("".join(found).split()) == "".join(text.split())


def test_the_same_stack_is_the_same_file() -> None:
    assert svg([many(40)]) == svg([many(40)])


def test_several_stacks_lie_below_each_other() -> None:
    heights = [float(tree(*pictures).attrib["height"]) for pictures in ([many(3)], [many(3), many(5)])]
    assert heights[1] > heights[0] + 100


_OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
  const page = document.documentElement.getBoundingClientRect(), found = [];
  boxes.forEach(([words, a], at) => {
    if (a.left < 0 || a.right > page.right + 0.5) found.push([words, 'outside']);
    boxes.slice(at + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 0.5 && high > 3) found.push([words, other]);
    });
  });
  for (const text of document.querySelectorAll('svg svg text')) {
    const inner = text.getBoundingClientRect();
    const around = text.closest('g').querySelector('rect').getBoundingClientRect();
    if (inner.right > around.right || inner.left < around.left) found.push([text.textContent, 'wider than its box']);
  }
  return found;
}"""


@pytest.mark.parametrize("count", [3, 100])
def test_in_chromium_no_text_overlaps(browser: Browser, count: int) -> None:
    page = browser.new_page()
    page.set_content(f"<body style='margin:0'>{svg([many(count), drawn('WWWW@@@@mmmm' * 9, '東京' * 60, 'é' * 99)])}")
    assert page.evaluate(_OVERLAPS) == []
    page.close()


def test_in_chromium_it_follows_the_readers_colours(browser: Browser) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.set_content(svg([many(3)]))
        fill = "name => getComputedStyle(document.querySelector(name)).fill"
        colours[scheme] = page.evaluate(fill, ".page"), page.evaluate(fill, ".name")
        page.close()
    assert colours == {
        "light": ("rgb(255, 255, 255)", "rgb(31, 35, 40)"),
        "dark": ("rgb(13, 17, 23)", "rgb(230, 237, 243)"),
    }
