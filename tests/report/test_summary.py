from collections.abc import Mapping

from airflow_entra.report.summary import summary

OUTPUTS = {
    "tenantId": "7a0c",
    "clientId": "c1",
    "airflow": [{"version": "3.3", "url": "https://a.b", "redirectUri": "https://a.b/r", "logoutUrl": "https://a.b/l"}],
    "tokenLifetime": "8h",
    "airflowSession": "8h",
    "credential": {
        "mode": "vaultSecret",
        "secretUri": "https://kv.vault.azure.net/secrets/s",
        "expires": "2027-03-01T00:00:00Z",
        "slot": "slot-a",
    },
    "roles": {"Admin": [{"group": "admins", "id": "g1", "source": "created"}, {"group": "b", "source": "requested"}]},
    "handOver": {"file": "handover/x.md", "open": ["admin consent"]},
    "warnings": ["sessions outlive tokens"],
}


def shown(outputs: Mapping[str, object], changes: dict[str, int]) -> str:
    return summary("local", outputs, changes)


def test_everything_a_newcomer_looks_for_is_said() -> None:
    text = shown(OUTPUTS, {"create": 4, "same": 1})
    assert "Stack local is deployed: 4 created, 1 unchanged." in text
    for part in ("7a0c", "c1", "https://a.b/r", "https://a.b/l", "8h", "secrets/s", "2027-03-01", "slot-a"):
        assert part in text
    for part in ("Admin", "admins", "g1", "not made yet", "handover/x.md", "admin consent", "sessions outlive tokens"):
        assert part in text


def test_no_change_is_said() -> None:
    assert "No changes: the 12 resources of stack local are as declared." in shown(OUTPUTS, {"same": 12})


def test_other_credentials_and_entras_default_lifetime() -> None:
    federated = {"mode": "federated", "issuer": "https://i", "subject": "s"}
    text = shown({**OUTPUTS, "credential": federated, "tokenLifetime": None}, {})
    clusters = {
        "mode": "federated",
        "trusts": [{"issuer": "https://i", "subject": "s"}, {"issuer": "https://j", "subject": "s"}],
    }
    both = shown({**OUTPUTS, "credential": clusters, "tokenLifetime": None}, {})
    assert "federated with https://i as s" in both
    assert "federated with https://j as s" in both
    assert "No secret" in text
    assert "Entra's own default: 60 to 90 minutes" in text
    certificate = {"mode": "certificate", "thumbprint": "AB12", "expires": "2027"}
    assert "AB12, expires 2027" in shown({**OUTPUTS, "credential": certificate}, {})
