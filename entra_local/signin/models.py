"""Who an application is: its secret, its certificate or another issuer's word for it, checked."""

import base64
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from entra_local import clock
from entra_local.graph.models.credentials import federated
from entra_local.graph.models.grants import role_values
from entra_local.keys import Keys, secret_matches
from entra_local.signin import exceptions as errors
from entra_local.store import EVERYWHERE, Directory, Transaction
from entra_local.tokens import LIFETIME, issue
from entra_local.wire import JsonObject

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_DNS_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

_AZURE = {
    # Resources that have no service principal in the tenant: what a scope may say, and the token's audience.
    "https://management.azure.com": "https://management.azure.com",
    "https://management.core.windows.net": "https://management.core.windows.net",
    "https://vault.azure.net": "https://vault.azure.net",
}
_GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
_GRAPH = ("https://graph.microsoft.com", _GRAPH_APP_ID)


def find_tenant(store: Transaction, name: str) -> JsonObject:
    """The tenant of this id or domain. Raises InvalidTenant or TenantNotFound."""
    everywhere = store.of(EVERYWHERE)
    found = everywhere.get("tenant", name)
    if found is not None:
        return found.body
    for tenant in everywhere.scan("tenant"):
        if tenant.body["domain"].lower() == name.lower():
            return tenant.body
    if not _is_uuid(name) and not _DNS_NAME.fullmatch(name):
        raise errors.InvalidTenant(name)
    raise errors.TenantNotFound(name)


def client_credentials(directory: Directory, keys: Keys, form: Mapping[str, str]) -> JsonObject:
    """The token response for an application that proves who it is. Raises SignInError."""
    for required in ("client_id", "scope"):
        if not form.get(required):
            raise errors.MissingParameter(required)
    application, principal = _client(directory, form["client_id"])
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise errors.MissingParameter("client_assertion_type")
        _check_assertion(directory, application, form["client_assertion"])
    elif form.get("client_secret"):
        _check_secret(directory, application, form["client_secret"])
    else:
        raise errors.MissingCredential
    audience, roles = _resource(directory, principal, form["scope"])
    token = issue(
        keys,
        tenant=directory.tenant,
        object_id=principal["id"],
        app_id=application["appId"],
        audience=audience,
        roles=roles,
        name=application["displayName"],
    )
    return {"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token}


def _client(directory: Directory, app_id: str) -> tuple[JsonObject, JsonObject]:
    applications = directory.find("application", "appId", app_id)
    principals = directory.find("servicePrincipal", "appId", app_id)
    if not applications or not principals:
        raise errors.UnknownApplication(app_id, directory.tenant)
    if not principals[0].body["accountEnabled"]:
        raise errors.DisabledApplication(app_id)
    return applications[0].body, principals[0].body


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


def _check_assertion(directory: Directory, application: JsonObject, assertion: str) -> None:
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise errors.InvalidAssertion("The assertion is not a JWT.") from error
    if claims.get("iss") == application["appId"]:
        _check_certificate(directory, application, assertion, header)
    else:
        _check_federated(directory, application, assertion, header, claims)


def _check_certificate(directory: Directory, application: JsonObject, assertion: str, header: JsonObject) -> None:
    certificate = _named_certificate(application, header)
    if certificate is None:
        raise errors.InvalidAssertion("The certificate that signed it is not registered on the application.")
    host = "https://login.microsoftonline.com"
    tenant = directory.tenant
    audiences = [f"{host}/{tenant}/oauth2/v2.0/token", f"{host}/{tenant}/v2.0", f"{host}/{tenant}/oauth2/token"]
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
    audiences = audience if isinstance(audience, list) else [audience]
    for credential in federated(directory, application["id"]):
        # Exact comparison, case included: that is what Entra does.
        if (credential["issuer"], credential["subject"]) == (issuer, subject) and credential["audiences"][
            0
        ] in audiences:
            break
    else:
        raise errors.NoFederatedMatch(str(issuer), str(subject), str(audience))
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


def _resource(directory: Directory, principal: JsonObject, scope: str) -> tuple[str, list[str]]:
    """The audience that a scope means, and the roles that the caller has there."""
    wanted = [part for part in scope.split() if part not in ("openid", "profile", "offline_access")]
    if len(wanted) != 1 or not wanted[0].endswith("/.default"):
        raise errors.InvalidScope(scope)
    resource = wanted[0].removesuffix("/.default").rstrip("/")
    if resource in _AZURE:
        return _AZURE[resource], []
    app_id = _GRAPH_APP_ID if resource in _GRAPH else resource.removeprefix("api://")
    found = directory.find("servicePrincipal", "appId", app_id)
    if not found:
        raise errors.UnknownResource(resource, directory.tenant)
    audience = _GRAPH[0] if app_id == _GRAPH_APP_ID else resource
    return audience, role_values(directory, principal["id"], found[0].id)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
