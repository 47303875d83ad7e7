"""Whatever a program declares, a policy answers: an exception in one would end everybody's preview."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import examples
from policies.registry import RULES
from policies.resources import UNKNOWN, Resource, Value
from policies.rules import Excepted, Rule, told

pytestmark = pytest.mark.slow

WORDS = sorted(
    {*re.findall(r"(\w+):", "".join(rule.violation for rule in RULES)), "owners", "password", "endDateRelative"}
)
TEXTS = ["https://[", "http://localhost", "2030-01-01", "4320h", "3.3", "SecurityGroup", "Web", "", *WORDS]

scalars = st.sampled_from([None, True, False, UNKNOWN, 0, -1, 1e30, 10**20, *TEXTS])
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=8,
)
props = st.dictionaries(st.sampled_from(WORDS), values, max_size=4)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@settings(deadline=None)
@given(data=st.data())
def test_a_policy_never_raises(rule: Rule, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(st.tuples(st.sampled_from(rule.types), props), max_size=4))
    resources = [
        Resource(urn=f"urn-{number}", type=type_, name="any", props=declared, sources={"clientId": ["urn-0"]})
        for number, (type_, declared) in enumerate(drawn)
    ]
    for result in rule.check(resources, rule.with_defaults({})):
        text = result.reason if isinstance(result, Excepted) else rule.message(result)
        assert text


def test_the_words_come_from_the_examples() -> None:
    assert {"redirectUris", "appRoleAssignmentRequired", "endDate"} <= set(WORDS)
    assert all(examples.read(rule.violation) for rule in RULES)


@given(st.text())
def test_a_message_commands_neither_the_terminal_nor_the_engine(name: str) -> None:
    shown = told(f"{name}<{{%x%}}>\u202e\x1b[31m")
    assert "<{%" not in shown
    assert all(one.isprintable() or one in "\u200b\u200c\u200d" for one in shown)
