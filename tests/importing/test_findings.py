"""One hand-made oddity at a time: what the stack file says of it, and what a person is told."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_entra.access import names
from airflow_entra.access.azure_roles import SECRETS_OFFICER, SECRETS_USER
from airflow_entra.access.permissions import SCOPE_IDS
from airflow_entra.directory import registration_parts as parts
from airflow_entra.directory.registered import (
    AppRole,
    Assigned,
    Certificate,
    Consent,
    FrequencyPolicy,
    LifetimePolicy,
    LiveGroup,
    Named,
    Registered,
    Secret,
)
from airflow_entra.directory.vaults import KeptSecret, LiveVault, VaultRole
from airflow_entra.finding import Finding, InFile
from airflow_entra.importing.choices import Choices, DraftError
from airflow_entra.importing.draft import Draft, draft
from airflow_entra.importing.existing_sign_in import ExistingSignIn
from airflow_entra.importing.roles import rights_in
from airflow_entra.importing.stack_text import stack_text, write_new
from airflow_entra.settings.load import load_text
from airflow_entra.settings.model import Keepable
from tests.importing.deployed import an_id

FILE = Path("Pulumi.prod.yaml")
ADMINS, ANALYSTS = an_id("admins"), an_id("analysts")
SUBSCRIPTION = an_id("subscription")
ADMIN = AppRole(an_id("role"), "Admin", "by hand")
GIVEN = Assigned("a1", ADMINS, "Group", "Airflow Admins", ADMIN.id)
GROUP = LiveGroup(ADMINS, "Airflow Admins", "AirflowAdmins")
APPLICATION = Registered(
    tenant_id=an_id("tenant"),
    object_id=an_id("application"),
    client_id=an_id("client"),
    name="Airflow by hand",
    principal_id=an_id("principal"),
    assignment_required=True,
    redirects=("https://airflow.contoso.com/auth/oauth-authorized/azure",),
    app_roles=(ADMIN,),
    owners=(Named(an_id("ada"), "Ada"), Named(an_id("bob"), "Bob")),
    secrets=(Secret(an_id("key"), "wiki", "2027-01-01T00:00:00Z"),),
    assigned=(GIVEN,),
    groups={ADMINS: GROUP},
)
VAULT = LiveVault(
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-hand",
    "northeurope",
    rbac=True,
    secrets=(KeptSecret("unrelated"), KeptSecret("airflow", datetime(2027, 1, 1, tzinfo=UTC))),
)


def drafted(application: Registered = APPLICATION, *vaults: LiveVault, **more: Any) -> Draft:
    options = {"stack": "prod", "licence": "P1", "subscription": SUBSCRIPTION, "deployer": an_id("ada"), **more}
    return draft(application, vaults, Choices(**options))


def told(result: Draft, where: str) -> Finding:
    (found,) = (one for one in result.findings if str(one.where).startswith(where))
    return found


def test_the_app_role_keeps_its_id_and_the_owners_their_names(tmp_path: Path) -> None:
    result = drafted(APPLICATION, VAULT)
    assert result.config["airflow-entra:roles"] == {
        "Admin": {"groups": [{"id": ADMINS, "name": "Airflow Admins"}], "appRole": ADMIN.id}
    }
    text = stack_text(result, "about")
    assert f"      - {an_id('ada')} # Ada\n" in text
    assert '    - version: "3.3"\n' in text
    file = tmp_path / "Pulumi.prod.yaml"
    write_new(file, text, overwrite=False)
    with pytest.raises(FileExistsError):
        write_new(file, "other", overwrite=False)
    assert file.read_text() == text


def test_one_role_for_several_values_and_a_value_that_stands_for_another_role() -> None:
    second = AppRole(an_id("second"), "airflow_admin", "")
    groups = {ADMINS: GROUP, ANALYSTS: LiveGroup(ANALYSTS, "Analysts", "x")}
    both = replace(
        APPLICATION,
        app_roles=(ADMIN, second),
        assigned=(GIVEN, Assigned("a2", ANALYSTS, "Group", "Analysts", second.id)),
        groups=groups,
    )
    result = drafted(both, VAULT, roles={"airflow_admin": ("Admin",)})
    role = result.config["airflow-entra:roles"]["Admin"]
    assert role["appRole"] == ADMIN.id
    assert [group["id"] for group in role["groups"]] == [ADMINS, ANALYSTS]
    assert told(result, "app role airflow_admin").what == "stands for Airflow's Admin, as app role Admin does"

    lower = drafted(replace(APPLICATION, app_roles=(replace(ADMIN, value="admin"),)), VAULT)
    assert list(lower.config["airflow-entra:roles"]) == ["Admin"]
    assert "its id stays" in told(lower, "app role admin").right.lower()


MONA = Assigned("a2", an_id("mona"), "User", "Mona", an_id("viewer"))
VIEWER = AppRole(an_id("viewer"), "Viewer", "")


def test_an_app_role_that_people_have_of_their_own_stays_and_gets_a_group() -> None:
    result = drafted(replace(APPLICATION, app_roles=(ADMIN, VIEWER), assigned=(GIVEN, MONA)), VAULT)
    assert result.config["airflow-entra:roles"]["Viewer"] == {
        "groups": [{"create": "airflow-prod-viewer"}],
        "appRole": VIEWER.id,
    }
    found = told(result, "role Viewer")
    assert (found.severity, found.what) == ("warning", "no group gives it; 1 person assigned directly keeps it")
    assert "goes on giving access" in told(result, "person Mona").fix


def test_a_registration_whose_people_are_all_assigned_directly_is_taken_over() -> None:
    alone = replace(APPLICATION, app_roles=(VIEWER,), assigned=(MONA,), groups={})
    result = drafted(alone, VAULT, licence=None)
    assert result.config["airflow-entra:roles"] == {
        "Viewer": {"groups": [{"create": "airflow-prod-viewer"}], "appRole": VIEWER.id}
    }
    # Nothing shows that groups can be assigned at all: nobody is asked to, and people keep what they have.
    assert result.config["airflow-entra:tenant"] == {"licence": "none", "manage": {"assignments": "none"}}
    assert "no group can be assigned" in told(result, "tenant.licence").what
    paid = drafted(alone, VAULT)
    assert paid.config["airflow-entra:tenant"] == {"licence": "P1"}
    assert load_text(stack_text(result, "about"), FILE).roles.keys() == {"Viewer"}


def test_an_app_role_that_is_taken_into_another_costs_people_their_role_and_says_so() -> None:
    second = AppRole(an_id("viewer"), "airflow_admin", "")
    both = replace(APPLICATION, app_roles=(ADMIN, second), assigned=(GIVEN, MONA))
    found = told(drafted(both, VAULT, roles={"airflow_admin": ("Admin",)}), "app role airflow_admin")
    assert found.severity == "error"
    assert "1 person assigned directly loses it" in found.fix


def test_an_app_role_that_is_disabled_goes_and_whom_that_costs_access_is_said() -> None:
    off = replace(APPLICATION, app_roles=(ADMIN, replace(VIEWER, enabled=False)), assigned=(GIVEN, MONA))
    found = told(drafted(off, VAULT), "app role Viewer")
    assert (found.severity, "1 assigned loses it" in found.right) == ("error", True)


def test_a_registration_in_which_nobody_has_a_role_begins_with_two() -> None:
    nobody = replace(APPLICATION, app_roles=(), assigned=(), groups={})
    result = drafted(nobody, VAULT)
    assert result.config["airflow-entra:roles"] == {
        "Admin": {"groups": [{"create": "airflow-prod-admin"}]},
        "Viewer": {"groups": [{"create": "airflow-prod-viewer"}]},
    }
    assert "nobody has a role in Entra" in told(result, "application").what
    assert load_text(stack_text(result, "about"), FILE).sign_in.roles_from == "appRoles"
    person = replace(MONA, app_role=names.DEFAULT_ACCESS)
    everybody = drafted(replace(nobody, assigned=(person,)), VAULT, existing=said(everybody="Op"))
    assert list(everybody.config["airflow-entra:roles"]) == ["Admin", "Op"]
    assert told(everybody, "person Mona").what == "is assigned directly"


def test_app_roles_that_nobody_has_yet_are_kept() -> None:
    result = drafted(replace(APPLICATION, app_roles=(ADMIN, VIEWER), assigned=(), groups={}), VAULT)
    roles = result.config["airflow-entra:roles"]
    assert {name: role["appRole"] for name, role in roles.items()} == {"Admin": ADMIN.id, "Viewer": VIEWER.id}
    assert told(result, "role Viewer").severity == "note"


def said(roles: Mapping[str, tuple[str, ...]] = {}, everybody: str | None = None) -> ExistingSignIn:
    return ExistingSignIn(InFile(Path("webserver_config.py"), 7, 1), roles, None, None, everybody, ())


def test_a_mapping_to_several_roles_gives_its_groups_each_of_them() -> None:
    mapping = {"Admin": ("Op", "Viewer"), "nobody": ("Op",)}
    given = replace(APPLICATION, assigned=(GIVEN, replace(MONA, app_role=ADMIN.id)))
    result = drafted(given, VAULT, roles=mapping, existing=said(roles=mapping))
    group = [{"id": ADMINS, "name": "Airflow Admins"}]
    assert result.config["airflow-entra:roles"] == {
        "Op": {"groups": group, "appRole": ADMIN.id},
        "Viewer": {"groups": group},
    }
    several = next(one for one in result.findings if one.id == "import/several-roles")
    assert "1 person assigned directly has Op alone" in several.right
    lost = told(result, "webserver_config.py:7:1")
    assert "gives Op for 'nobody', and the registration has no app role" in lost.what


def test_what_somebody_else_keeps_on_the_registration_stays_and_is_named() -> None:
    beside: dict[Keepable, tuple[str, ...]] = {
        "identifierUris": ("api://x",),
        "exposedScopes": ("read",),
        "notes": ("call Bob",),
    }
    result = drafted(replace(APPLICATION, beside=beside, token_version=None), VAULT)
    assert result.config["airflow-entra:application"]["keep"] == list(beside)
    kept = [finding for finding in result.findings if finding.id == "import/kept"]
    assert [(one.what, one.severity) for one in kept] == [
        ("identifierUris: api://x", "note"),
        ("exposedScopes: read", "note"),
        ("notes: call Bob", "note"),
    ]
    assert "AADSTS500011" in kept[0].fix
    assert load_text(stack_text(result, "about"), FILE).application.keep == list(beside)
    assert "of version 1" in next(one for one in result.findings if one.id == "import/would-be-lost").what


def test_who_answers_for_it_comes_back_as_a_stack_says_it() -> None:
    registered = {"notes": "Contacts: data@contoso.com, #airflow", "serviceManagementReference": "SVC-1"}
    assert (parts.contacts(registered), parts.beside(registered)) == (("data@contoso.com", "#airflow"), {})
    assert parts.beside({"notes": "call Bob"}) == {"notes": ("call Bob",)}
    known = replace(APPLICATION, contacts=parts.contacts(registered), service_reference="SVC-1")
    again = load_text(stack_text(drafted(known, VAULT), "about"), FILE)
    assert again.owners.contacts == ["data@contoso.com", "#airflow"]
    assert again.application.service_management_reference == "SVC-1"


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (
            {"id_token_claims": ("email", "ctry", "groups (emit_as_roles)")},
            "id tokens carry ctry, groups (emit_as_roles)",
        ),
        ({"mapped_claims": True}, "claims mapping policies may change its tokens"),
        ({"delegated": (("an-api", "a-scope"), ("graph", SCOPE_IDS["openid"]))}, "1 delegated permission beyond"),
    ],
)
def test_what_a_stack_cannot_keep_is_named_with_what_is_lost(more: dict[str, Any], what: str) -> None:
    (found,) = (
        one for one in drafted(replace(APPLICATION, **more), VAULT).findings if one.id == "import/would-be-lost"
    )
    assert what in found.what
    assert found.severity == "warning"


@pytest.mark.parametrize(
    ("group", "why"),
    [
        (replace(GROUP, synced=True), "synced from on-premises"),
        (replace(GROUP, mail=True), "mailbox"),
        (replace(GROUP, role_assignable=True), "directory roles"),
        (replace(GROUP, nickname="Ä"), "mailNickname"),
        (replace(GROUP, name=" x"), "name"),
        (replace(GROUP, rule='(device.x -eq "y")'), "devices"),
    ],
)
def test_a_group_that_a_stack_cannot_own_stays_its_owners(group: LiveGroup, why: str) -> None:
    result = drafted(replace(APPLICATION, groups={ADMINS: group}), VAULT, groups="manage")
    (entry,) = result.config["airflow-entra:roles"]["Admin"]["groups"]
    assert entry["id"] == ADMINS
    (found,) = (one for one in result.findings if "is not taken over" in one.what)
    assert why in found.what


def test_groups_without_app_roles_need_to_be_told_what_they_give() -> None:
    no_roles = replace(
        APPLICATION,
        app_roles=(),
        assigned=(replace(GIVEN, app_role=names.DEFAULT_ACCESS),),
        group_claims="ApplicationGroup",
    )
    with pytest.raises(DraftError, match="--role"):
        drafted(no_roles, VAULT)
    for said in (ADMINS, "airflow ADMINS"):
        result = drafted(no_roles, VAULT, roles={said: ("admin",)})
        assert result.config["airflow-entra:signIn"]["rolesFrom"] == "assignedGroups"
        assert list(result.config["airflow-entra:roles"]) == ["Admin"]


def test_the_vault_is_the_one_whose_secret_ends_when_the_applications_does() -> None:
    assert drafted(APPLICATION, VAULT).config["airflow-entra:credential"] == {
        "mode": "vaultSecret",
        "vault": {"existing": VAULT.id},
        "secretName": "airflow",
    }
    other = replace(VAULT, secrets=(KeptSecret("airflow"),))
    unknown = drafted(APPLICATION, other)
    assert unknown.config["airflow-entra:credential"]["vault"]["create"] == "kv-airflow-prod"
    assert "outside of any vault" in told(unknown, "credential").what
    named = drafted(APPLICATION, other, vault=other.id.upper(), secret_name="airflow")
    assert named.config["airflow-entra:credential"]["secretName"] == "airflow"
    with pytest.raises(DraftError, match="no such vault"):
        drafted(APPLICATION, other, vault=f"{other.id}2")
    with pytest.raises(DraftError, match="--subscription"):
        drafted(APPLICATION, subscription=None)


def test_readers_whom_others_let_in_stay_theirs_and_ours_are_named() -> None:
    reader = an_id("reader")
    by_hand = VaultRole("by-hand", VAULT.id, reader, "user")
    result = drafted(APPLICATION, replace(VAULT, roles=(by_hand,)))
    assert "readers" not in result.config["airflow-entra:credential"]["vault"]
    assert reader in told(result, "vault kv-hand").what

    ours = (
        replace(by_hand, name=names.role_assignment_name(VAULT.id, reader, SECRETS_USER)),
        VaultRole(names.role_assignment_name(VAULT.id, an_id("me"), SECRETS_OFFICER), VAULT.id, an_id("me"), "officer"),
    )
    vault = drafted(APPLICATION, replace(VAULT, roles=ours)).config["airflow-entra:credential"]["vault"]
    assert vault == {"create": "kv-hand", "resourceGroup": "rg", "readers": [reader]}


def test_a_certificate_is_written_beside_the_stack_file() -> None:
    der = base64.b64encode(b"\x30" + b"x" * 99).decode()
    alone = replace(APPLICATION, secrets=(), certificates=(Certificate(an_id("key"), "CN=airflow", "2027-01-01", der),))
    result = drafted(alone)
    assert result.config["airflow-entra:credential"] == {"mode": "certificate", "file": "prod.pem"}
    assert result.certificate
    assert result.certificate.replace("\n", "").endswith(f"{der}-----END CERTIFICATE-----")
    unread = replace(alone, certificates=(replace(alone.certificates[0], der=None),))
    assert drafted(unread, VAULT).config["airflow-entra:credential"]["mode"] == "vaultSecret"
    assert "isn't watched" in told(drafted(unread, VAULT), "certificate").right


POLICY = LifetimePolicy(an_id("policy"), "8 hours", "08:00:00", others=0)


@pytest.mark.parametrize(
    ("policy", "lifetime", "manage", "named"),
    [
        (POLICY, "8h", None, True),
        (replace(POLICY, name=names.token_lifetime_policy("prod")), "8h", None, False),
        (replace(POLICY, others=2), "8h", "existing", True),
        (replace(POLICY, others=None), "8h", "existing", True),
        (replace(POLICY, says_more=True), "8h", "existing", True),
        (replace(POLICY, lifetime="1.00:00:00"), None, None, False),
        (replace(POLICY, lifetime="00:01:00"), None, None, False),
    ],
)
def test_a_token_lifetime_policy_is_adopted_only_where_it_is_nobody_elses(
    policy: LifetimePolicy, lifetime: str | None, manage: str | None, named: bool
) -> None:
    config = drafted(replace(APPLICATION, lifetime_policy=policy), VAULT).config
    tenant = config["airflow-entra:tenant"]
    assert config["airflow-entra:signIn"].get("tokenLifetime") == lifetime
    assert tenant.get("manage", {}).get("tokenLifetime") == manage
    assert (tenant.get("existing", {}).get("tokenLifetimePolicy") == policy.id) is named


def test_a_conditional_access_policy_that_others_made_is_checked_and_never_touched() -> None:
    policy = FrequencyPolicy(an_id("ca"), "MFA and 4 hours", 4, "hours", enabled=True, ours_alone=False, says_more=True)
    both = replace(
        APPLICATION, frequency_policies=(policy, replace(policy, id="off", enabled=False)), lifetime_policy=POLICY
    )
    result = drafted(both, VAULT)
    tenant, sign_in = result.config["airflow-entra:tenant"], result.config["airflow-entra:signIn"]
    assert sign_in["signInFrequency"] == "4h"
    assert "tokenLifetime" not in sign_in
    assert tenant["manage"] == {"conditionalAccess": "existing"}
    assert tenant["existing"] == {"conditionalAccessPolicy": policy.id}
    assert "one of the two" in told(result, "token lifetime policy").right


def test_an_application_of_another_stack_is_said_to_be_that_stacks() -> None:
    tagged = replace(APPLICATION, tags=("airflow-entra", "airflow-entra:staging"))
    assert "application of stack staging" in told(drafted(tagged, VAULT), "application").what
    assert not [one for one in drafted(tagged, VAULT, stack="staging").findings if "application of stack" in one.what]


def test_wider_consents_and_what_could_not_be_read_are_told() -> None:
    wide = replace(
        APPLICATION,
        consents=(
            Consent("c", frozenset({"openid", "Mail.ReadWrite", "offline_access"}), everybody=True),
            Consent("d", frozenset({"openid"}), everybody=False),
        ),
        unread=("Conditional Access policies",),
    )
    said = [one.what for one in drafted(wide, VAULT).findings]
    assert "an administrator consented to more than Airflow asks for: Mail.ReadWrite" in said
    assert "1 person consented for themselves" in said
    assert "Conditional Access policies could not be read" in said


def test_rights_are_read_from_a_description_that_this_program_wrote_and_from_no_other() -> None:
    assert rights_in("Airflow role x (a_*: read, edit; b: delete)") == {"a_*": ["read", "edit"], "b": ["delete"]}
    for text in ("", "by hand", "Airflow role x (a: fly)", "Airflow role x (a)", "Airflow role x (a: read, read)"):
        assert rights_in(text) is None


def test_an_old_airflows_redirect_uri_at_the_address_of_the_new_one_is_left_out() -> None:
    upgraded = replace(
        APPLICATION, redirects=("https://airflow.contoso.com/oauth-authorized/azure", *APPLICATION.redirects)
    )
    result = drafted(upgraded, VAULT)
    assert result.config["airflow-entra:airflow"] == [{"version": "3.3", "url": "https://airflow.contoso.com"}]
    assert "older Airflow" in told(result, "redirect URI https://airflow.contoso.com/oauth").what


def test_no_airflow_address_at_all() -> None:
    nowhere = replace(APPLICATION, redirects=("https://*.contoso.com/cb",))
    with pytest.raises(DraftError, match="--url"):
        drafted(nowhere, VAULT)
    result = drafted(nowhere, VAULT, urls=("https://airflow.contoso.com",))
    assert result.config["airflow-entra:airflow"] == [{"version": "3.3", "url": "https://airflow.contoso.com"}]
