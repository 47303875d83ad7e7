"""A preview as a reviewer might get it: what the pictures in the documentation show, and the tests start from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from airflow_entra.access.compare import compare
from airflow_entra.finding import Finding
from airflow_entra.preview.changes import UNKNOWN
from airflow_entra.preview.result import ABSENT, Previewed, PropertyChange, StackPreview, Step
from airflow_entra.report.preview_markdown import MARKER, render
from airflow_entra.settings.load import load_text
from airflow_entra.settings.sides import Side
from airflow_entra.settings.stack_file import StackFile

STACKS = Path(__file__).parents[2] / "stacks"
_EDITS = {
    "prod": (
        ("- create: airflow-prod-admins", "- create: airflow-prod-admins\n        - create: airflow-prod-oncall"),
        ("airflowSession: 8h", "airflowSession: 20h"),
    ),
    "dev": (("- create: airflow-dev-guests", "- create: airflow-dev-partners"),),
}


def example() -> Previewed:
    """Four stacks: one violates a policy, one moves a role to another group, one fails, one stays as it is."""
    names = ("dev", "prod", "staging")
    before = {name: _file(name, ()) for name in names}
    after = {name: _file(name, _EDITS.get(name, ())) if name in _EDITS else before[name] for name in names}
    return Previewed(
        stacks=(_dev(), _prod(), _qa(), StackPreview("staging", "previewed", unchanged=23, seconds=3.9)),
        compared=compare(Side("main", before), Side(".", after)),
    )


def _file(name: str, edits: tuple[tuple[str, str], ...]) -> StackFile:
    file = STACKS / f"Pulumi.{name}.yaml"
    text = file.read_text("utf-8")
    for old, new in edits:
        text = text.replace(old, new)
    return StackFile(Path("stacks") / file.name, text, load_text(text, file))


def _group(name: str, role: str) -> tuple[Step, Step]:
    made = {"displayName": name, "owners": ["0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"], "securityEnabled": True}
    given = {"appRoleId": "485bb8b5-a7d9-5b87-84f2-9ef2df13c356", "principalObjectId": UNKNOWN}
    return (
        Step("create", "azuread:GroupWithoutMembers", name, _new(made)),
        Step("create", "azuread:AppRoleAssignment", f"{role}/{name}", _new(given)),
    )


def _new(properties: Mapping[str, object]) -> tuple[PropertyChange, ...]:
    return tuple(PropertyChange(key, ABSENT, value) for key, value in properties.items())


def _dev() -> StackPreview:
    gone = (
        Step("delete", "azuread:AppRoleAssignment", "Viewer/airflow-dev-guests"),
        Step("delete", "azuread:GroupWithoutMembers", "airflow-dev-guests"),
    )
    return StackPreview("dev", "previewed", steps=(*_group("airflow-dev-partners", "Viewer"), *gone), unchanged=13)


def _prod() -> StackPreview:
    expires = PropertyChange("properties.attributes.expires", 1803917536, 1807633748)
    hidden = PropertyChange("properties.value", "[secret]", "[secret]")
    return StackPreview(
        "prod",
        "previewed",
        steps=(
            *_group("airflow-prod-oncall", "Admin"),
            Step("update", "azure-native:keyvault:Secret", "client-secret", (expires, hidden)),
        ),
        violations=(
            Finding(
                "the stack",
                "airflowSession is 20h",
                "Airflow's own session ends within 12 hours.",
                "Set it to at most 12h",
                id="policy/session-limit",
                evidence=(("level", "mandatory"), ("severity", "medium")),
            ),
            Finding(
                "airflow-prod-oncall",
                "it gives Admin in production and nobody is eligible for it: its members always have it",
                "Nobody is Admin in production all the time.",
                "Declare a PrivilegedAccessGroupEligibilitySchedule for those who may become Admin",
                severity="warning",
                id="policy/no-standing-admin",
                evidence=(("level", "advisory"), ("severity", "high")),
            ),
        ),
        unchanged=23,
    )


def _qa() -> StackPreview:
    where = "stacks/Pulumi.qa.yaml:31:13: tenant 7a0c3f5e-52d1-4b5e-9d0a-6c1f0e8b2a11 has no group"
    group = "5f1e0b42-7d3a-4c96-b1f8-2a9e6d4c8f03 (data-analysts), giving the role Viewer"
    fix = "copy the object id from the group's page in the Entra admin centre"
    return StackPreview("qa", "failed", errors=(f"{where} {group}; {fix}",))


PAGE = Path(__file__).parents[2] / "docs" / "preview.md"
_BEGINS, _ENDS = "<!-- example: python -m tests.report.preview_example -->\n", "<!-- end of the example -->\n"


def page_with_example() -> str:
    """The documentation's page with the example as it is rendered now."""
    before, _, rest = PAGE.read_text("utf-8").partition(_BEGINS)
    comment = render(example()).removesuffix(f"{MARKER}\n")
    return f"{before}{_BEGINS}\n{comment}{_ENDS}{rest.partition(_ENDS)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page_with_example(), "utf-8")
