"""Where a secret or a file is that this process reads: a path, or a key of a Kubernetes Secret or ConfigMap.

`kubernetes:secret/NAME/KEY` and `kubernetes:configmap/NAME/KEY` are read from Kubernetes itself, as the pod's service
account. So they need no entry in the pod's lists of variables and volumes, which are a team's own: of two Helm values
files, the later one's list replaces the earlier one's.
"""

from __future__ import annotations

import base64
import os
import re
import ssl
from pathlib import Path

from airflow_entra_auth.ending import StopError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts a service account's token, namespace and the authority of its API."""
TIMEOUT = 10.0
KUBERNETES = "kubernetes:"
_NAME = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_FORM = re.compile(rf"{KUBERNETES}(secret|configmap)/({_NAME})/([A-Za-z0-9._-]{{1,253}})")


def is_secret(reference: str) -> bool:
    """Whether this may be where a secret is: an absolute path, or a key of a Kubernetes Secret."""
    found = _FORM.fullmatch(reference)
    return found[1] == "secret" if found else reference.startswith("/")


class UnreadError(StopError):
    """What a reference leads to can't be read: `reason` says why and how to mend it, never what is there."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"{reference} can't be read: {reason}")
        self.reason = reason


def read(reference: str) -> bytes:
    """What is there now. Raises UnreadError."""
    try:
        if not reference.startswith(KUBERNETES):
            return Path(reference).read_bytes()
    except OSError as error:
        raise UnreadError(reference, error.strerror or type(error).__name__) from error
    found = _FORM.fullmatch(reference)
    if not found:
        raise UnreadError(reference, f"{KUBERNETES}secret/NAME/KEY or {KUBERNETES}configmap/NAME/KEY is right")
    try:
        return _from_kubernetes(*found.groups())
    except _RefusedError as refused:
        raise UnreadError(reference, str(refused)) from refused.__cause__


class _RefusedError(Exception):
    """Why Kubernetes gave nothing."""


def _from_kubernetes(kind: str, name: str, key: str) -> bytes:
    import httpx

    try:
        token, namespace = ((ACCOUNT / file).read_text("utf-8").strip() for file in ("token", "namespace"))
        trusted = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    except (OSError, KeyError) as error:
        raise _RefusedError(
            f"this process has no service account of Kubernetes ({error}): run it in a pod, and leave "
            "automountServiceAccountToken on"
        ) from error
    server = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        # The API is inside the cluster: no proxy leads to it.
        with httpx.Client(verify=trusted, trust_env=False, timeout=TIMEOUT) as client:
            answer = client.get(
                f"https://{server}/api/v1/namespaces/{namespace}/{kind}s/{name}",
                headers={"Authorization": f"Bearer {token}"},
            )
    except httpx.HTTPError as error:
        what = f"Kubernetes does not answer ({type(error).__name__}): let this pod reach {server}"
        raise _RefusedError(what) from error
    if answer.status_code != 200:
        fix = _FIXES.get(answer.status_code, "try again in a minute")
        raise _RefusedError(f"HTTP {answer.status_code} in the namespace {namespace}: {fix}")
    try:
        value = answer.json()["data"][key]
        return base64.b64decode(value, validate=True) if kind == "secret" else str(value).encode()
    except (ValueError, KeyError, TypeError):
        raise _RefusedError(f"there is no such key in the namespace {namespace}: write it") from None


_FIXES = {
    401: "the service account's token is not believed: start the pod again",
    403: "let the pod's service account get it: `airflow-entra render --target helm-watcher` writes the Role",
    404: "make it: the comments in the rendered values.yaml say how",
}
