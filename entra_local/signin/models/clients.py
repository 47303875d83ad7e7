"""Who an application is: its secret, its certificate or another issuer's word for it, checked."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from entra_local import clock
from entra_local.azure import LOGIN
from entra_local.graph.models.credentials import federated
from entra_local.keys import secret_matches
from entra_local.signin import exceptions as errors
from entra_local.store import EVERYWHERE, Directory
from entra_local.wire import JsonObject

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["RS256", "PS256", "ES256"]


@dataclass(frozen=True, slots=True)
class Client:
    """An application and its service principal, which is enabled."""

    application: JsonObject
    principal: JsonObject

    @property
    def app_id(self) -> str:
        return str(self.application["appId"])

    @property
    def name(self) -> str:
        return str(self.application["displayName"])


def find_client(directory: Directory, app_id: str) -> Client:
    """The application of this id in the tenant. Raises UnknownApplication or DisabledApplication."""
    applications = directory.find("application", "appId", app_id)
    principals = directory.find("servicePrincipal", "appId", app_id)
    if not applications or not principals:
        raise errors.UnknownApplication(app_id, directory.tenant)
    if not principals[0].body["accountEnabled"]:
        raise errors.DisabledApplication(app_id)
    return Client(applications[0].body, principals[0].body)


def with_basic(form: Mapping[str, str], authorization: str | None) -> Mapping[str, str]:
    """The form with the client id and secret of a Basic Authorization header, where there is one.

    Raises MalformedCredential when it says something else than the form.
    """
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise errors.MalformedCredential from error
    app_id, _, secret = map(unquote_plus, decoded.partition(":"))
    if form.get("client_id", app_id) != app_id or "client_secret" in form:
        raise errors.MalformedCredential
    return {**form, "client_id": app_id, "client_secret": secret}


def authenticate(directory: Directory, form: Mapping[str, str], origin: str) -> Client:
    """The application that a token request proves to come from. Raises SignInError.

    `origin` is where the caller found the tenant: a certificate's assertion may be meant for there.
    """
    if not form.get("client_id"):
        raise errors.MissingParameter("client_id")
    client = find_client(directory, form["client_id"])
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise errors.MissingParameter("client_assertion_type")
        _check_assertion(directory, client.application, form["client_assertion"], origin)
    elif form.get("client_secret"):
        _check_secret(directory, client.application, form["client_secret"])
    elif form.get("grant_type") == "client_credentials":
        raise errors.MissingCredential
    else:
        raise errors.PublicClient
    return client


def _check_secret(directory: Directory, application: JsonObject, secret: str) -> None:
    expired = False
    for password in application["passwordCredentials"]:
        stored = directory.get("passwordHash", password["keyId"])
        # The hint is public (Graph shows it); it spares most of the slow hashes.
        if stored is None or password["hint"] != secret[:3] or not secret_matches(secret, stored.body["hash"]):
            continue
        if clock.parse(password["startDateTime"]) <= clock.now() < clock.parse(password["endDateTime"]):
            return
        expired = True
    raise errors.ExpiredSecret(application["appId"]) if expired else errors.InvalidSecret(application["appId"])


def _check_assertion(directory: Directory, application: JsonObject, assertion: str, origin: str) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise errors.InvalidAssertion("The assertion is not a JWT.") from error
    if claims.get("iss") == application["appId"]:
        _check_certificate(directory, application, assertion, header, origin)
    else:
        _check_federated(directory, application, assertion, header, claims)


def _check_certificate(
    directory: Directory, application: JsonObject, assertion: str, header: JsonObject, origin: str
) -> None:
    certificate = _named_certificate(application, header)
    if certificate is None:
        raise errors.InvalidAssertion("The certificate that signed it is not registered on the application.")
    bases = [f"{host}/{directory.tenant}" for host in {LOGIN, origin}]
    audiences = [base + path for base in bases for path in ("/oauth2/v2.0/token", "/v2.0", "/oauth2/token")]
    _verify(assertion, certificate.public_key(), audiences, subject=application["appId"])


def _named_certificate(application: JsonObject, header: JsonObject) -> x509.Certificate | None:
    """The registered certificate that the header's thumbprint names, if it is valid now."""
    named = {str(header[name]).rstrip("=") for name in ("x5t", "x5t#S256", "kid") if header.get(name)}
    for key in application["keyCredentials"]:
        certificate = x509.load_der_x509_certificate(base64.b64decode(key["key"]))
        digests = [certificate.fingerprint(kind) for kind in (hashes.SHA1(), hashes.SHA256())]  # noqa: S303
        thumbprints = {base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests}
        thumbprints |= {digest.hex().upper() for digest in digests}
        if named & thumbprints and clock.parse(key["startDateTime"]) <= clock.now() < clock.parse(key["endDateTime"]):
            return certificate
    return None


def _check_federated(
    directory: Directory, application: JsonObject, assertion: str, header: JsonObject, claims: JsonObject
) -> None:
    issuer, subject, audience = (claims.get(name, "") for name in ("iss", "sub", "aud"))
    credential = _trusting(directory, application, str(issuer), str(subject), audience)
    known = Directory(directory.connection, EVERYWHERE).get("issuer", credential["issuer"])
    if known is None:
        raise errors.UnreachableIssuer
    try:
        keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(known.body["jwks"]).keys}
    except jwt.PyJWKSetError as error:
        raise errors.UnreachableIssuer from error
    key = keys.get(header.get("kid"))
    if key is None:
        raise errors.InvalidAssertion("The issuer has no key of this id.")
    _verify(assertion, key.key, credential["audiences"], subject=credential["subject"])


def _trusting(
    directory: Directory, application: JsonObject, issuer: str, subject: str, audience: str | list[str]
) -> JsonObject:
    """The federated credential that takes such an assertion: Entra compares exactly, case included."""
    known = federated(directory, application["id"])
    if not known:
        raise errors.NoFederatedCredential(application["appId"], application["displayName"])
    of_issuer = [credential for credential in known if credential["issuer"] == issuer]
    if not of_issuer:
        raise errors.NoFederatedMatch("issuer", issuer)
    of_subject = [credential for credential in of_issuer if credential["subject"] == subject]
    if not of_subject:
        alike = any(str(credential["subject"]).lower() == subject.lower() for credential in of_issuer)
        raise errors.NoFederatedMatch("subject", subject, but_for_case=alike)
    audiences = audience if isinstance(audience, list) else [audience]
    taking = [credential for credential in of_subject if credential["audiences"][0] in audiences]
    if not taking:
        raise errors.NoFederatedMatch("audience", str(audience))
    return taking[0]


def _verify(assertion: str, key: Any, audiences: list[str], *, subject: str) -> None:
    try:
        jwt.decode(
            assertion,
            key,
            algorithms=_ALGORITHMS,
            audience=audiences,
            subject=subject,
            options={"require": ["exp", "sub"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise errors.AssertionOutOfTime from error
    except (jwt.InvalidTokenError, TypeError, ValueError) as error:
        # TypeError and ValueError: the key is of another family than the header's algorithm.
        raise errors.InvalidAssertion("Its signature, audience or subject is wrong.") from error
