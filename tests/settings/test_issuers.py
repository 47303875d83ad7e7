from __future__ import annotations

from datetime import date

import pytest

from airflow_entra.settings import issuers


@pytest.mark.parametrize(
    ("issuer", "host", "is_server"),
    [
        ("https://token.actions.githubusercontent.com", "github.com", False),
        ("https://token.actions.githubusercontent.com/contoso", "github.com", False),
        ("https://token.actions.contoso.ghe.com", "contoso.ghe.com", False),
        ("https://token.actions.contoso.ghe.com/contoso", "contoso.ghe.com", False),
        ("https://git.contoso.com/_services/token", "git.contoso.com", True),
        ("https://token.actions.githubusercontent.com.evil.example", None, False),
        ("https://evil.example/token.actions.githubusercontent.com", None, False),
        ("https://oidc.contoso.com/_services/tokens", None, False),
        ("https://westeurope.oic.prod-aks.azure.com/a/b/", None, False),
    ],
)
def test_github_is_known_by_its_issuers_and_by_nothing_else(issuer: str, host: str | None, is_server: bool) -> None:
    assert (issuers.github_host(issuer), issuers.is_github_server(issuer)) == (host, is_server)


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        ("repo:contoso/airflow:environment:production", ("contoso", "airflow")),
        ("repo:contoso@12/airflow@345:pull_request", ("contoso", "airflow")),
        ("repo:contoso/airflow", ("contoso", "airflow")),
        ("repo:contoso@12/airflow:pull_request", None),
        ("repo:contoso/airflow@345:pull_request", None),
        ("repo:contoso@x/airflow@345:pull_request", None),
        ("repository_id:345:environment:production", None),
    ],
)
def test_a_subject_names_owner_and_repository_with_both_ids_or_none(subject: str, named: object) -> None:
    assert issuers.repository(subject) == named


def test_azure_devops_s_own_issuer_ends_and_entra_s_doesn_t() -> None:
    assert issuers.retires("https://vstoken.dev.azure.com/0f3c1f44") == date(2027, 7, 1)
    assert issuers.retires("https://login.microsoftonline.com/7a0c8f5e/v2.0") is None


@pytest.mark.parametrize(
    ("issuer", "wrong"),
    [
        ("https://token.actions.githubusercontent.com/", True),
        ("https://token.actions.githubusercontent.com", False),
        ("https://westeurope.oic.prod-aks.azure.com/a/b", True),
        ("https://westeurope.oic.prod-aks.azure.com/a/b/", False),
        ("https://oidc.contoso.com", False),
        ("https://oidc.contoso.com/", False),
    ],
)
def test_an_issuer_ends_as_its_platform_ends_it(issuer: str, wrong: bool) -> None:
    assert bool(issuers.never_written(issuer)) == wrong
