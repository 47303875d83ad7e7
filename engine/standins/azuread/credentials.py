"""Credentials of an application: passwords, certificates and federated identities."""

import re
import textwrap
import threading
from base64 import b64decode, b64encode
from collections import defaultdict
from typing import Any
from uuid import uuid4

from engine.standins.azuread.graph import Graph, already_exists, id_part, rfc3339
from engine.standins.bridged.resource import Made
from engine.standins.errors import ProviderError
from engine.standins.values import Props

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""By application: adding a certificate rewrites the whole list, so two at once would lose one."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


class ApplicationPassword:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        path = inputs["applicationId"]
        (app_id,) = id_part(path, "", "applications", "*")
        with _locks[app_id]:
            self._graph.get(path)
            names = {"displayName": "displayName", "startDate": "startDateTime", "endDate": "endDateTime"}
            wanted = {theirs: inputs[ours] for ours, theirs in names.items() if inputs.get(ours)}
            credential = self._graph.post(f"{path}/addPassword", {"passwordCredential": wanted})
            made.id = f"{app_id}/password/{credential['keyId']}"
            made.outputs["value"] = credential["secretText"]
            self._graph.wait_until(
                lambda: _find(self._graph.get(path), "passwordCredentials", credential["keyId"]) is not None,
                f"the new password to appear in {path}",
            )

    def read(self, object_id: str) -> Props | None:
        app_id, key_id = id_part(object_id, "*", "password", "*")
        app = self._graph.find(f"/applications/{app_id}")
        credential = _find(app, "passwordCredentials", key_id)
        if credential is None:
            return None
        name = credential.get("displayName") or b64decode(credential.get("customKeyIdentifier") or "").decode()
        return {
            "applicationId": f"/applications/{app_id}",
            "displayName": name,
            "endDate": rfc3339(credential.get("endDateTime")),
            "keyId": key_id,
            "startDate": rfc3339(credential.get("startDateTime")),
        }

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        """Every input replaces: called only after a create that ended half-way, and then there is nothing to send."""

    def delete(self, object_id: str, state: Props) -> None:
        app_id, key_id = id_part(object_id, "*", "password", "*")
        path = f"/applications/{app_id}"
        with _locks[app_id]:
            self._graph.post(f"{path}/removePassword", {"keyId": key_id})
            self._graph.wait_until(
                lambda: _find(self._graph.get(path), "passwordCredentials", key_id) is None,
                f"the password to leave {path}",
            )


class ApplicationCertificate:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        if inputs.get("endDateRelative"):
            raise ProviderError("endDateRelative is deprecated and not served by the stand-in: set endDate")
        path, key_id = inputs["applicationId"], inputs.get("keyId") or str(uuid4())
        (app_id,) = id_part(path, "", "applications", "*")
        object_id = f"{app_id}/certificate/{key_id}"
        names = {"startDate": "startDateTime", "endDate": "endDateTime"}
        credential = {
            "key": _key(inputs["value"], inputs.get("encoding") or "pem"),
            "keyId": key_id,
            "type": inputs.get("type") or "",
            "usage": "Verify",
            **{theirs: inputs[ours] for ours, theirs in names.items() if inputs.get(ours)},
        }
        with _locks[app_id]:
            app = self._graph.get(path)
            if _find(app, "keyCredentials", key_id):
                raise already_exists("azuread_application_certificate", object_id)
            self._write(path, [*(app.get("keyCredentials") or []), credential])
            made.id = object_id
            self._graph.wait_until(
                lambda: _find(self._graph.get(path), "keyCredentials", key_id) is not None,
                f"the new certificate to appear in {path}",
            )

    def read(self, object_id: str) -> Props | None:
        app_id, key_id = id_part(object_id, "*", "certificate", "*")
        credential = _find(self._graph.find(f"/applications/{app_id}"), "keyCredentials", key_id)
        if credential is None:
            return None
        return {
            "applicationId": f"/applications/{app_id}",
            "endDate": rfc3339(credential.get("endDateTime")),
            "keyId": key_id,
            "startDate": rfc3339(credential.get("startDateTime")),
            "type": credential.get("type") or "",
        }

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        """Every input replaces: called only after a create that ended half-way, and then there is nothing to send."""

    def delete(self, object_id: str, state: Props) -> None:
        app_id, key_id = id_part(object_id, "*", "certificate", "*")
        path = f"/applications/{app_id}"
        with _locks[app_id]:
            rest = [item for item in self._graph.get(path).get("keyCredentials") or [] if item["keyId"] != key_id]
            self._write(path, rest)
            self._graph.wait_until(
                lambda: _find(self._graph.get(path), "keyCredentials", key_id) is None,
                f"the certificate to leave {path}",
            )

    def _write(self, path: str, credentials: list[Props]) -> None:
        self._graph.patch(path, {"@odata.type": "#microsoft.graph.application", "keyCredentials": credentials})


class FederatedIdentityCredential:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plan(self, inputs: Props) -> None:
        pass

    def create(self, inputs: Props, made: Made) -> None:
        path = inputs["applicationId"]
        (app_id,) = id_part(path, "", "applications", "*")
        with _locks[app_id]:
            self._graph.get(path)
            credential = self._graph.post(f"{path}/federatedIdentityCredentials", _federated(inputs))
            made.id = f"{app_id}/federatedIdentityCredential/{credential['id']}"
            route = f"{path}/federatedIdentityCredentials/{credential['id']}"
            self._graph.wait_until(lambda: self._graph.find(route) is not None, f"{route} to appear")

    def read(self, object_id: str) -> Props | None:
        app_id, credential_id = id_part(object_id, "*", "federatedIdentityCredential", "*")
        credential = self._graph.find(f"/applications/{app_id}/federatedIdentityCredentials/{credential_id}")
        if credential is None:
            return None
        return {
            "applicationId": f"/applications/{app_id}",
            "audiences": credential.get("audiences") or [],
            "credentialId": credential_id,
            "description": credential.get("description") or "",
            "displayName": credential.get("name") or "",
            "issuer": credential.get("issuer") or "",
            "subject": credential.get("subject") or "",
        }

    def update(self, object_id: str, state: Props, inputs: Props) -> None:
        app_id, credential_id = id_part(object_id, "*", "federatedIdentityCredential", "*")
        route = f"/applications/{app_id}/federatedIdentityCredentials/{credential_id}"
        with _locks[app_id]:
            self._graph.patch(route, {**_federated(inputs), "id": credential_id})

    def delete(self, object_id: str, state: Props) -> None:
        app_id, credential_id = id_part(object_id, "*", "federatedIdentityCredential", "*")
        route = f"/applications/{app_id}/federatedIdentityCredentials/{credential_id}"
        with _locks[app_id]:
            self._graph.delete(route)
            self._graph.wait_until_gone(route)


def _federated(inputs: Props) -> Props:
    return {
        "@odata.type": "#microsoft.graph.federatedIdentityCredential",
        "audiences": inputs["audiences"],
        "description": inputs.get("description") or "",
        "issuer": inputs["issuer"],
        "name": inputs["displayName"],
        "subject": inputs["subject"],
    }


def _find(app: Any, collection: str, key_id: str) -> Props | None:
    items: list[Props] = (app or {}).get(collection) or []
    return next((item for item in items if str(item.get("keyId", "")).lower() == key_id.lower()), None)


def _key(value: str, encoding: str) -> str:
    """What Graph takes as `key`: base64 of the certificate's PEM form, whatever form it is given in."""
    text = value.strip()
    if encoding == "pem":
        if not _PEM.search(text):
            raise ProviderError("value: no certificate in PEM form found")
        return b64encode(value.encode()).decode()
    try:
        der = bytes.fromhex(text) if encoding == "hex" else b64decode(text, validate=True)
    except ValueError:
        raise ProviderError(f"value: not {encoding}") from None
    lines = textwrap.wrap(b64encode(der).decode(), 64)
    pem = "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])
    return b64encode(pem.encode()).decode()
