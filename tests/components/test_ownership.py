"""Who owns what a stack makes: in production nobody who signs in."""

from __future__ import annotations

from tests.components.harness import DEPLOYER, Deploy, FakeTenant

ADA = "0d7f2f3c-8a41-4f0b-9a55-3c2e6b1d7f01"
PRODUCTION = {
    "environment": "production",
    "owners.application": [DEPLOYER, ADA],
    "owners.contacts": ["data@contoso.com"],
}


def test_in_production_a_person_is_a_contact_and_no_owner(deploy: Deploy) -> None:
    deployed = deploy(PRODUCTION, tenant=FakeTenant(people={ADA}))
    application = deployed.one("Application").inputs
    assert application["owners"] == deployed.one("ServicePrincipal").inputs["owners"] == [DEPLOYER]
    assert application["notes"] == f"Contacts: data@contoso.com, {ADA}"
    assert deployed.outputs["workloads"] == [DEPLOYER]
    (warning,) = deployed.outputs["warnings"]
    assert warning.startswith(f"owners.application names {ADA}, which Entra knows as no service principal")


def test_in_production_people_own_groups_but_not_those_that_give_admin(deploy: Deploy) -> None:
    owners = {group.name: group.inputs["owners"] for group in deploy(PRODUCTION).all("GroupWithoutMembers")}
    assert owners == {"airflow-admins": [ADA, DEPLOYER], "airflow-viewers": [ADA]}
    owners = {
        group.name: group.inputs["owners"]
        for group in deploy(PRODUCTION, tenant=FakeTenant(people={ADA})).all("GroupWithoutMembers")
    }
    assert owners == {"airflow-admins": [DEPLOYER], "airflow-viewers": [ADA]}


def test_a_person_who_deploys_production_becomes_no_owner(deploy: Deploy) -> None:
    deployed = deploy(PRODUCTION | {"owners.application": []}, tenant=FakeTenant(people={DEPLOYER}))
    assert deployed.one("Application").inputs["owners"] == []
    assert (
        "owners" not in next(one for one in deployed.all("GroupWithoutMembers") if one.name == "airflow-admins").inputs
    )
    (warning,) = deployed.outputs["warnings"]
    assert warning.startswith(f"the deploying identity {DEPLOYER} is a person, so it is not made an owner")


def test_what_the_tenant_does_not_say_changes_nothing_and_is_told(deploy: Deploy) -> None:
    deployed = deploy(PRODUCTION, tenant=FakeTenant(denied=True))
    assert deployed.one("Application").inputs["owners"] == [ADA, DEPLOYER]
    assert deployed.outputs["workloads"] == []
    assert any("service principals" in warning for warning in deployed.outputs["warnings"])


def test_elsewhere_people_own_it_and_nobody_is_asked(deploy: Deploy) -> None:
    deployed = deploy({"owners.application": [DEPLOYER, ADA]}, tenant=FakeTenant(people={ADA}))
    application = deployed.one("Application").inputs
    assert application["owners"] == [ADA, DEPLOYER]
    assert "notes" not in application
    assert "workloads" not in deployed.outputs
    assert "service principals" not in deployed.tenant.asked


def test_contacts_and_the_catalogue_s_entry_stand_on_the_application(deploy: Deploy) -> None:
    said = {"owners.contacts": ["#data", "a@b.c"], "application": {"serviceManagementReference": "SVC-42"}}
    application = deploy(said).one("Application").inputs
    assert application["notes"] == "Contacts: #data, a@b.c"
    assert application["serviceManagementReference"] == "SVC-42"
