"""What Airflow proves itself to Entra with, in all modes, and what it says when it can't."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from airflow_entra_auth.credential import JWT_BEARER, ClientCredential, CredentialError
from airflow_entra_auth.rules import Certificate, Credential, EnvironmentSecret, FederatedToken
from tests.auth.sign_on import CLIENT, TENANT

ENDPOINT = f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
LOCAL = f"http://localhost:8400/{TENANT}/oauth2/v2.0/token"
FORM = "grant_type=authorization_code&code=c%2B1&redirect_uri=https%3A%2F%2Fairflow.contoso.com%2Fauth"
SECRET = "s3cret~+&=%ü"


def posted(credential: Credential, uri: str = ENDPOINT, body: str | bytes | None = FORM) -> dict[str, str]:
    """What is posted to the token endpoint, each field once."""
    headers = {"Content-Length": "1", "Accept": "application/json"}
    found = ClientCredential.of(credential)(SimpleNamespace(client_id=CLIENT), "POST", uri, headers, body)
    assert found[0] == uri
    assert found[1] == {"Content-Length": str(len(found[2].encode())), "Accept": "application/json"}
    form = parse_qs(found[2], strict_parsing=True)
    assert all(len(values) == 1 for values in form.values())
    return {name: values[0] for name, values in form.items()}


def refusal(credential: Credential) -> str:
    with pytest.raises(CredentialError) as caught:
        posted(credential)
    return str(caught.value)


@pytest.mark.parametrize("body", [FORM, FORM.encode(), f"{FORM}&client_id=other&client_secret="])
def test_a_secret_is_added_to_the_form_once(monkeypatch: pytest.MonkeyPatch, body: str | bytes) -> None:
    monkeypatch.setenv("THE_SECRET", SECRET + "\n")
    assert posted(EnvironmentSecret("THE_SECRET"), body=body) == {
        "grant_type": "authorization_code",
        "code": "c+1",
        "redirect_uri": "https://airflow.contoso.com/auth",
        "client_id": CLIENT,
        "client_secret": SECRET,
    }


@pytest.mark.parametrize("body", ["", None, b""])
def test_an_empty_form_is_no_matter(monkeypatch: pytest.MonkeyPatch, body: str | bytes | None) -> None:
    monkeypatch.setenv("THE_SECRET", SECRET)
    assert posted(EnvironmentSecret("THE_SECRET"), body=body) == {"client_id": CLIENT, "client_secret": SECRET}


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_SECRET", raising=False)
    assert "THE_SECRET is not set" in refusal(EnvironmentSecret("THE_SECRET"))
    monkeypatch.setenv("THE_SECRET", "  ")
    assert "THE_SECRET is empty" in refusal(EnvironmentSecret("THE_SECRET"))


def test_a_refused_secret_of_the_environment_has_no_successor() -> None:
    assert not ClientCredential.of(EnvironmentSecret("THE_SECRET")).refused()


def test_a_credential_never_shows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_SECRET", SECRET)
    credential = ClientCredential.of(EnvironmentSecret("THE_SECRET"))
    credential(SimpleNamespace(client_id=CLIENT), "POST", ENDPOINT, {}, FORM)
    assert repr(credential) == "ClientCredential(secret in THE_SECRET)"
    assert SECRET not in str(vars(credential))


def test_the_platforms_token_is_read_for_each_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    for token in ("h.one.s", "h.two.s"):
        file.write_text(token + "\n")
        sent = posted(FederatedToken(None))
        assert (sent["client_assertion_type"], sent["client_assertion"]) == (JWT_BEARER, token)
        assert "client_secret" not in sent
    other = tmp_path / "other"
    other.write_text("h.three.s")
    assert posted(FederatedToken(str(other)))["client_assertion"] == "h.three.s"


def test_a_platforms_token_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE", raising=False)
    assert "AZURE_FEDERATED_TOKEN_FILE is not set" in refusal(FederatedToken(None))
    assert f"{tmp_path / 'none'} can't be read: No such file" in refusal(FederatedToken(str(tmp_path / "none")))
    (tmp_path / "wrong").write_text("not-a-token hunter2")
    says = refusal(FederatedToken(str(tmp_path / "wrong")))
    assert "holds no token" in says
    assert "hunter2" not in says


def pair(folder: Path, *, days: int = 90, name: str = "airflow") -> tuple[Certificate, rsa.RSAPrivateKey, bytes]:
    """A key and its self-signed certificate in PEM files, and the certificate's DER."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = datetime.now(UTC) + timedelta(days=days)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(end - timedelta(days=365)).not_valid_after(end)
    certificate = builder.sign(key, hashes.SHA256())
    key_file, certificate_file = folder / f"{name}.key", folder / f"{name}.pem"
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    return Certificate(str(key_file), str(certificate_file)), key, certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("uri", [ENDPOINT, LOCAL])
def test_a_certificate_signs_an_assertion_for_entra_alone(tmp_path: Path, uri: str) -> None:
    credential, key, der = pair(tmp_path)
    sent = posted(credential, uri)
    assertion = sent["client_assertion"]
    assert sent["client_assertion_type"] == JWT_BEARER
    claims = jwt.decode(assertion, key.public_key(), algorithms=["PS256"], audience=ENDPOINT, issuer=CLIENT)
    assert claims["sub"] == CLIENT
    assert claims["exp"] - claims["iat"] == 600
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
    header = jwt.get_unverified_header(assertion)
    assert (header["alg"], header["x5t#S256"]) == ("PS256", thumbprint)
    again = jwt.decode(
        posted(credential)["client_assertion"], key.public_key(), algorithms=["PS256"], audience=ENDPOINT
    )
    assert again["jti"] != claims["jti"]


def test_a_key_pair_that_cannot_sign_is_named(tmp_path: Path) -> None:
    right, _, _ = pair(tmp_path)
    other, _, _ = pair(tmp_path, name="other")
    expired, _, _ = pair(tmp_path, name="expired", days=-1)
    elliptic = tmp_path / "ec.key"
    key = ec.generate_private_key(ec.SECP256R1())
    elliptic.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("hunter2")

    assert "is not the certificate of the key" in refusal(Certificate(right.private_key_file, other.certificate_file))
    assert "expired on" in refusal(expired)
    assert "not an RSA key" in refusal(Certificate(str(elliptic), right.certificate_file))
    assert "no PEM private key" in refusal(Certificate(str(wrong), right.certificate_file))
    assert "no PEM certificate" in refusal(Certificate(right.private_key_file, str(wrong)))
    missing = str(tmp_path / "none.key")
    assert f"The private key {missing} can't be read" in refusal(Certificate(missing, right.certificate_file))
    assert "hunter2" not in refusal(Certificate(str(wrong), str(wrong)))
