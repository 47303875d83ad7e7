"""Every wrong ID token that Airflow has to refuse, by what is wrong with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.airflow.forger import Forgery, Honest
from tests.airflow.people import ADMIN

_LOGIN = "https://login.microsoftonline.com"
OTHER_TENANT = "c0ffee00-1111-4222-8333-444455556666"
_PERSONAL_ACCOUNTS = "9188040d-6c67-4c5b-b112-36a304b66dad"  # the tenant of everybody's own Microsoft accounts
_GRAPH = "00000003-0000-0000-c000-000000000000"
_LONG_AGO = 3600


@cache
def _forgers_key() -> rsa.RSAPrivateKey:
    """Short, so that a header that carries it is not refused for its length alone."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505


def _forged(honest: Honest, header: dict[str, Any], **claims: Any) -> str:
    """Under the forger's own key; a header of None is left out."""
    signed = _signing_input({"alg": "RS256", "typ": "JWT", "kid": honest.header["kid"]} | header, honest, claims)
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(signed.encode(), _forgers_key())
    return f"{signed}.{_base64url(signature)}"


def _headed(honest: Honest, algorithm: str = "RS256", **header: Any) -> str:
    """Under the tenant's own key, with another header."""
    return jwt.encode(honest.claims, honest.key, algorithm=algorithm, headers={"kid": honest.header["kid"]} | header)


def _own_key(name: str) -> dict[str, Any]:
    """The forger's public key, as a header may carry it."""
    key: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(_forgers_key().public_key(), as_dict=True)
    return {name: key | {"use": "sig", "alg": "RS256"}}


def _unsigned(honest: Honest) -> str:
    return jwt.encode(honest.claims, "", algorithm="none")


def _none_with_a_signature(honest: Honest) -> str:
    signature = honest.signed().rpartition(".")[2]
    return f"{_signing_input({'alg': 'none', 'kid': honest.header['kid']}, honest, {})}.{signature}"


def _signed_with_the_public_key(honest: Honest) -> str:
    """HS256 with the public key as the secret: the classic confusion. PyJWT refuses to make it, so by hand."""
    public = honest.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = _signing_input({"alg": "HS256", "typ": "JWT", "kid": honest.header["kid"]}, honest, {})
    return f"{signed}.{_base64url(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"


def _signed_with_another_kind_of_key(honest: Honest) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(honest.claims, key, algorithm="ES256", headers={"kid": honest.header["kid"]})


def _changed_after_signing(honest: Honest, **changes: Any) -> str:
    header, _, signature = honest.signed().split(".")
    return f"{header}.{_part(honest.claims | changes)}.{signature}"


def _without_signature(honest: Honest) -> str:
    return honest.signed().rpartition(".")[0] + "."


def _encrypted(honest: Honest) -> str:
    """A JWE: nobody who can verify it, but a library may try."""
    header = _part({"alg": "dir", "enc": "A256GCM", "cty": "JWT", "kid": honest.header["kid"]})
    nonce = os.urandom(12)
    sealed = AESGCM(os.urandom(32)).encrypt(nonce, honest.signed().encode(), header.encode())
    return f"{header}..{_base64url(nonce)}.{_base64url(sealed[:-16])}.{_base64url(sealed[-16:])}"


def _signing_input(header: dict[str, Any], honest: Honest, claims: dict[str, Any]) -> str:
    kept = {name: value for name, value in header.items() if value is not None}
    return f"{_part(kept)}.{_part(honest.claims | claims)}"


def _part(value: Mapping[str, object]) -> str:
    return _base64url(json.dumps(value).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _version_1(honest: Honest) -> str:
    return honest.signed(iss=f"https://sts.windows.net/{honest.claims['tid']}/", ver="1.0")


FORGERIES: Mapping[str, Forgery] = {
    # for somebody else
    "another audience": lambda honest: honest.signed(aud=str(uuid4())),
    "another application's token": lambda honest: honest.signed(aud=(other := str(uuid4())), azp=other),
    "another application's token, given to this one": lambda honest: honest.signed(
        aud=str(uuid4()), azp=honest.claims["aud"]
    ),
    "a token for Graph": lambda honest: honest.signed(aud=_GRAPH, azp=honest.claims["aud"]),
    "several audiences": lambda honest: honest.signed(aud=[honest.claims["aud"], str(uuid4())]),
    "several audiences, given to this one": lambda honest: honest.signed(
        aud=[honest.claims["aud"], str(uuid4())], azp=honest.claims["aud"]
    ),
    "the audience in a list": lambda honest: honest.signed(aud=[honest.claims["aud"]]),
    "no audience": lambda honest: honest.signed(aud=None),
    # from somebody else
    "another tenant's issuer": lambda honest: honest.signed(iss=f"{_LOGIN}/{OTHER_TENANT}/v2.0"),
    "another tenant's token": lambda honest: honest.signed(iss=f"{_LOGIN}/{OTHER_TENANT}/v2.0", tid=OTHER_TENANT),
    "a personal account's token": lambda honest: honest.signed(
        iss=f"{_LOGIN}/{_PERSONAL_ACCOUNTS}/v2.0", tid=_PERSONAL_ACCOUNTS
    ),
    "another host's issuer": lambda honest: honest.signed(
        iss=honest.claims["iss"].replace("login.microsoftonline.com", "login.example.com")
    ),
    "the issuer of all tenants": lambda honest: honest.signed(iss=f"{_LOGIN}/{{tenantid}}/v2.0"),
    "the issuer with a slash behind it": lambda honest: honest.signed(iss=honest.claims["iss"] + "/"),
    "the issuer in a list": lambda honest: honest.signed(iss=[honest.claims["iss"]]),
    "no issuer": lambda honest: honest.signed(iss=None),
    "another tenant, right issuer": lambda honest: honest.signed(tid=OTHER_TENANT),
    "no tenant": lambda honest: honest.signed(tid=None),
    "version 1.0": lambda honest: honest.signed(ver="1.0"),
    "version 1.0 with its issuer": _version_1,
    "no version": lambda honest: honest.signed(ver=None),
    # of another sign-in
    "another nonce": lambda honest: honest.signed(nonce="another"),
    "another person's token, of their own sign-in": lambda honest: honest.signed(
        oid=ADMIN.object_id, nonce="another", roles=["Admin"]
    ),
    "no nonce": lambda honest: honest.signed(nonce=None),
    "an empty nonce": lambda honest: honest.signed(nonce=""),
    "the nonce in a list": lambda honest: honest.signed(nonce=[honest.claims["nonce"]]),
    # signed by somebody else
    "another key under the known id": lambda honest: _forged(honest, {}),
    "another key, an unknown id": lambda honest: _forged(honest, {"kid": "nobody's"}),
    "another key, an empty id": lambda honest: _forged(honest, {"kid": ""}),
    "another key, no id": lambda honest: _forged(honest, {"kid": None}),
    "another key, which the token carries (jwk)": lambda honest: _forged(honest, _own_key("jwk")),
    "another key, carried, no id": lambda honest: _forged(honest, _own_key("jwk") | {"kid": None}),
    "another key, which the token names (jku)": lambda honest: _forged(
        honest, {"jku": "http://localhost:9/keys", "kid": "forger"}
    ),
    "another person, under another key, with this nonce": lambda honest: _forged(
        honest, {}, oid=ADMIN.object_id, roles=["Admin"]
    ),
    "an unknown key": lambda honest: _headed(honest, kid="nobody's"),
    "another kind of key": _signed_with_another_kind_of_key,
    "algorithm none": _unsigned,
    "algorithm none, with a signature": _none_with_a_signature,
    "HS256 with the public key": _signed_with_the_public_key,
    "RS512 under the right key": lambda honest: _headed(honest, "RS512"),
    "PS256 under the right key": lambda honest: _headed(honest, "PS256"),
    "a critical header that nobody knows": lambda honest: _headed(honest, crit=["exp"], exp=1),
    "no signature": _without_signature,
    "roles added after signing": lambda honest: _changed_after_signing(honest, roles=["Admin"]),
    "another person after signing": lambda honest: _changed_after_signing(honest, oid=ADMIN.object_id),
    "encrypted": _encrypted,
    # out of time
    "expired": lambda honest: honest.signed(exp=int(time.time()) - _LONG_AGO, iat=int(time.time()) - 2 * _LONG_AGO),
    "no expiry": lambda honest: honest.signed(exp=None),
    "an expiry in words": lambda honest: honest.signed(exp="never"),
    "not valid yet": lambda honest: honest.signed(nbf=int(time.time()) + _LONG_AGO),
    "issued in the future": lambda honest: honest.signed(iat=int(time.time()) + _LONG_AGO),
    # of nobody
    "no object id": lambda honest: honest.signed(oid=None),
    "an object id that is none": lambda honest: honest.signed(oid="ada@contoso.com"),
    "roles as one text": lambda honest: honest.signed(roles="Admin"),
    "roles as an object": lambda honest: honest.signed(roles={"Admin": True}),
    "no token at all": lambda honest: "",
    "not a token": lambda honest: "not.a.token",
}
"""Those under the tenant's own key could come from the tenant itself, for another purpose; the others from anybody."""
