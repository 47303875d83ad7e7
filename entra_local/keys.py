"""The tenant's own keys: the one that signs tokens, the one that seals secrets; and how client secrets are hashed.

Keys are files of mode 0600 in the state folder, made when first needed (an RSA key takes too long for the start).
"""

import base64
import hashlib
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from entra_local.files import write_private
from entra_local.wire import JsonObject


class Keys:
    """Keys below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def signing(self) -> rsa.RSAPrivateKey:
        """The RS256 key of every token."""
        path = self._folder / "signing.pem"
        if not path.exists():
            made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            write_private(
                path,
                made.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                ),
            )
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} is not an RSA key")
        return key

    @cached_property
    def signing_id(self) -> str:
        """The `kid` of the signing key: a digest of its public half."""
        public = self.signing.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.urlsafe_b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")

    @cached_property
    def jwk(self) -> JsonObject:
        """The public half, as a JWKS lists it."""
        numbers = self.signing.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.signing_id,
            "x5t": self.signing_id,
            "n": _base64url(numbers.n),
            "e": _base64url(numbers.e),
        }

    def seal(self, value: str) -> str:
        """Encrypt a Key Vault secret's value for the SQLite file."""
        return self._box.encrypt(value.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The value that `seal` was given. Raises cryptography.fernet.InvalidToken for another key's."""
        return self._box.decrypt(sealed.encode()).decode()

    @cached_property
    def _box(self) -> Fernet:
        path = self._folder / "vault.key"
        if not path.exists():
            write_private(path, Fernet.generate_key())
        return Fernet(path.read_bytes())


def hash_secret(secret: str) -> str:
    """A salted scrypt hash of a client secret, `salt$hash` in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(secret, salt).hex()}"


def secret_matches(secret: str, hashed: str) -> bool:
    """Compare a client secret with its hash in constant time."""
    salt, _, digest = hashed.partition("$")
    return secrets.compare_digest(_scrypt(secret, bytes.fromhex(salt)).hex(), digest)


def _scrypt(secret: str, salt: bytes) -> bytes:
    # 4 MB and about 10 ms: a sign-in must stay quick on a laptop.
    return hashlib.scrypt(secret.encode(), salt=salt, n=2**12, r=8, p=1)


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
