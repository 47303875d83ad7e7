"""The comment of a pull request: whatever is in it, it is one that GitHub takes and shows as meant."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from airflow_entra.finding import SEVERITIES, Finding, exit_code
from airflow_entra.preview.result import ABSENT, Previewed, PropertyChange, StackPreview, Step
from airflow_entra.report.preview_markdown import MARKER, MOST_BYTES, render
from tests.report.preview_example import PAGE, example, page_with_example

NASTY = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "```\n</details>",
            "| a | b |\n|---|---|",
            "@contoso/everyone #1 GH-1",
            "<script>alert(1)</script>",
            "</summary></details>",
            "<!-- airflow-entra-preview -->",
            "x" * 5000,
            "`" * 9,
            "\u202eevil\x1b[31m",
            "~~~\n![x](http://evil)",
        ]
    ),
)
VALUES = st.one_of(st.just(ABSENT), st.none(), st.booleans(), st.integers(), NASTY, st.lists(NASTY, max_size=3))
CHANGES = st.builds(PropertyChange, NASTY, VALUES, VALUES)
STEPS = st.builds(
    Step,
    st.sampled_from(["create", "update", "delete", "replace", "import", "odd`|"]),
    NASTY,
    NASTY,
    st.lists(CHANGES, max_size=3).map(tuple),
    st.lists(NASTY, max_size=2).map(tuple),
)
VIOLATIONS = st.builds(Finding, NASTY, NASTY, NASTY, NASTY, severity=st.sampled_from(SEVERITIES), id=NASTY)
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,30}", fullmatch=True)


def few(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=most).map(tuple)


STACKS = st.builds(
    StackPreview,
    NAMES,
    st.sampled_from(["previewed", "failed", "not started"]),
    st.booleans(),
    few(STEPS),
    few(STEPS),
    few(VIOLATIONS),
    few(VIOLATIONS),
    few(NASTY),
    few(NASTY),
    st.integers(0, 10**6),
)
PREVIEWS = st.builds(
    Previewed,
    few(STACKS, 4),
    st.one_of(st.none(), st.just(example().compared)),
    NASTY,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    few(NASTY),
)


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)


def assert_sound(comment: str, most: int = MOST_BYTES) -> None:
    """One line that says it first, the marker last, and nothing that is open at the end."""
    assert len(comment.encode()) <= most
    lines = comment.splitlines()
    assert re.fullmatch(r"\*\*.+\*\*", lines[0])
    assert lines[-1] == MARKER
    assert comment.count(MARKER) == 1
    tokens = parsed(comment)
    html = [token.content.strip() for token in tokens if token.type == "html_block"]
    summary = r"<details><summary><code>[^<]*</code>[^<]*</summary>"
    assert all(re.fullmatch(f"{summary}|</details>|{MARKER}", one) for one in html)
    opened = sum("<details>" in one for one in html)
    assert opened == sum("</details>" in one for one in html)
    inline = [each for token in tokens for each in token.children or ()]
    assert not [each.content for each in inline if each.type == "text" and re.search(r"(?<!\w)@\w", each.content)]
    assert not {each.type for each in inline} & {"link_open", "image", "html_inline"}
    for token in tokens:
        if token.type == "fence":
            assert token.map
            closing = lines[token.map[1] - 1]
            assert set(closing) == {"`"}, "a fence that nothing closed swallows the rest"
            assert closing == token.markup
    for row in (line for line in lines if line.startswith("| ")):
        assert row.endswith("|")


@pytest.mark.slow
@given(PREVIEWS)
@settings(max_examples=40)
def test_whatever_is_in_it_the_comment_is_sound(found: Previewed) -> None:
    assert_sound(render(found))


@pytest.mark.slow
@given(PREVIEWS, st.integers(100, 600), st.sampled_from([16_384, 30_000, MOST_BYTES]))
@settings(max_examples=8)
def test_however_much_is_in_it_the_comment_is_sound(found: Previewed, times: int, most: int) -> None:
    assert_sound(render(grown(found, times), most), most)


def grown(found: Previewed, times: int) -> Previewed:
    return replace(
        found,
        stacks=tuple(
            replace(
                one,
                steps=one.steps * times,
                drift=one.drift * times,
                errors=tuple(f"{error} {number}" for error in one.errors for number in range(times)),
                violations=tuple(
                    replace(violation, what=f"{violation.what} {number}")
                    for violation in one.violations
                    for number in range(times)
                ),
            )
            for one in found.stacks
        ),
    )


def test_the_first_line_says_how_much_and_what_is_objected_to() -> None:
    first = render(example()).splitlines()[0].replace("\\", "")
    assert "4 stacks previewed, 2 errors (prod, qa)." in first
    assert "Access: 2 roles gained by groups, 1 lost" in first
    assert "Resources: 4 to create, 2 to delete, 1 to update in 2 of 3 previewed stacks." in first
    assert "Policies: 1 error, 1 warning." in first


def test_the_parts_stand_in_the_order_of_their_weight() -> None:
    comment = render(example())
    places = [comment.index(f"### {part}") for part in ("Failed previews", "Access", "Findings", "What Pulumi")]
    assert places == sorted(places)
    assert comment.index("session-limit") < comment.index("no-standing-admin")
    assert "No change: staging (23 resources)." in comment
    assert "+ airflow-prod-oncall  azuread:GroupWithoutMembers  (create)" in comment


def test_pulumis_diff_goes_first_and_says_where_it_is() -> None:
    found = example()
    step = Step("create", "azuread:Group", "g" * 300)
    long = render(replace(found, stacks=tuple(replace(one, steps=one.steps + (step,) * 400) for one in found.stacks)))
    assert_sound(long)
    whole = render(found)
    for part in ("### Failed previews", "### Access", "### Findings"):
        at = whole.index(part)
        assert whole[at : whole.index("### What Pulumi")] in long
    assert "_Left out of Pulumi's diff: " in long
    assert "`pulumi preview --diff --stack NAME --policy-pack policies` has all._" in long


def test_rows_of_the_access_diff_go_next() -> None:
    found = example()
    assert found.compared
    (change,) = [one for one in found.compared.changes if one.stack == "dev"]
    many = tuple(replace(change, stack=f"dev-{number}") for number in range(400))
    long = render(replace(found, compared=replace(found.compared, changes=many)))
    assert_sound(long)
    assert "rows of the difference in access left out: `airflow-entra diff main` has all._" in long
    assert "session-limit" in long


@pytest.mark.slow
def test_a_hundred_thousand_findings_leave_room_for_the_access() -> None:
    found = example()
    (prod,) = [one for one in found.stacks if one.stack == "prod"]
    many = tuple(replace(prod.violations[1], where=f"group-{number}") for number in range(20_000))
    long = render(replace(found, stacks=(replace(prod, violations=prod.violations + many),)))
    assert_sound(long)
    assert "more findings left out" in long
    assert "airflow-prod-oncall" in long[long.index("### Access") : long.index("### Findings")]


def test_without_a_base_it_says_why() -> None:
    comment = render(replace(example(), compared=None, no_base="this is a shallow clone"))
    assert "Not compared: this is a shallow clone" in comment
    assert "Access: not compared." in comment


def test_drift_is_told_property_by_property() -> None:
    gone = Step("gone", "azuread:Group", "airflow-prod-admins")
    changed = Step("changed", "azuread:Group", "analysts", (PropertyChange("description", "as made", "by hand"),))
    stack = StackPreview("prod", "previewed", steps=(replace(gone, op="create"),), drift=(gone, changed))
    comment = render(Previewed((stack,), None, "no git", refresh=True, expect_no_changes=True))
    assert "1 stack previewed, 1 error (prod)." in comment
    assert "something would change" in comment
    assert "Resources: 1 to create in 1 of 1 stack, 2 changed outside of Pulumi." in comment
    assert '| prod | analysts | azuread:Group | description | "as made" | "by hand" |' in comment
    assert "| prod | airflow-prod-admins | azuread:Group |  | there | gone |" in comment


@pytest.mark.parametrize("outcome", ["failed", "not started"])
def test_what_failed_counts_for_nothing_else(outcome: Any) -> None:
    stack = StackPreview("prod", outcome, steps=(Step("create", "azuread:Group", "half"),), errors=("no",))
    found = Previewed((stack,), None, "no git", expect_no_changes=True)
    assert "Resources: not known. Policies: not known." in render(found)
    assert "half" not in render(found)
    assert exit_code(found.findings) == (1 if outcome == "failed" else 2)


def test_a_stack_without_a_file_and_one_for_elsewhere_are_told() -> None:
    found = example()
    assert found.compared
    gone = tuple(replace(one, what="removed") for one in found.compared.changes if one.stack == "dev")
    comment = render(replace(found, compared=replace(found.compared, changes=gone), left=("local (not here)",)))
    assert "No file any more: dev. What they made stays until" in comment
    assert "Not previewed: local (not here)." in comment


def test_the_documentation_shows_what_is_rendered() -> None:
    assert PAGE.read_text("utf-8") == page_with_example(), "write it anew: python -m tests.report.preview_example"
