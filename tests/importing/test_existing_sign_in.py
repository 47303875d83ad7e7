"""What Airflow's present configuration means: which roles are taken over, and what would be lost."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from airflow_entra.importing.existing_sign_in import ExistingSignIn, existing_sign_in
from airflow_entra.importing.webserver_config import read_config

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "22222222-3333-4444-8555-666666666666"
SECRET = "abc8Q~0123456789012345678901234567890"
USUAL = f"""
import os
from flask_appbuilder.security.manager import AUTH_OAUTH

AUTH_TYPE = AUTH_OAUTH
AUTH_ROLES_SYNC_AT_LOGIN = True
AUTH_USER_REGISTRATION = True
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_MAPPING = {{
    "airflow_prod_admin": ["Admin"],
    "airflow_prod_user": ["Viewer", "User"],
}}
OAUTH_PROVIDERS = [{{
    "name": "azure",
    "icon": "fa-windows",
    "token_key": "access_token",
    "remote_app": {{
        "client_id": "{CLIENT}",
        "client_secret": os.environ["AZURE_CLIENT_SECRET"],
        "api_base_url": "https://login.microsoftonline.com/{TENANT}/oauth2",
        "client_kwargs": {{"scope": "User.Read name preferred_username email profile upn"}},
        "access_token_url": "https://login.microsoftonline.com/{TENANT}/oauth2/token",
    }},
}}]
"""


def existing(tmp_path: Path, text: str) -> ExistingSignIn:
    file = tmp_path / "webserver_config.py"
    file.write_text(dedent(text), "utf-8")
    return existing_sign_in(read_config(file))


def words(found: ExistingSignIn) -> str:
    return "\n".join(finding.what for finding in found.findings)


def test_the_usual_file_tells_roles_application_and_tenant(tmp_path: Path) -> None:
    found = existing(tmp_path, USUAL)
    assert found.roles == {"airflow_prod_admin": ("Admin",), "airflow_prod_user": ("Viewer", "User")}
    assert (found.client_id, found.tenant_id, found.everybody) == (CLIENT, TENANT, None)
    assert words(found) == "Airflow asks for more than the stack does: name, preferred_username, upn"
    assert [finding.severity for finding in found.findings] == ["warning"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Public"', '"Viewer"', "everybody who signs in has Viewer, whatever the token says: that is lost"),
        ("REGISTRATION = True", "REGISTRATION = False", "only people who are among Airflow's users may sign in"),
        ("AT_LOGIN = True", "AT_LOGIN = False", "what was given by hand there is lost"),
        ("AUTH_TYPE = AUTH_OAUTH", "AUTH_TYPE = 1", "people sign in by AUTH_DB"),
        ("AUTH_TYPE = AUTH_OAUTH", "AUTH_TYPE = os.environ['A']", "AUTH_TYPE: it is the environment variable A"),
        ("import os", "import os\nAUTH_ROLE_PUBLIC = 'Viewer'", "whoever doesn't sign in has the role Viewer"),
        ("import os", "import os\nAUTH_ROLE_ADMIN = 'Boss'", "Airflow's administrators have the role Boss"),
        ("import os", "import os\nSECURITY_MANAGER_CLASS = Ours", "a security manager of your own"),
        ("import os", "import os\nAPP_THEME = 'x.css'", "APP_THEME"),
        ("import os", "from contoso.auth import *", "it takes whatever contoso.auth has"),
        ("import os", "import os\nAUTH_USER_REGISTRATION_ROLE_JMESPATH = 'x'", "another part of the token"),
        ("OAUTH_PROVIDERS = [", "OAUTH_PROVIDERS = [{'name': 'okta'}, ", "people sign in with okta too"),
        (
            '["Admin"]',
            "[os.environ['R']]",
            "AUTH_ROLES_MAPPING['airflow_prod_admin']: it is the environment variable R",
        ),
        ("AUTH_ROLES_MAPPING = {\n", "AUTH_ROLES_MAPPING = roles() or {\n", "AUTH_ROLES_MAPPING: it is computed"),
        ("AT_LOGIN = True", "AT_LOGIN = flag()", "AUTH_ROLES_SYNC_AT_LOGIN: it is computed"),
    ],
)
def test_each_thing_that_a_stack_does_not_keep_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in USUAL
    found = existing(tmp_path, USUAL.replace(old, new))
    assert said in words(found)
    assert all(
        finding.right and finding.fix and "webserver_config.py:" in str(finding.where) for finding in found.findings
    )


def test_the_role_of_everybody_is_known(tmp_path: Path) -> None:
    assert existing(tmp_path, USUAL.replace('"Public"', '"Op"')).everybody == "Op"


def test_a_secret_in_the_file_is_told_and_never_repeated(tmp_path: Path) -> None:
    found = existing(tmp_path, USUAL.replace('os.environ["AZURE_CLIENT_SECRET"]', f'"{SECRET}"'))
    assert "the client secret stands in the file" in words(found)
    assert SECRET not in repr(found.findings)


def test_an_empty_file_is_airflow_s_default(tmp_path: Path) -> None:
    found = existing(tmp_path, "")
    assert (found.roles, found.client_id, found.tenant_id) == ({}, None, None)
    assert "AUTH_DB, as nothing is said" in words(found)
