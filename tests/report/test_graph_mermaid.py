"""The Mermaid chart: every line is of a known form, and a name is nothing but a name in it.

The hostile names below were also drawn by Mermaid 12.3 in Chromium, with securityLevel strict and loose: each box
showed its name, letter by letter, and nothing else came of it.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.access.picture import Arrow, Box, Column, Look, Picture, Way
from airflow_entra.escape.mermaid import label
from airflow_entra.report.graph_mermaid import MOST_ARROWS, fenced, mermaid, too_much

HOSTILE = [
    'a"b', "a]b", "x`y`z", "```", "<img src=x onerror=alert(1)>", "&lt;b&gt;", "#quot;", "#60;b#62;", "a;b", "1. first",
    "- item", "**strong**", "__em__", "end", "click s0g0 callback", '%%{init: {"theme":"dark"}}%%', '"] --> evil["x',
    "emoji \U0001f600\u200d\u2764", "ß¶ﬂ°°60¶ß", "日本語", "العربية", "a\\nb", "a|b", "[[x]]", "$$x^2$$", "fa:fa-car",
    "https://evil.example", "[link](https://evil.example)", "javascript:alert(1)", "a-b_c.d", "---", "::: red",
    "<br/>", "@{ shape: x }", "# head", "<!-- c -->", "&amp;", "graph TD", "style x fill:red", "\u202e", "}", "{",
]  # fmt: skip
LOOKS: list[Look] = ["created", "dynamic", "existing", "requested"]
WAYS: list[Way] = ["managed", "requested", "existing", "nobody"]

_LABEL = r"(?:[A-Za-z0-9 ,/]|(?<=[A-Za-z0-9])[-._](?=[A-Za-z0-9])|#\d+;|[^\x00-\u017f])*"
_WORDS = rf'"{_LABEL}(?:<br/>{_LABEL})*"'
_NODE = rf"\w+(?:\[{_WORDS}\]|\(\[{_WORDS}\]\)|\[\[{_WORDS}\]\]|\({_WORDS}\)|\{{\{{{_WORDS}\}}\}}):::\w+"
_ARROW = r"(?:-->|-\.->|==>|-\. nobody assigns \.->)"
_FORMS = [
    r"flowchart LR",
    rf"  accTitle: {_LABEL}",
    r"  accDescr \{",
    rf"    {_LABEL}",
    r"  \}",
    rf'  subgraph \w+\["{_LABEL}"\]',
    r"    direction LR",
    r"  end",
    rf"    {_NODE}",
    rf"    \w+ {_ARROW} \w+",
    rf"    {_NODE} {_ARROW} {_NODE}",
    r"  classDef \w+ fill:#\w{6},stroke:#\w{6},color:#\w{6}(?:,stroke-dasharray:6 4)?",
]
LINE = re.compile("|".join(f"(?:{form})" for form in _FORMS))


def drawn(*names: str) -> Picture:
    groups = tuple(Box(f"g{at}", LOOKS[at % 4], name, (name,)) for at, name in enumerate(names))
    role = Box("r0", "role", "Admin", ("Airflow's own",))
    arrows = tuple(Arrow(group.key, "r0", 0, WAYS[at % 4]) for at, group in enumerate(groups))
    return Picture(names[0], names[-1], (Column("Groups", groups), Column("Roles", (role,))), arrows, tuple(names))


def read(written: str) -> str:
    return re.sub(r"#(\d+);", lambda code: chr(int(code[1])), written).replace("\u200b", "")


@given(st.text(max_size=60) | st.sampled_from(HOSTILE))
def test_a_label_is_of_plain_letters_and_codes_and_reads_back(text: str) -> None:
    written = label(text)
    assert re.fullmatch(_LABEL, written)
    assert not set(written) & set("\"`[]{}()<>&|\\\n\r%$*~^='")
    assert read(written) == text.replace("\u200b", "")


@given(st.lists(st.text(min_size=1, max_size=30) | st.sampled_from(HOSTILE), min_size=1, max_size=6))
def test_names_add_no_line_and_no_statement(names: list[str]) -> None:
    chart, plain = mermaid([drawn(*names)]), mermaid([drawn(*["x"] * len(names))])
    lines = chart.removesuffix("\n").split("\n")
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len(lines) == len(plain.splitlines())
    assert chart.count("-->") == plain.count("-->")


def test_looks_and_ways_differ_and_the_legend_tells_them() -> None:
    chart = mermaid([drawn("a", "b", "c", "d")])
    for box in ('s0g0["a<br/>a"]:::created', 's0g1{{"b<br/>b"}}:::dynamic', 's0g2[["c<br/>c"]]:::existing'):
        assert box in chart
    assert 's0g3["d<br/>d"]:::requested' in chart
    assert re.findall(r"s0g\d (.+) s0r0", chart) == ["-->", "-.->", "==>", "-. nobody assigns .->"]
    legend = chart.partition("subgraph legend")[2]
    for words in ("made by the stack", "members by rule", "owned elsewhere", "asked of the identity team"):
        assert words in legend


def test_the_legend_explains_only_what_is_there() -> None:
    legend = mermaid([drawn("a")]).partition("subgraph legend")[2].partition("  end")[0]
    assert "made by the stack" in legend
    assert "elsewhere" not in legend


def test_several_stacks_share_a_chart() -> None:
    chart = mermaid([drawn("a"), drawn("b")])
    assert chart.count("flowchart LR") == 1
    assert 's0g0["a' in chart
    assert 's1g0["b' in chart
    assert chart == mermaid([drawn("a"), drawn("b")])


def test_a_block_of_markdown_ends_where_it_should() -> None:
    block = fenced(mermaid([drawn("```\n# x", "~~~")]))
    assert [line for line in block.splitlines() if "`" in line] == ["```mermaid", "```"]


@pytest.mark.parametrize(("names", "words"), [(1, None), (MOST_ARROWS + 1, "arrows"), (400, "characters")])
def test_what_github_would_refuse_is_told(names: int, words: str | None) -> None:
    said = too_much([drawn(*[f"group {'x' * 100}"] * names)])
    assert said is None if words is None else said is not None and words in said
