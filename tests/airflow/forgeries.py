"""Every wrong ID token that Airflow has to refuse, by what is wrong with it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.airflow.forger import Forgery, Honest

OTHER_TENANT = "c0ffee00-1111-4222-8333-444455556666"
_LONG_AGO = 3600


def _under_another_key(honest: Honest) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(honest.claims, other, algorithm="RS256", headers={"kid": honest.header["kid"]})


def _under_an_unknown_key(honest: Honest) -> str:
    return jwt.encode(honest.claims, honest.key, algorithm="RS256", headers={"kid": "nobody's"})


def _unsigned(honest: Honest) -> str:
    return jwt.encode(honest.claims, "", algorithm="none")


def _signed_with_the_public_key(honest: Honest) -> str:
    """HS256 with the public key as the secret: the classic confusion. PyJWT refuses to make it, so by hand."""
    import hashlib
    import hmac

    public = honest.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": honest.header["kid"]}
    signed = f"{_part(header)}.{_part(honest.claims)}"
    return f"{signed}.{_base64url(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"


def _changed_after_signing(honest: Honest) -> str:
    header, _, signature = honest.signed().split(".")
    return f"{header}.{_part(honest.claims | {'roles': ['Admin']})}.{signature}"


def _part(value: Mapping[str, object]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


FORGERIES: Mapping[str, Forgery] = {
    "another audience": lambda honest: honest.signed(aud=str(uuid4())),
    "several audiences": lambda honest: honest.signed(aud=[honest.claims["aud"], str(uuid4())]),
    "no audience": lambda honest: honest.signed(aud=None),
    "another tenant's issuer": lambda honest: honest.signed(
        iss=f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"
    ),
    "another host's issuer": lambda honest: honest.signed(
        iss=honest.claims["iss"].replace("login.microsoftonline.com", "login.example.com")
    ),
    "no issuer": lambda honest: honest.signed(iss=None),
    "another tenant, right issuer": lambda honest: honest.signed(tid=OTHER_TENANT),
    "no tenant": lambda honest: honest.signed(tid=None),
    "another nonce": lambda honest: honest.signed(nonce="another"),
    "no nonce": lambda honest: honest.signed(nonce=None),
    "another key under the known id": _under_another_key,
    "an unknown key": _under_an_unknown_key,
    "algorithm none": _unsigned,
    "HS256 with the public key": _signed_with_the_public_key,
    "changed after signing": _changed_after_signing,
    "expired": lambda honest: honest.signed(exp=int(time.time()) - _LONG_AGO, iat=int(time.time()) - 2 * _LONG_AGO),
    "no expiry": lambda honest: honest.signed(exp=None),
    "not valid yet": lambda honest: honest.signed(nbf=int(time.time()) + _LONG_AGO),
    "no object id": lambda honest: honest.signed(oid=None),
    "an object id that is none": lambda honest: honest.signed(oid="ada@contoso.com"),
    "version 1.0": lambda honest: honest.signed(ver="1.0"),
    "roles as one text": lambda honest: honest.signed(roles="Admin"),
    "no token at all": lambda honest: "",
    "not a token": lambda honest: "not.a.token",
}
