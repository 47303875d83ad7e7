"""The tenant's certificate authority, which can vouch for the tenant's own names and nothing else.

Name constraints limit it: even a stolen key can't make a certificate for another site that a client accepts.
"""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from entra_local import clock
from entra_local.azure import BLOB_DOMAIN, GRAPH_HOST, LOGIN_HOST, RESOURCE_MANAGER_HOST, VAULT_DOMAIN
from entra_local.files import write_private

DOMAINS = (LOGIN_HOST, GRAPH_HOST, RESOURCE_MANAGER_HOST, VAULT_DOMAIN, BLOB_DOMAIN, "localhost")
"""What certificates may name; a permitted domain covers its subdomains, which is how vaults and accounts are named."""
LOOPBACK = "127.0.0.0/8"
"""Without a permitted IP subtree, Go and OpenSSL would accept any address."""

_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 397  # Apple's and Chromium's limit for a server certificate
_RENEW_DAYS = 30


@dataclass(frozen=True)
class Authority:
    """Where the certificates lie: `ca/ca.pem` is the one to trust."""

    folder: Path

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def context(self) -> ssl.SSLContext:
        """A server context for all of the tenant's names; makes what is missing and renews what is about to expire."""
        if not _fresh(self.ca_file) or not _permits_all(self.ca_file):
            _write_pair(self.folder / "ca", *_make_authority())
            (self.folder / "server.pem").unlink(missing_ok=True)
        if not _fresh(self.folder / "server.pem"):
            names = [*DOMAINS, f"*.{VAULT_DOMAIN}", f"*.{BLOB_DOMAIN}"]
            _write_pair(self.folder / "server", *issue(self, names))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        context.set_alpn_protocols(["http/1.1"])
        return context


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def issue(authority: Authority, names: list[str]) -> Pair:
    """A server certificate signed by the authority; whether a client accepts its names is up to the constraints."""
    ca = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    ca_key = serialization.load_pem_private_key((authority.folder / "ca.key").read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is not an elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name(names[0]), ca.subject, key, _SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [*(x509.DNSName(name) for name in names), x509.IPAddress(ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    return certificate, key


def _make_authority() -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("airflow-entra local tenant")
    permitted = [*(x509.DNSName(domain) for domain in DOMAINS), x509.IPAddress(ip_network(LOOPBACK))]
    certificate = (
        _builder(name, name, key, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # An hour ago: the clock of a container may lag behind.
        .not_valid_before(clock.now() - timedelta(hours=1))
        .not_valid_after(clock.now() + timedelta(days=days) - timedelta(hours=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_pair(stem: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    # The key first: a certificate without its key would look complete after a crash.
    write_private(
        stem.with_suffix(".key"),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write_private(stem.with_suffix(".pem"), certificate.public_bytes(serialization.Encoding.PEM))


def _permits_all(path: Path) -> bool:
    """Whether an authority was made for all of today's names."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    return {name.value for name in constraints.permitted_subtrees or ()} >= set(DOMAINS)


def _fresh(path: Path) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.not_valid_after_utc > clock.now() + timedelta(days=_RENEW_DAYS)
