from airflow_entra.recovery.pending import PendingCreate, interruption


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
