"""The tenant's own keys: those that sign tokens, those that seal secrets and forms; and how passwords are hashed.

Keys are files of mode 0600 in the state folder, made when first needed (an RSA key takes too long for the start).
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import UUID

import jwt
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from entra_local import clock
from entra_local.files import write_private
from entra_local.wire import JsonObject

_SIGNING = "signing.pem"
_KEPT = 3
"""How many retired keys stay listed: a token lives one day at most, so nobody misses older ones."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RS256 key; its `id` is the `kid` in a token's header."""

    private: rsa.RSAPrivateKey
    id: str

    @classmethod
    def read(cls, path: Path) -> "SigningKey":
        """The key in a PEM file. Raises TypeError when it is no RSA key."""
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{path} is not an RSA key")
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(key, base64.urlsafe_b64encode(hashlib.sha256(public).digest()).decode().rstrip("="))

    @property
    def jwk(self) -> JsonObject:
        """The public half, as a JWKS lists it."""
        numbers = self.private.public_key().public_numbers()
        names = {"kty": "RSA", "use": "sig", "kid": self.id, "x5t": self.id}
        return names | {"n": _base64url(numbers.n), "e": _base64url(numbers.e)}


class Keys:
    """Keys below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: tuple[tuple[int, int], list[SigningKey]] | None = None

    def sign(self, claims: JsonObject, key: SigningKey | None = None) -> str:
        """A token signed with a key, unless given with the current one."""
        key = key or self.signing_keys[0]
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.id})

    def of_application(self, app_id: str) -> SigningKey:
        """The key of one application's own, made when first asked for: its certificate stands for it in Graph."""
        path = self._folder / f"application-{UUID(app_id)}.pem"
        if not path.exists():
            write_private(path, _new_key())
        return SigningKey.read(path)

    def public(self, kid: object) -> rsa.RSAPublicKey | None:
        """The public key of this id, current or retired."""
        return next((key.private.public_key() for key in self.signing_keys if key.id == kid), None)

    @property
    def signing_keys(self) -> list[SigningKey]:
        """The key that signs, then those that it replaced; another process may have rotated them a moment ago."""
        path = self._folder / _SIGNING
        if not path.exists():
            write_private(path, _new_key())
        state = path.stat()
        version = (state.st_ino, state.st_mtime_ns)
        if self._loaded is None or self._loaded[0] != version:
            self._loaded = version, [SigningKey.read(file) for file in (path, *self._retired())]
        return self._loaded[1]

    def rotate(self) -> str:
        """Sign with a new key from now on; the old one stays listed, so what it signed is still good.

        Returns the new key's id.
        """
        path = self._folder / _SIGNING
        if path.exists():
            # The copy first: a reader must never see the new key without the old one.
            number = 1 + max((int(file.stem.partition("-")[2]) for file in self._retired()), default=0)
            write_private(self._folder / f"retired-{number:06}.pem", path.read_bytes())
        write_private(path, _new_key())
        for old in self._retired()[_KEPT:]:
            old.unlink()
        return self.signing_keys[0].id

    def _retired(self) -> list[Path]:
        """Newest first."""
        return sorted(self._folder.glob("retired-*.pem"), reverse=True)

    def seal(self, value: str) -> str:
        """Encrypt a Key Vault secret's value for the SQLite file."""
        return self._box.encrypt(value.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """The value that `seal` was given. Raises cryptography.fernet.InvalidToken for another key's."""
        return self._box.decrypt(sealed.encode()).decode()

    def ticket(self, content: JsonObject) -> str:
        """What a form carries from one request to the next: nobody else can read, make or change it."""
        return self._tickets.encrypt_at_time(json.dumps(content).encode(), clock.seconds()).decode()

    def read_ticket(self, ticket: str, seconds: int | None) -> JsonObject | None:
        """What `ticket` was given, or None when it is not ours or older than `seconds`; None: of any age."""
        try:
            if seconds is None:
                opened = self._tickets.decrypt(ticket.encode())
            else:
                opened = self._tickets.decrypt_at_time(ticket.encode(), seconds, clock.seconds())
            content: JsonObject = json.loads(opened)
        except InvalidToken:
            return None
        return content

    @cached_property
    def _box(self) -> Fernet:
        return self._symmetric("vault.key")

    @cached_property
    def _tickets(self) -> Fernet:
        return self._symmetric("tickets.key")

    def _symmetric(self, name: str) -> Fernet:
        path = self._folder / name
        if not path.exists():
            write_private(path, Fernet.generate_key())
        return Fernet(path.read_bytes())


def _new_key() -> bytes:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def hash_secret(secret: str) -> str:
    """A salted scrypt hash of a client secret or a password, `salt$hash` in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_scrypt(secret, salt).hex()}"


def secret_matches(secret: str, hashed: str) -> bool:
    """Compare a secret with its hash in constant time."""
    salt, _, digest = hashed.partition("$")
    return secrets.compare_digest(_scrypt(secret, bytes.fromhex(salt)).hex(), digest)


def _scrypt(secret: str, salt: bytes) -> bytes:
    # 4 MB and about 10 ms: a sign-in must stay quick on a laptop.
    return hashlib.scrypt(secret.encode(), salt=salt, n=2**12, r=8, p=1)


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
