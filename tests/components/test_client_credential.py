from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airflow_entra.access.secret_slots import current
from tests.components.harness import Deploy


def test_two_slots_whose_ends_are_set_once_and_differ(deploy: Deploy) -> None:
    deployed = deploy({"credential.rotateEvery": "90d", "credential.overlap": "7d"})
    slots = {one.name: one for one in deployed.all("ApplicationPassword")}

    assert {name: one.inputs["endDate"] for name, one in slots.items()} == {
        "slot-a": "2026-06-06T12:00:00Z",  # 97 days after the clock of these tests
        "slot-b": "2026-06-06T11:59:59Z",
    }
    assert {one.inputs["displayName"] for one in slots.values()} == {"slot-a", "slot-b"}
    assert {one.ignore_changes for one in slots.values()} == {("endDate",)}
    assert all("endDateRelative" not in one.inputs for one in slots.values())


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2026-06-06T12:00:00Z", "2026-06-06T11:59:59Z", 0),
        ("2026-06-06T12:00:00Z", "2026-06-06T12:00:01Z", 1),
        ("2026-06-06T12:00:00Z", "2026-06-06T12:00:00.5Z", 1),
        ("2026-06-06T12:00:00+02:00", "2026-06-06T11:00:00Z", 1),
        ("2026-06-06T12:00:00Z", "2026-06-06T12:00:00Z", 0),
    ],
)
def test_the_current_slot_is_the_one_that_ends_later(first: str, second: str, expected: int) -> None:
    assert current(first, second) == expected


def test_the_vault_gets_the_current_slots_value_with_its_end(deploy: Deploy) -> None:
    deployed = deploy()
    properties = deployed.one("Secret").inputs["properties"]
    assert properties["value"] == "value of slot-a"
    end = datetime.fromisoformat(deployed.outputs["credential"]["expires"])
    assert properties["attributes"] == {"enabled": True, "expires": end.timestamp()}


def test_a_certificate_is_uploaded_with_its_own_dates(deploy: Deploy, tmp_path: Path) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    pem = certificate(start, end)
    (tmp_path / "airflow.pem").write_bytes(pem)
    deployed = deploy({"credential": {"mode": "certificate", "file": "airflow.pem"}})

    uploaded = deployed.one("ApplicationCertificate").inputs
    assert uploaded["value"] == pem.decode()
    assert (uploaded["startDate"], uploaded["endDate"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    thumbprint = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303
    assert deployed.outputs["credential"] == {
        "mode": "certificate",
        "thumbprint": thumbprint,
        "expires": "2027-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_ends_the_run_in_a_sentence(deploy: Deploy, tmp_path: Path, text: str) -> None:
    (tmp_path / "airflow.pem").write_text(text)
    with pytest.raises(pulumi.RunError, match=r"airflow\.pem.*no PEM certificate"):
        deploy({"credential": {"mode": "certificate", "file": "airflow.pem"}})


def test_federation_keeps_no_secret(deploy: Deploy) -> None:
    trust = {"issuer": "https://issuer.contoso.com/", "subject": "airflow"}
    deployed = deploy({"credential": {"mode": "federated", "federated": trust}})

    inputs = deployed.one("ApplicationFederatedIdentityCredential").inputs
    assert inputs["audiences"] == ["api://AzureADTokenExchange"]
    assert (inputs["issuer"], inputs["subject"], inputs["displayName"]) == (*trust.values(), "airflow")
    assert deployed.outputs["credential"] == {"mode": "federated", **trust}
    assert deployed.all("Secret") == deployed.all("ApplicationPassword") == []


CLUSTERS = [
    {"issuer": "https://west.contoso.com/", "subject": "airflow"},
    {"issuer": "https://north.contoso.com/", "subject": "airflow", "name": "north"},
]


def test_several_clusters_are_trusted_and_the_first_keeps_the_credential_that_it_always_had(deploy: Deploy) -> None:
    deployed = deploy({"credential": {"mode": "federated", "federated": CLUSTERS}})
    made = {one.name: one.inputs for one in deployed.all("ApplicationFederatedIdentityCredential")}
    assert {name: (one["issuer"], one["displayName"]) for name, one in made.items()} == {
        "federated": ("https://west.contoso.com/", "airflow"),
        "federated-north": ("https://north.contoso.com/", "airflow-north"),
    }
    said = [{"issuer": one["issuer"], "subject": one["subject"]} for one in CLUSTERS]
    assert deployed.outputs["credential"] == {"mode": "federated", "trusts": said}


def test_the_cluster_that_stays_keeps_its_credential_when_the_other_one_goes(deploy: Deploy) -> None:
    for federated in (CLUSTERS[1:], CLUSTERS[1]):
        deployed = deploy({"credential": {"mode": "federated", "federated": federated}})
        assert [one.name for one in deployed.all("ApplicationFederatedIdentityCredential")] == ["federated-north"]


def certificate(start: datetime, end: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "airflow")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
