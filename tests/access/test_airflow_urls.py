from __future__ import annotations

import pytest

from airflow_entra.access.airflow_urls import front_channel_logout, urls


@pytest.mark.parametrize(
    ("version", "base", "redirect", "logout"),
    [
        ("2.11", "https://a.b", "https://a.b/oauth-authorized/azure", "https://a.b/logout/"),
        ("2.11.2", "https://a.b/af", "https://a.b/af/oauth-authorized/azure", "https://a.b/af/logout/"),
        ("3.3", "https://a.b/", "https://a.b/auth/oauth-authorized/azure", "https://a.b/auth/logout"),
        ("3.3.2", "https://a.b/Af", "https://a.b/Af/auth/oauth-authorized/azure", "https://a.b/Af/auth/logout"),
    ],
)
def test_paths_follow_the_version_below_the_base_url(version: str, base: str, redirect: str, logout: str) -> None:
    airflow = urls(version, base)
    assert (airflow.redirect_uri, airflow.logout_url) == (redirect, logout)


def test_the_newest_airflow_with_https_gets_the_one_front_channel_logout() -> None:
    old, new = urls("3.9", "https://old"), urls("3.10", "https://new")
    assert front_channel_logout((new, old)) == "https://new/auth/logout"
    assert front_channel_logout((old, urls("3.10", "http://localhost:8080"))) == "https://old/auth/logout"
    assert front_channel_logout((urls("3.3", "http://localhost:8080"),)) is None
