"""What the files say: the stack file and the outputs of the deployed stack together, for one of its Airflows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from airflow_entra import next_step
from airflow_entra.access import DeclaredStack
from airflow_entra.access.airflow_urls import AirflowUrls, urls
from airflow_entra.access.lifetimes import taken_away
from airflow_entra.access.permissions import scopes
from airflow_entra.errors import UserError
from airflow_entra.settings.model import Airflow, Credential, Federated, VaultSecret
from airflow_entra.settings.stack_file import name_mistake
from airflow_entra.settings.watching import service_account, watcher_credential
from airflow_entra_auth.azure import GRAPH_V1, LOGIN


@dataclass(frozen=True, slots=True)
class Places:
    """Where Airflow finds the files: absolute paths on its side."""

    webserver_config: str = "/opt/airflow/webserver_config.py"
    sign_on: str = "/opt/airflow/sign-on.json"
    private_key: str = "/opt/airflow/certificate/tls.key"
    certificate: str = "/opt/airflow/certificate/tls.crt"
    watcher_private_key: str = "/opt/airflow/watcher-certificate/tls.key"
    watcher_certificate: str = "/opt/airflow/watcher-certificate/tls.crt"

    @classmethod
    def below(cls, folder: str) -> Places:
        """Everything below one folder."""
        base = folder.rstrip("/")
        return cls(
            f"{base}/webserver_config.py",
            f"{base}/sign-on.json",
            f"{base}/certificate/tls.key",
            f"{base}/certificate/tls.crt",
            f"{base}/watcher-certificate/tls.key",
            f"{base}/watcher-certificate/tls.crt",
        )


@dataclass(frozen=True, slots=True)
class SecretPlaces:
    """Where Airflow finds secrets that something else keeps fresh there; None: in the key vault.

    A reference as airflow_entra_auth reads it: a path, or `kubernetes:secret/NAME/KEY`.
    """

    client: str | None = None
    watcher: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that any of the files says. `session` is in seconds; `roles` holds the groups' object ids."""

    stack: DeclaredStack
    airflow: AirflowUrls
    client_id: str
    roles: Mapping[str, tuple[str, ...]]
    credential: Mapping[str, Any]
    watcher: Mapping[str, Any] | None = None
    """What the sign-on file says of the watcher's identity; None where the stack has none (yet)."""
    authority: str = LOGIN
    graph: str = GRAPH_V1
    places: Places = Places()

    @property
    def major(self) -> int:
        return int(self.airflow.version.split(".")[0])

    @property
    def secure(self) -> bool:
        """Whether browsers come by https, which something in front of Airflow ends."""
        return urlsplit(self.airflow.url).scheme == "https"

    @property
    def session(self) -> int:
        return int(self.stack.settings.sign_in.airflow_session.total_seconds())

    @property
    def soon(self) -> str:
        """How soon who left is out."""
        return taken_away(self.stack.settings.sign_in)

    @property
    def scopes(self) -> tuple[str, ...]:
        return scopes(self.stack.settings.sign_in)

    @property
    def service_account(self) -> str | None:
        """The Kubernetes service account that a federated credential trusts; None where it trusts another platform."""
        credential = self.stack.settings.credential
        if not isinstance(credential, Federated):
            return None
        return _service_account(credential)

    @property
    def watcher_service_account(self) -> str | None:
        """The same of the watcher, where it has a federated credential."""
        credential = watcher_credential(self.stack.settings)
        return _service_account(credential) if isinstance(credential, Federated) else None


def _service_account(credential: Federated) -> str | None:
    """The first workload's that has one: with another name in a second cluster, that cluster's own values say it."""
    return next((account for trust in credential.trusts if (account := service_account(trust.subject))), None)


def facts(
    stack: DeclaredStack,
    outputs: Mapping[str, Any],
    *,
    version: str | None = None,
    url: str | None = None,
    authority: str = LOGIN,
    places: Places | None = None,
    secrets: SecretPlaces | None = None,
) -> Facts:
    """The facts about the Airflow `version` ("3.3", "2.11", "3"; the newest unless given) of a stack.

    `outputs` are the stack's; `url` stands for the stack file's base URL; `secrets` for the key vault. Raises UserError
    where the stack isn't deployed as its file says, or has no such Airflow.
    """
    if mistake := name_mistake(stack.name):
        raise UserError(mistake)
    places, secrets = places or Places(), secrets or SecretPlaces()
    airflow = _airflow(stack, version)
    _must_be_deployed(stack, outputs)
    return Facts(
        stack=stack,
        airflow=urls(airflow.version, url or airflow.url),
        client_id=str(outputs["clientId"]),
        roles=_roles(stack, outputs),
        credential=_credential(stack, outputs, places, secrets),
        watcher=_watcher(stack, outputs, places, secrets),
        authority=authority.rstrip("/"),
        places=places,
    )


def _airflow(stack: DeclaredStack, version: str | None) -> Airflow:
    wanted = _numbers(version) if version else []
    fitting = [one for one in stack.settings.airflow if _same(_numbers(one.version), wanted)]
    if not fitting:
        known = " and ".join(one.version for one in stack.settings.airflow)
        raise UserError(
            f"stack {stack.name} has no Airflow {version}, only {known}; name one of its versions, or add this one "
            "under airflow-entra:airflow"
        )
    return max(fitting, key=lambda one: _numbers(one.version))


def _numbers(version: str) -> list[int]:
    return [int(part) if part.isdecimal() else -1 for part in version.split(".")]


def _same(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether one says at most more than the other: 3.3.2 is a 3.3, and 3.3 is what 3.3.2 asks for."""
    shared = min(len(one), len(other))
    return list(one[:shared]) == list(other[:shared])


def _must_be_deployed(stack: DeclaredStack, outputs: Mapping[str, Any]) -> None:
    missing = [name for name in ("tenantId", "clientId", "roles", "credential") if not outputs.get(name)]
    if missing:
        raise UserError(
            f"stack {stack.name} is not deployed as its file says: its outputs lack {', '.join(missing)}; deploy it "
            f"again, or take the outputs of this stack: pulumi stack output --json --stack {stack.name}"
        )
    if str(outputs["tenantId"]).lower() != stack.settings.tenant_id:
        raise UserError(
            f"these outputs are of tenant {outputs['tenantId']}, stack {stack.name} is of tenant "
            f"{stack.settings.tenant_id}; take the outputs of this stack: "
            f"pulumi stack output --json --stack {stack.name}"
        )


def _roles(stack: DeclaredStack, outputs: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Object ids of the groups by role, without those that the identity team has yet to make."""
    access = stack.plan
    deployed: Mapping[str, Any] = outputs["roles"]
    found = {}
    for role, keys in access.roles.items():
        known = {group["group"]: group.get("id") for group in deployed.get(role, ())}
        names = [access.groups[key].name for key in keys]
        absent = [name for name in names if name not in known]
        if absent:
            raise UserError(
                f"stack {stack.name} is deployed without the group {absent[0]} of role {role}, which its file names; "
                f"deploy what the file says: {next_step.up(stack.name)}"
            )
        found[role] = tuple(known[name] for name in names if known[name])
    return found


def _credential(
    stack: DeclaredStack, outputs: Mapping[str, Any], places: Places, secrets: SecretPlaces
) -> dict[str, Any]:
    credential, deployed = stack.settings.credential, outputs["credential"]
    if deployed.get("mode") != credential.mode:
        raise UserError(
            f"stack {stack.name} is deployed with credential.mode {deployed.get('mode')}, its file says "
            f"{credential.mode}; deploy what the file says: {next_step.up(stack.name)}"
        )
    if secrets.client and not isinstance(credential, VaultSecret):
        raise UserError(
            f"--secret-from says where a client secret is, and stack {stack.name} has none (credential.mode "
            f"{credential.mode}); leave it out"
        )
    return _proof(credential, deployed, places.private_key, places.certificate, secrets.client)


def _watcher(
    stack: DeclaredStack, outputs: Mapping[str, Any], places: Places, secrets: SecretPlaces
) -> dict[str, Any] | None:
    """None too where an older release deployed the stack: its watcher is the application."""
    settings, deployed = stack.settings, outputs.get("watcher")
    if not settings.watched or not deployed:
        return None
    credential = watcher_credential(settings)
    mode = credential.mode if credential else "existing"
    if deployed.get("mode") != mode:
        raise UserError(
            f"stack {stack.name} is deployed with a watcher of mode {deployed.get('mode')}, its file says {mode}; "
            f"deploy what the file says: {next_step.up(stack.name)}"
        )
    shared = credential == settings.credential
    key = places.private_key if shared else places.watcher_private_key
    certificate = places.certificate if shared else places.watcher_certificate
    if credential is None:
        proof: dict[str, Any] = {"mode": "platform"}
    else:
        proof = _proof(credential, deployed, key, certificate, secrets.watcher)
    return {"clientId": deployed["clientId"], "credential": proof}


def _proof(
    credential: Credential, deployed: Mapping[str, Any], key: str, certificate: str, secret: str | None
) -> dict[str, Any]:
    if isinstance(credential, VaultSecret):
        if secret is not None:
            return {"mode": "secret", "from": secret}
        return {"mode": "vaultSecret", "vaultUrl": deployed["vaultUri"], "secretName": deployed["secretName"]}
    if isinstance(credential, Federated):
        return {"mode": "federated", "tokenFile": None}
    return {"mode": "certificate", "privateKeyFile": key, "certificateFile": certificate}
