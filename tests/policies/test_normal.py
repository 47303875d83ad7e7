"""One form for each value, whatever it was written as."""

import pytest

from policies.normal import number, plain
from policies.resources import UNKNOWN, Value

GUID = "9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"
VAULT = "/subscriptions/1b2d/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (GUID.upper(), GUID),
        (f" {{{GUID}}}\n", GUID),
        (f"{GUID}\u200b", GUID),
        ("HTTPS://Airflow.Contoso.com./x", "https://airflow.contoso.com/x"),
        ("https://airflow.contoso.com:443/x", "https://airflow.contoso.com/x"),
        ("https://airflow.contoso.com:8443/%61", "https://airflow.contoso.com:8443/a"),
        ("https://airflow.contoso.com/", "https://airflow.contoso.com"),
        ("https://airfløw.contoso.com", "https://xn--airflw-fya.contoso.com"),
        ("https://airflow.contoso.com@evil.com/x", "https://airflow.contoso.com@evil.com/x"),
        ("https://\uff41irflow.contoso.com", "https://airflow.contoso.com"),
        ("https://[::1]:443/x", "https://[::1]/x"),
        ("https://[", "https://["),
        ("/Subscriptions/1b2d/resourceGroups/rg//providers/Microsoft.KeyVault/vaults/a/../kv/", VAULT),
        ("/subscriptions/1b2d/%72esourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv", VAULT),
        ("all", "All"),
        (" UNIFIED ", "Unified"),
        ("True", True),
        ("FALSE", False),
        ("airflow ", "airflow "),
        ("Ünïcode", "Ünïcode"),
        (UNKNOWN, UNKNOWN),
        ([{"id": GUID.upper()}, 3, None], [{"id": GUID}, 3, None]),
    ],
)
def test_it_has_one_form(written: Value, meant: Value) -> None:
    assert plain(written) == meant
    assert plain(plain(written)) == meant


@pytest.mark.parametrize(
    ("value", "meant"), [("30", 30), (" 8 ", 8), (8, 8), (True, None), ("nan", None), ("x", None), (UNKNOWN, None)]
)
def test_a_number_may_be_text(value: Value, meant: float | None) -> None:
    assert number(value) == meant
