"""Runs a command as the identity that Entra gives to this pipeline run.

Everything that the command starts reads the same file: azuread, azure-native and this project through
ARM_OIDC_TOKEN_FILE_PATH; Pulumi's blob storage and Key Vault, and azure-identity, through AZURE_FEDERATED_TOKEN_FILE.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from airflow_entra import variables
from airflow_entra.errors import UserError
from airflow_entra.escape.terminal import line
from airflow_entra.federation.issuer import NEVER_HANDED_ON, Fetch, said
from airflow_entra.pulumi.passing_on import hand_on

RENEWED_EVERY_SECONDS = 120.0
"""GitHub's token lives for five minutes, and whoever reads the file still has to use what it read."""

_NEEDED = {
    "AZURE_TENANT_ID": ("AZURE_TENANT_ID", "AZURESUBSCRIPTION_TENANT_ID", "tenantId"),
    "AZURE_CLIENT_ID": ("AZURE_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID", "servicePrincipalId"),
}
"""What names the identity -> where it is looked for: AzureCLI@2 has names of its own, for its service connection's."""

_OTHER_WAYS_IN = (
    "ARM_ACCESS_TOKEN",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_ID_FILE_PATH",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_SECRET_FILE_PATH",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
    "ARM_OIDC_TOKEN",
    "ARM_USE_AKS_WORKLOAD_IDENTITY",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_SECRET",
    "AZURE_PASSWORD",
    "AZURE_USERNAME",
    "servicePrincipalKey",
)
"""Any of these would win over the token, silently and as somebody else."""


def run(
    command: Sequence[str], env: Mapping[str, str], fetch: Fetch, say: Callable[[str], None], *, read_only: bool = False
) -> int:
    """Run `command` signed in, renewing its token meanwhile; return its exit code (128 + N for a signal N).

    Raises UserError before anything is started.
    """
    signed_in = identity(env)
    with tempfile.TemporaryDirectory(prefix="airflow-entra-", dir=env.get("RUNNER_TEMP")) as folder:
        file = Path(folder, "token")
        with _renewed(file, fetch, say):
            return _call(command, environment(env, signed_in, file, read_only))


def identity(env: Mapping[str, str]) -> dict[str, str]:
    """AZURE_TENANT_ID and AZURE_CLIENT_ID. Raises UserError where the pipeline's variables lack one."""
    found = {name: next((env[one] for one in places if env.get(one)), "") for name, places in _NEEDED.items()}
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise UserError(
            f"{' and '.join(missing)} must be set: a variable of the repository or environment (docs/pipelines.md)"
        )
    return found


def environment(
    env: Mapping[str, str], signed_in: Mapping[str, str], file: Path, read_only: bool = False
) -> dict[str, str]:
    """`env` with this one identity in it, and no other way in."""
    kept = {name: value for name, value in env.items() if name not in (*NEVER_HANDED_ON, *_OTHER_WAYS_IN)}
    subscription = env.get("AZURE_SUBSCRIPTION_ID") or env.get("ARM_SUBSCRIPTION_ID")
    return {
        **kept,
        **signed_in,
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
        "AZURE_TOKEN_CREDENTIALS": "WorkloadIdentityCredential",  # not the runner's own managed identity either
        "ARM_TENANT_ID": signed_in["AZURE_TENANT_ID"],
        "ARM_CLIENT_ID": signed_in["AZURE_CLIENT_ID"],
        "ARM_USE_OIDC": "true",
        "ARM_USE_CLI": "false",
        "ARM_USE_MSI": "false",
        "ARM_OIDC_TOKEN_FILE_PATH": str(file),
        variables.READ_ONLY: "true" if read_only else "false",
        **({"ARM_SUBSCRIPTION_ID": subscription} if subscription else {}),
    }


@contextmanager
def _renewed(file: Path, fetch: Fetch, say: Callable[[str], None]) -> Iterator[None]:
    token = fetch()
    if who := said(token):
        say(f"This run's token is of {line(who)}; Entra compares both exactly with what an identity trusts.")
    _write(file, token)
    over = threading.Event()

    def renew() -> None:
        while not over.wait(RENEWED_EVERY_SECONDS):
            try:
                token = fetch()
                if not over.is_set():
                    _write(file, token)
            except UserError as error:  # the token in the file, and what was got with it, may last until the end
                say(f"airflow-entra: {error}")

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(1.0)  # it may be waiting for an answer that nobody needs any more


def _write(file: Path, token: str) -> None:
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(token, "ascii")
    new.replace(file)


def _call(command: Sequence[str], env: Mapping[str, str]) -> int:
    try:
        return hand_on(command, None, env)
    except FileNotFoundError:
        raise UserError(f"there is no command {command[0]!r} on PATH") from None
