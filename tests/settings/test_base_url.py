"""A base URL is the base alone: what people copy from a browser or a registration is refused, with what was meant."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from airflow_entra.access.airflow_urls import urls
from airflow_entra.settings.types import Url

BASES = ("https://airflow.contoso.com", "https://contoso.com/data", "http://localhost:8080")
TAILS = (
    *("/home", "/home/", "/login", "/login/", "/login/azure", "/logout", "/logout/", "/auth", "/auth/", "/auth/login"),
    *("/oauth-authorized", "/oauth-authorized/azure", "/oauth-authorized/azure/auth/oauth-authorized/azure"),
    *("/auth/oauth-authorized/azure", "/auth/logout", "/dags", "/dags/sales/grid", "/health", "/Home", "/AUTH/Login"),
    *("/api/v1", "/api/v2/monitor/health", "/auth/login/?next=https%3A%2F%2Fx%2Fdags", "/home?status=all", "/login#a"),
    *("/?next=/home", "?a=b", "/#top"),
)


def refusal(url: str) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Url).validate_python(url)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("tail", TAILS)
def test_an_address_of_a_page_is_refused_with_the_base_that_was_meant(base: str, tail: str) -> None:
    assert refusal(base + tail).endswith(f"write {base}")


@pytest.mark.parametrize("version", ["3.3", "2.11"])
@pytest.mark.parametrize("base", BASES)
def test_what_a_registration_shows_of_airflow_is_refused(version: str, base: str) -> None:
    shown = urls(version, base)
    for address in (shown.redirect_uri, shown.logout_url):
        assert refusal(address).endswith(f"write {base}")


def test_a_page_by_http_is_meant_by_https() -> None:
    assert refusal("http://airflow.contoso.com/home").endswith("write https://airflow.contoso.com")


def test_a_code_that_was_copied_with_the_address_is_not_repeated() -> None:
    assert "0.AX" not in refusal("https://airflow.contoso.com/oauth-authorized/azure?code=0.AX&state=s")


@pytest.mark.parametrize(
    "base",
    [*BASES, "https://contoso.com/authors", "https://contoso.com/home/airflow", "https://contoso.com/api/airflow"],
)
def test_a_prefix_that_only_looks_like_a_page_is_one(base: str) -> None:
    assert TypeAdapter(Url).validate_python(base) == base
    assert not re.search(r"/$", base)
