"""The picture of who may do what as one SVG file: no scripts, no links, no fonts to load; light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_entra.access.picture import Look, Picture, Way
from airflow_entra.escape.markup import xml
from airflow_entra.report import graph_text
from airflow_entra.report.graph_layout import NAME, NAME_LINE, NOTE, NOTE_LINE, PAD, Curve, Layout, Placed, layout

_MARGIN, _TITLE_SIZE, _TITLE_LINE, _HEADINGS = 32.0, 20.0, 28.0, 34.0
_LIGHT_ROLES = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#0e7490", "#9a6700", "#cf222e")
_DARK_ROLES = ("#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#f778ba", "#39c5cf", "#d29922", "#ff7b72")
_DASHES = ' stroke-dasharray="6 4"'
_WAY_LINES: dict[Way, str] = {
    "managed": "",
    "requested": _DASHES,
    "existing": ' style="stroke-width:3.2"',
    "nobody": ' stroke-dasharray="2 5"',
}
_LEGEND: dict[Look, str] = {
    "created": "group made by the stack",
    "dynamic": "group whose members a rule finds",
    "existing": "group owned elsewhere",
    "requested": "group made by the identity team",
}
_LEGEND_WAYS: dict[Way, str] = {
    "requested": "assigned by the identity team",
    "existing": "assigned elsewhere",
    "nobody": "nobody assigns",
}
_STYLE = """\
.aeg{font-family:system-ui,-apple-system,"Segoe UI","Noto Sans",Arial,sans-serif}
.aeg .page{fill:#fff}.aeg text{fill:#1f2328}.aeg .quiet{fill:#59636e}.aeg .name{font-weight:600}
.aeg .box{fill:#f6f8fa;stroke:#59636e;stroke-width:1.2}.aeg .role,.aeg .appRole{stroke-width:2}
.aeg .created{fill:#ddf4ff;stroke:#0969da}.aeg .dynamic{fill:#dafbe1;stroke:#1a7f37}
.aeg .existing{fill:#f0f1f3;stroke:#59636e}.aeg .requested{fill:#fff8c5;stroke:#9a6700}
.aeg .line{fill:none;stroke-width:1.6}.aeg .any{stroke:#59636e}.aeg .tip{stroke:none}
@media (prefers-color-scheme:dark){
.aeg .page{fill:#0d1117}.aeg text{fill:#e6edf3}.aeg .quiet{fill:#9198a1}
.aeg .box{fill:#151b23;stroke:#9198a1}
.aeg .created{fill:#10233d;stroke:#58a6ff}.aeg .dynamic{fill:#0f2a19;stroke:#3fb950}
.aeg .existing{fill:#212830;stroke:#9198a1}.aeg .requested{fill:#2e2408;stroke:#d29922}.aeg .any{stroke:#9198a1}
%s}
"""


def svg(pictures: Sequence[Picture]) -> str:
    """One file with the stacks below each other and one legend. Texts are wrapped and clipped: they never overlap."""
    layouts = [layout(one) for one in pictures]
    wide = max(one.width for one in layouts)
    y = _MARGIN
    body: list[str] = []
    for one, places in zip(pictures, layouts, strict=True):
        drawn, below = _stack(one, places, wide, y)
        body += drawn
        y = below + _MARGIN
    drawn, y = _legend(pictures, wide, y)
    body += drawn
    width, height = _n(wide + 2 * _MARGIN), _n(y + _MARGIN)
    title = pictures[0].title if len(pictures) == 1 else f"Who may do what in {len(pictures)} Airflows"
    told = "\n".join(line for one in pictures for line in (f"{one.title}. {one.subtitle}", *one.sentences))
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="aeg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="aeg-title aeg-desc">',
        f'<title id="aeg-title">{xml(title)}</title>',
        f'<desc id="aeg-desc">{xml(told)}</desc>',
        f"<style>{_style()}</style>",
        f'<rect class="page" width="{width}" height="{height}"/>',
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _style() -> str:
    light = "".join(_role_style(number, colour) for number, colour in enumerate(_LIGHT_ROLES))
    dark = "".join(_role_style(number, colour) for number, colour in enumerate(_DARK_ROLES))
    opening, _, rest = _STYLE.partition("@media")
    return f"{opening}{light}\n@media{rest % dark}"


def _role_style(number: int, colour: str) -> str:
    return f".aeg .r{number}{{stroke:{colour}}}.aeg .t{number}{{fill:{colour}}}"


def _stack(one: Picture, places: Layout, wide: float, y: float) -> tuple[list[str], float]:
    drawn = []
    for line in graph_text.lines(one.title, _TITLE_SIZE, wide, 3, bold=True):
        y += _TITLE_LINE
        drawn.append(_text(line, _MARGIN, y - 8, _TITLE_SIZE, "name"))
    for line in graph_text.lines(one.subtitle, NAME, wide, 3):
        y += NAME_LINE
        drawn.append(_text(line, _MARGIN, y - 5, NAME, "quiet"))
    y += _HEADINGS
    drawn += [_text(words, x + _MARGIN, y - 10, NAME, "name quiet") for words, x in places.headings]
    numbers = {key: arrow.role for arrow in one.arrows for key in (arrow.start, arrow.end)}
    drawn.append(f'<g transform="translate({_n(_MARGIN)} {_n(y)})">')
    drawn += [line for curve in places.curves for line in _curve(curve)]
    drawn += [line for box in places.boxes for line in _box(box, numbers.get(box.box.key, 0))]
    drawn.append("</g>")
    return drawn, y + places.height


def _curve(curve: Curve) -> Iterator[str]:
    colour, tip = curve.arrow.role % len(_LIGHT_ROLES), curve.x2 - 7
    bend = (tip - curve.x1) / 2
    path = (
        f"M{_n(curve.x1)} {_n(curve.y1)}C{_n(curve.x1 + bend)} {_n(curve.y1)} {_n(tip - bend)} {_n(curve.y2)} "
        f"{_n(tip)} {_n(curve.y2)}"
    )
    yield _line(path, f"line r{colour}", curve.arrow.way)
    yield (
        f'<path class="tip t{colour}" d="M{_n(curve.x2)} {_n(curve.y2)}l-9 -4.5v9z"/>'  # over the line's end
    )


def _line(path: str, names: str, way: Way) -> str:
    return f'<path class="{names}" d="{path}"{_WAY_LINES[way]}/>'


def _box(one: Placed, role: int) -> Iterator[str]:
    coloured = one.box.look in ("role", "appRole")
    yield "<g>"
    yield f"<title>{xml('; '.join((one.box.name, *one.box.notes)))}</title>"
    extra = f" r{role % len(_LIGHT_ROLES)}" if coloured else ""
    yield from _shape(one.box.look, one.x, one.y, one.width, one.height, extra)
    # A nested svg clips: a script whose letters are wider than reckoned still stays in its box.
    yield f'<svg x="{_n(one.x)}" y="{_n(one.y)}" width="{_n(one.width)}" height="{_n(one.height)}">'
    y = (one.height - len(one.names) * NAME_LINE - len(one.notes) * NOTE_LINE) / 2
    for line in one.names:
        y += NAME_LINE
        yield _text(line, PAD, y - 5, NAME, "name")
    for line in one.notes:
        y += NOTE_LINE
        yield _text(line, PAD, y - 4, NOTE, "quiet")
    yield "</svg>"
    yield "</g>"


def _shape(look: Look, x: float, y: float, width: float, height: float, extra: str = "") -> Iterator[str]:
    """Looks differ in their outline, not in colour alone: round, double, dashed."""
    radius = {"dynamic": 16.0, "appRole": 16.0, "existing": 2.0}.get(look, 6.0)
    dashes = _DASHES if look == "requested" else ""
    yield _rect(f"box {look}{extra}", x, y, width, height, radius, dashes)
    if look == "existing":
        yield _rect("line any", x + 3.5, y + 3.5, width - 7, height - 7, 1.0, ' style="stroke-width:1"')


def _rect(names: str, x: float, y: float, width: float, height: float, radius: float, more: str) -> str:
    return (
        f'<rect class="{names}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'rx="{_n(radius)}"{more}/>'
    )


def _legend(pictures: Sequence[Picture], wide: float, y: float) -> tuple[list[str], float]:
    looks = {box.look for one in pictures for column in one.columns for box in column.boxes}
    ways = {arrow.way for one in pictures for arrow in one.arrows}
    entries: list[tuple[list[str], str]] = [
        (list(_shape(look, 0, 0, 34, 20)), words) for look, words in _LEGEND.items() if look in looks
    ]
    entries += [([_line("M0 10H34", "line any", way)], words) for way, words in _LEGEND_WAYS.items() if way in ways]
    drawn, x = [], 0.0
    for shape, words in entries:
        needed = 42 + graph_text.width(words, NOTE) + 28
        if x and x + needed > wide:
            x, y = 0.0, y + 30
        drawn.append(f'<g transform="translate({_n(x + _MARGIN)} {_n(y)})">')
        drawn += [*shape, _text(words, 42, 14, NOTE, "quiet"), "</g>"]
        x += needed
    return drawn, y + 20


def _text(words: str, x: float, y: float, size: float, names: str) -> str:
    return f'<text class="{names}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}">{xml(words)}</text>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
