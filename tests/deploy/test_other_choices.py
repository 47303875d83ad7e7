"""Choices that no shipped stack makes, on the real engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.deploy.deployment import Deployment

pytestmark = pytest.mark.engine


def write_certificate(file: Path) -> str:
    """Write a new certificate as PEM; its thumbprint as Entra shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "airflow")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 -- Entra's own way to name one


def test_a_certificate_instead_of_a_secret_and_its_successor(deployment: Deployment) -> None:
    file = deployment.world.stacks / "airflow.pem"
    thumbprint = write_certificate(file)
    deployment.write("dev", "credential", {"mode": "certificate", "file": "airflow.pem"})
    deployment.up("dev")
    assert deployment.preview("dev") == []
    deployment.pulumi("refresh --yes --skip-preview --expect-no-changes", "dev")
    assert deployment.outputs("dev")["credential"]["thumbprint"] == thumbprint
    (application,) = deployment.live().applications()
    assert len(application["keyCredentials"]) == 1
    assert application["passwordCredentials"] == []

    successor = write_certificate(file)
    deployment.up("dev")
    assert deployment.preview("dev") == []
    assert deployment.outputs("dev")["credential"]["thumbprint"] == successor


def test_a_token_lifetime_policy_that_exists_is_adopted_and_outlives_the_stack(deployment: Deployment) -> None:
    rule = '{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"02:00:00"}}'
    body = {"displayName": "made in the portal", "definition": [rule], "isOrganizationDefault": False}
    policy = deployment.live().graph.post("/policies/tokenLifetimePolicies", body)["id"]
    deployment.edit("local", "tenant", existing={"tokenLifetimePolicy": policy})
    deployment.up()
    assert deployment.preview() == []
    live = deployment.live()
    (application,) = live.applications()
    (assigned,) = live.graph.pages(f"/applications/{application['id']}/tokenLifetimePolicies")
    assert assigned["id"] == policy
    assert "08:00:00" in assigned["definition"][0]
    deployment.pulumi("destroy --yes --skip-preview")
    assert [one["id"] for one in live.graph.pages("/policies/tokenLifetimePolicies")] == [policy]


def test_an_organisation_default_that_wins_is_told(deployment: Deployment) -> None:
    rule = '{"TokenLifetimePolicy":{"Version":1,"AccessTokenLifetime":"01:00:00"}}'
    body = {"displayName": "everybody's", "definition": [rule], "isOrganizationDefault": True}
    deployment.live().graph.post("/policies/tokenLifetimePolicies", body)
    assert "everybody's" in deployment.up()
    (warning,) = [text for text in deployment.outputs()["warnings"] if "everybody's" in text]
    assert "wins over" in warning
