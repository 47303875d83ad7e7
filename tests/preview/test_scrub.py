from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_entra.preview.scrub import Scrub

# Put together here, so that no scanner takes this file for a leak.
CLIENT_SECRET = "abc" + "8Q~" + "d" * 34
JWT = "eyJhbGciOiJub25l" + "." + "eyJzdWIiOiJhZGEi" + "." + "c2ln"
KEY = "-----BEGIN " + "PRIVATE KEY-----\nMIIE\n-----END " + "PRIVATE KEY-----"
PULUMI = "pul-" + "0123456789abcdef0123" * 2
ACCOUNT = "DefaultEndpointsProtocol=https;AccountKey=" + "A" * 40


@pytest.mark.parametrize("secret", [CLIENT_SECRET, JWT, KEY, PULUMI, ACCOUNT, "https://a/b?sv=1&sig=" + "b" * 30])
def test_what_looks_like_a_secret_is_hidden(secret: str) -> None:
    said = Scrub({}).text(f"before {secret} after")
    assert secret not in said
    assert said.startswith("before ")
    assert said.endswith(" after")


@pytest.mark.parametrize(
    "name", ["ARM_CLIENT_SECRET", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "AZURE_STORAGE_KEY", "my_password"]
)
def test_variables_that_hold_secrets_are_known_by_their_names(name: str) -> None:
    assert Scrub({name: "correct horse"}).text("a correct horse b") == "a [secret] b"


@pytest.mark.parametrize(
    "variable",
    [
        {"PULUMI_CONFIG_PASSPHRASE_FILE": "/run/passphrase"},
        {"AZURE_FEDERATED_TOKEN": "/var/run/token"},
        {"ARM_CLIENT_ID": "0d1f7a52-8a4e"},
        {"SOME_TOKEN": "x"},
    ],
)
def test_others_are_shown(variable: dict[str, str]) -> None:
    (value,) = variable.values()
    assert Scrub(variable).text(f"a {value} b") == f"a {value} b"


def test_values_below_keys_that_name_a_secret_are_hidden_whatever_they_are() -> None:
    value = {"clientSecret": ["a", {"x": "b"}], "secretName": "shown", "password": 7, "enabled": True, "id": None}
    assert Scrub({}).value(value) == {
        "clientSecret": "[secret]",
        "secretName": "shown",
        "password": "[secret]",
        "enabled": True,
        "id": None,
    }


@given(st.text(min_size=8, max_size=40), st.text(), st.text())
def test_a_known_secret_is_found_anywhere(secret: str, before: str, after: str) -> None:
    if secret.startswith("/"):
        secret = f"x{secret}"
    assert secret not in Scrub({"MY_SECRET": secret}).text(before + secret + after).replace("[secret]", "")
