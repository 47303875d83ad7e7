"""What an application proves itself with, as Graph says it: read in this one place, and taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from airflow_entra_auth.graph import Graph

Kind = Literal["secret", "certificate", "federated credential"]
_LISTS: Mapping[str, Kind] = {"passwordCredentials": "secret", "keyCredentials": "certificate"}
SELECTED = ",".join(("id", "appId", "displayName", *_LISTS))
APPLICATION, PRINCIPAL = "applications", "servicePrincipals"


@dataclass(frozen=True)
class ApplicationCredential:
    """One credential, never its value. `holder` is what has it, as a path in Graph: "/applications/{object id}"."""

    kind: Kind
    name: str
    key_id: str
    """What Entra's portal and logs call it by; of a federated credential its id."""
    ends_at: datetime | None
    holder: str = ""
    application: str = ""
    """The display name of the application that it signs in as."""
    hint: str = ""
    """The first characters of a secret, as the portal shows them."""
    trusts: str = ""
    """Of a federated credential: whose tokens it takes."""

    @property
    def of_principal(self) -> bool:
        """Whether the service principal has it, which the portal doesn't show."""
        return self.holder.startswith(f"/{PRINCIPAL}/")


def read_credentials(graph: Graph, application: str) -> tuple[ApplicationCredential, ...]:
    """Those of an application ("/applications/{object id}") and of its service principal. Raises GraphError."""
    body = graph.get(application, {"$select": SELECTED})
    query = {"$filter": f"appId eq '{body['appId']}'", "$select": SELECTED}
    principals = list(graph.pages(f"/{PRINCIPAL}", query))
    trusted = graph.pages(f"{application}/federatedIdentityCredentials")
    return (
        *credentials_of(body, APPLICATION),
        *(_federated(found, application, str(body.get("displayName") or "")) for found in trusted),
        *(credential for principal in principals for credential in credentials_of(principal, PRINCIPAL)),
    )


def credentials_of(body: Mapping[str, Any], collection: str) -> Iterator[ApplicationCredential]:
    """The secrets and certificates in an application's or a service principal's own representation."""
    for property_, kind in _LISTS.items():
        for found in body.get(property_) or ():
            ends, name = found.get("endDateTime"), str(found.get("displayName") or "without a name")
            yield ApplicationCredential(
                kind,
                name,
                found["keyId"],
                datetime.fromisoformat(ends) if ends else None,
                f"/{collection}/{body['id']}",
                str(body.get("displayName") or ""),
                str(found.get("hint") or ""),
            )


def remove_credential(graph: Graph, credential: ApplicationCredential) -> None:
    """Take it away: as an owner with Application.ReadWrite.OwnedBy, or with Application.ReadWrite.All.

    Raises GraphError.
    """
    if credential.kind == "federated credential":
        graph.delete(f"{credential.holder}/federatedIdentityCredentials/{credential.key_id}")
    elif credential.kind == "secret":
        graph.post(f"{credential.holder}/removePassword", {"keyId": credential.key_id})
    else:  # removeKey takes a proof signed by a key that the application has; an owner may replace the list instead
        keys = graph.get(credential.holder, {"$select": "id,keyCredentials"})["keyCredentials"]
        left = [key for key in keys if key["keyId"] != credential.key_id]
        graph.patch(credential.holder, {"keyCredentials": left})


def _federated(found: Mapping[str, Any], path: str, name: str) -> ApplicationCredential:
    """One with `claimsMatchingExpression` has no subject."""
    trusts = f"{found['issuer']} for {found.get('subject') or 'what a rule says'}"
    return ApplicationCredential("federated credential", found["name"], found["id"], None, path, name, trusts=trusts)
