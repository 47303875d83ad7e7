from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_entra_auth.fab.next_url import safe_next

BASE = "https://airflow.contoso.com/af"


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        (None, "/"),
        ("", "/"),
        ("/af/dags", "/dags"),
        ("/af", ""),
        (f"{BASE}/dags/sales_a/runs/manual__2024-01-01T00:00:00+00:00?tab=x%20y#top", None),
        ("/af/dags?next=//evil.example", "/dags?next=//evil.example"),
    ],
)
def test_a_page_of_this_airflow_is_gone_on_to(wanted: str | None, right: str | None) -> None:
    assert safe_next(wanted, BASE) == (wanted if right is None else BASE + right)


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example/af/",
        "///evil.example/af/",
        "/af//evil.example",
        "/af/%2f%2fevil.example",
        "/af/%252f%252fevil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example/af/",
        "https:///af/dags",
        "https://airflow.contoso.com@evil.example/af/",
        "https://airflow.contoso.com.evil.example/af/",
        "https://airflow.contoso.com:8443/af/",
        "http://airflow.contoso.com/af/dags",
        "HTTPS://airflow.contoso.com/af/dags",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\\evil.example",
        "\\\\evil.example",
        "/af/%5cevil.example",
        "/\t/evil.example",
        "/af/\r\nSet-Cookie: a=b",
        " //evil.example",
        "/af/%0d%0aSet-Cookie: a=b",
        "/other",
        "/after",
        "/af/../other",
        "/af/%2e%2e/other",
        "dags",
        "/af/logout/",
        "/af/auth/logout",
        "/af/login/azure",
        "/af/auth/oauth-authorized/azure",
        "/af/dags;x",
        "https://[evil",
    ],
)
def test_anything_else_leads_to_the_start_page(wanted: str) -> None:
    assert safe_next(wanted, BASE) == f"{BASE}/"


@given(st.text(max_size=60) | st.text(alphabet="/\\.:@%2f#?;ahtps \t", max_size=40))
@example("/af/#//evil.example")
def test_no_text_leads_to_another_site(wanted: str) -> None:
    gone_to = urlsplit(safe_next(wanted, BASE))

    assert (gone_to.scheme, gone_to.netloc) == ("https", "airflow.contoso.com")
    assert gone_to.path == "/af" or gone_to.path.startswith("/af/")
