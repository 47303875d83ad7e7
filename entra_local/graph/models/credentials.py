"""What an application signs in with: passwords (kept as hashes), certificates, federated credentials."""

import base64
import binascii
import re
import secrets
import string
from datetime import timedelta
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from entra_local import clock
from entra_local.graph.entities import APPLICATION, FEDERATED_CREDENTIAL, KEY, PASSWORD
from entra_local.graph.exceptions import BadRequest, InvalidValue, NotFound, RequiredProperty, SameKey
from entra_local.graph.models.objects import load, save
from entra_local.graph.models.tenant_policies import check_password
from entra_local.graph.schema import fresh, merge
from entra_local.keys import hash_secret
from entra_local.store import Directory
from entra_local.wire import JsonObject

_DEFAULT_VALIDITY = timedelta(days=730)
MAXIMUM_FEDERATED = 20
# Entra's documents ask for three characters at least; the official provider was recorded with two.
_FEDERATED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")
_ALPHABET = string.ascii_letters + string.digits + "._~-"


def add_password(directory: Directory, application: JsonObject, wanted: Any, secret: str | None = None) -> str:
    """Add a password to an application that the caller saves. Returns its secret, which is kept as a hash only."""
    if not isinstance(wanted, dict):
        raise InvalidValue("passwordCredential")
    # keyId is the service's to choose.
    wanted = {name: value for name, value in wanted.items() if name != "keyId"}
    password = merge(PASSWORD, fresh(PASSWORD), wanted)
    password["keyId"] = str(uuid4())
    password["startDateTime"] = password["startDateTime"] or clock.stamp()
    start = clock.parse(password["startDateTime"])
    password["endDateTime"] = password["endDateTime"] or clock.stamp(start + _DEFAULT_VALIDITY)
    if clock.parse(password["endDateTime"]) <= start:
        raise InvalidValue("endDateTime", "the credential would end before it starts.")
    if secret is None:  # what a seed brings was there before any policy
        check_password(directory, application, start, clock.parse(password["endDateTime"]))
    secret = secret or _new_secret()
    password["hint"] = secret[:3]
    application["passwordCredentials"].append(password)
    hashed = {"hash": hash_secret(secret), "endDateTime": password["endDateTime"]}
    directory.put("passwordHash", password["keyId"], hashed)
    return secret


def remove_password(directory: Directory, id_: str, key_id: Any) -> None:
    """Take a password away. Raises BadRequest when the application has none of this id."""
    application = load(directory, APPLICATION, id_)
    kept = [password for password in application["passwordCredentials"] if password["keyId"] != key_id]
    if len(kept) == len(application["passwordCredentials"]):
        raise BadRequest("No password credential found with keyId.")
    directory.remove("passwordHash", key_id)
    save(directory, APPLICATION, application | {"passwordCredentials": kept})


def replace_keys(application: JsonObject, wanted: Any) -> None:
    """Replace an application's certificates: new ones come with `key`, kept ones are named by keyId."""
    if not isinstance(wanted, list):
        raise InvalidValue("keyCredentials")
    existing = {key["keyId"]: key for key in application["keyCredentials"]}
    application["keyCredentials"] = [_key(existing, item) for item in wanted]


def _key(existing: dict[str, JsonObject], wanted: Any) -> JsonObject:
    if not isinstance(wanted, dict):
        raise InvalidValue("keyCredentials")
    key = merge(KEY, fresh(KEY), wanted)
    if key["key"] is None:
        if key["keyId"] not in existing:
            raise RequiredProperty("keyCredentials.key")
        return existing[key["keyId"]]
    certificate = _certificate(key["key"])
    ends = certificate.not_valid_after_utc
    if key["endDateTime"] and clock.parse(key["endDateTime"]) > ends:
        raise BadRequest("Key credential end date is invalid.")
    thumbprint = base64.b64encode(certificate.fingerprint(hashes.SHA1())).decode()  # noqa: S303 - the wire's name for it
    return key | {
        "keyId": key["keyId"] or str(uuid4()),
        "customKeyIdentifier": key["customKeyIdentifier"] or thumbprint,
        "displayName": key["displayName"] or certificate.subject.rfc4514_string(),
        "startDateTime": key["startDateTime"] or clock.stamp(certificate.not_valid_before_utc),
        "endDateTime": key["endDateTime"] or clock.stamp(ends),
        "type": key["type"] or "AsymmetricX509Cert",
        "usage": key["usage"] or "Verify",
    }


def _certificate(key: str) -> x509.Certificate:
    """The certificate in a key: base64 of its DER form or, as the azuread provider sends it, of its PEM text."""
    try:
        content = base64.b64decode(key, validate=True)
        if content.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except (ValueError, binascii.Error) as error:
        raise InvalidValue("keyCredentials.key", "it is not a certificate in DER or PEM form.") from error


def federated(directory: Directory, application_id: str) -> list[JsonObject]:
    """An application's federated credentials."""
    load(directory, APPLICATION, application_id)
    return federated_of(directory, application_id)


def federated_of(directory: Directory, application_id: str) -> list[JsonObject]:
    """The federated credentials of an application that may be soft-deleted."""
    return [found.body for found in directory.find(FEDERATED_CREDENTIAL.kind, "applicationId", application_id)]


def load_federated(directory: Directory, application_id: str, id_: str) -> JsonObject:
    """One federated credential, by id or by name. Raises NotFound."""
    for credential in federated(directory, application_id):
        if id_ in (credential["id"], credential["name"]):
            return credential
    raise NotFound(id_)


def add_federated(directory: Directory, application_id: str, changes: JsonObject) -> JsonObject:
    """A new federated credential. Raises SameKey, BadRequest or InvalidValue when it breaks a rule."""
    others = federated(directory, application_id)
    if len(others) >= MAXIMUM_FEDERATED:
        raise BadRequest(
            f"The application has reached the maximum of {MAXIMUM_FEDERATED} federated identity credentials."
        )
    credential = merge(FEDERATED_CREDENTIAL.properties, fresh(FEDERATED_CREDENTIAL.properties), changes)
    credential |= {"id": str(uuid4()), "applicationId": application_id}
    if not credential["name"] or not _FEDERATED_NAME.fullmatch(credential["name"]):
        raise InvalidValue("name", "at most 120 letters, digits, - and _.")
    _check_federated(credential, others)
    save(directory, FEDERATED_CREDENTIAL, credential)
    return credential


def update_federated(directory: Directory, application_id: str, id_: str, changes: JsonObject) -> None:
    """Change anything but the name of a federated credential."""
    before = load_federated(directory, application_id, id_)
    after = merge(FEDERATED_CREDENTIAL.properties, before, changes)
    if after["name"] != before["name"]:
        raise BadRequest("Property 'name' of a federated identity credential cannot be changed.")
    _check_federated(after, [other for other in federated(directory, application_id) if other["id"] != before["id"]])
    save(directory, FEDERATED_CREDENTIAL, after)


def remove_federated(directory: Directory, application_id: str, id_: str) -> None:
    """Take a federated credential away. Raises NotFound."""
    directory.remove(FEDERATED_CREDENTIAL.kind, load_federated(directory, application_id, id_)["id"])


def _check_federated(credential: JsonObject, others: list[JsonObject]) -> None:
    for required in ("issuer", "subject"):
        if not credential[required]:
            raise RequiredProperty(required)
    if not credential["issuer"].startswith("https://"):
        raise InvalidValue("issuer", "it must be an https URL.")
    if len(credential["audiences"]) != 1:
        raise InvalidValue("audiences", "exactly one audience is allowed.")
    for other in others:
        if other["name"] == credential["name"]:
            raise SameKey(f"FederatedIdentityCredential with name {credential['name']} already exists.")
        if (other["issuer"], other["subject"]) == (credential["issuer"], credential["subject"]):
            raise SameKey("FederatedIdentityCredential with the same issuer and subject already exists.")


def _new_secret() -> str:
    """A secret in the form of Entra's: 40 characters, a version mark at the fourth."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(37))
    # Not first: a secret that starts with - reads as an option on a command line.
    first = secrets.choice(string.ascii_letters + string.digits)
    return f"{first}{drawn[:2]}8Q~{drawn[2:36]}"
