"""The pages at localhost."""

from tests.tenant.world import TENANT, Tenant, body_of


def test_health_counts_what_there_is(vault: Tenant) -> None:
    vault.application("another")
    health = body_of(vault.send("GET", "http://localhost:8080/health"))
    assert health["status"] == "ok"
    assert health["tenants"][TENANT]["applications"] == 2
    assert health["azure"] == {"subscriptions": 1, "vaults": 1}


def test_the_front_page_is_plain_html_and_escapes_names(tenant: Tenant) -> None:
    tenant.seed({"tenants": [{"id": TENANT, "displayName": "<script>alert(1)</script>"}]})
    reply = tenant.send("GET", "http://localhost:8080/")
    assert reply.status == 200
    assert reply.media_type.startswith("text/html")
    assert isinstance(reply.body, str)
    assert TENANT in reply.body
    assert "&lt;script&gt;" in reply.body
    assert "<script" not in reply.body
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


def test_pages_are_read_only(tenant: Tenant) -> None:
    assert tenant.send("POST", "http://localhost:8080/health").status == 405


def test_sign_in_is_served_at_localhost_too(tenant: Tenant) -> None:
    assert tenant.send("GET", "http://localhost:8080/common/discovery/keys").status == 200
