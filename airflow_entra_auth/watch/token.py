"""Entra's token endpoint; and the watcher's token for Graph, to which an administrator has to consent."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx

from airflow_entra_auth.azure import GRAPH, scope
from airflow_entra_auth.credential import ClientCredential, CredentialError, platform_token
from airflow_entra_auth.rules import FederatedToken, PlatformIdentity, SignOnRules
from airflow_entra_auth.watch.answers import ApplicationGoneError, turned_down, why

_SCOPE = scope(GRAPH)
_MARGIN = 300.0
"""Seconds before its end from which a token isn't used any more."""
_SECRET_REFUSED = ("AADSTS7000215", "AADSTS7000222")


class TokenEndpoint:
    """Answers to one application, the one that people sign in to unless `client_id` says another. Safe for threads."""

    def __init__(
        self, rules: SignOnRules, credential: ClientCredential, client: httpx.Client, client_id: str | None = None
    ) -> None:
        self._credential, self._client = credential, client
        self._url = f"{rules.authority}/{rules.tenant_id}/oauth2/v2.0/token"
        self._application = SimpleNamespace(client_id=client_id or rules.client_id)

    def ask(self, **form: str) -> httpx.Response:
        """Once more where a secret was rotated. Raises CredentialError and httpx.TransportError."""
        answer = self._post(form)
        if answer.status_code in (400, 401) and self._credential_is_old(answer):
            answer = self._post(form)
        return answer

    def _post(self, form: Mapping[str, str]) -> httpx.Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        _, _, body = self._credential(self._application, "POST", self._url, {}, urlencode(form))
        return self._client.post(self._url, content=body, headers=headers)

    def _credential_is_old(self, answer: httpx.Response) -> bool:
        """A secret that was rotated: whether there is another by now."""
        return any(code in answer.text for code in _SECRET_REFUSED) and self._credential.refused()


class AppToken:
    """Callable, as the Graph client takes it: a token of the sign-on file's `watcher`.

    Where the file names none, it was written before watchers had an identity of their own: then it is the
    application's, with `credential`. Raises CredentialError and httpx.TransportError.
    """

    def __init__(self, rules: SignOnRules, credential: ClientCredential, client: httpx.Client) -> None:
        self._signs_in = rules.client_id
        self._client_id = rules.watcher.client_id if rules.watcher else rules.client_id
        self._endpoint: TokenEndpoint | None = None
        proof = rules.watcher.credential if rules.watcher else None
        if isinstance(proof, PlatformIdentity) and os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
            proof = FederatedToken(None)  # a pod with workload identity: Entra takes its token as it is
        if not isinstance(proof, PlatformIdentity):
            own = ClientCredential.of(proof) if proof else credential
            self._endpoint = TokenEndpoint(rules, own, client, self._client_id)
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        if time.monotonic() > self._until - _MARGIN:
            self._fetch()
        return self._token

    def forget(self) -> None:
        """Graph refused the token: the next one may say more, such as a permission that was given meanwhile."""
        self._until = 0.0

    def _fetch(self) -> None:
        if self._endpoint is None:
            self._token, ends = platform_token(self._client_id, _SCOPE)
            self._until = time.monotonic() + ends - time.time()
            return
        answer = self._endpoint.ask(grant_type="client_credentials", scope=_SCOPE)
        if not answer.is_success:
            refusal = turned_down(answer)
            gone = self._client_id == self._signs_in and refusal is not None and refusal.about == "application"
            raise (ApplicationGoneError if gone else CredentialError)(
                f"Entra gave the watcher's identity {self._client_id} no token: {why(answer)}. Compare it and its "
                "credential in the sign-on file with the app registration."
            )
        body = answer.json()
        self._token, self._until = str(body["access_token"]), time.monotonic() + float(body["expires_in"])
