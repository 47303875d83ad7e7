import pytest

from airflow_entra.pulumi.pending import PendingCreate, interruption, settled
from airflow_entra.pulumi.trouble import PulumiError


def test_an_undisturbed_stack() -> None:
    assert interruption({"deployment": {"resources": [{"id": "a"}]}}).nothing
    assert interruption({"deployment": None}).nothing


def test_what_was_being_made_and_what_is_known() -> None:
    urn = "urn:pulumi:local::airflow-entra::azuread:index/group:Group::airflow-admins"
    found = interruption(
        {
            "deployment": {
                "resources": [{"urn": "x", "id": "/groups/1"}, {"urn": "component"}],
                "pending_operations": [
                    {
                        "type": "creating",
                        "resource": {"urn": urn, "type": "azuread:index/group:Group", "inputs": {"a": 1}},
                    },
                    {"type": "deleting", "resource": {"urn": "y", "type": "t"}},
                ],
            }
        }
    )
    assert found.creates == (PendingCreate(urn, "azuread:index/group:Group", {"a": 1}),)
    assert found.creates[0].name == "airflow-admins"
    assert found.others == 1
    assert found.known_ids == {"/groups/1"}
    assert not found.nothing


def test_what_had_been_made_becomes_a_resource_and_what_had_not_is_forgotten() -> None:
    known = {"urn": "urn:stack", "type": "pulumi:pulumi:Stack"}
    made = {"urn": "urn:made", "type": "t", "inputs": {"name": "n"}, "parent": "urn:stack", "custom": True}
    lost = {"urn": "urn:lost", "type": "t", "inputs": {}}
    export = {
        "version": 3,
        "deployment": {
            "manifest": {"time": "now"},
            "resources": [known],
            "pending_operations": [{"type": "creating", "resource": made}, {"type": "updating", "resource": lost}],
        },
    }
    assert settled(export, {"urn:made": "/groups/1"}) == {
        "version": 3,
        "deployment": {
            "manifest": {"time": "now"},
            "resources": [known, {**made, "id": "/groups/1", "outputs": {"name": "n"}}],
        },
    }
    assert "pending_operations" in export["deployment"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "deployment", [{"resources": [7]}, {"pending_operations": [{"type": "creating"}]}, {"pending_operations": [None]}]
)
def test_an_export_that_is_no_state_is_told(deployment: dict[str, object]) -> None:
    with pytest.raises(PulumiError, match="the stack's export is no state of a stack"):
        interruption({"deployment": deployment})
