"""Entra's token endpoint; and the application's own token for Graph, to which an administrator has to consent."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import SimpleNamespace
from urllib.parse import urlencode

import httpx

from airflow_entra_auth.credential import ClientCredential, CredentialError
from airflow_entra_auth.rules import SignOnRules
from airflow_entra_auth.watch.answers import ApplicationGoneError, turned_down, why

_SCOPE = "https://graph.microsoft.com/.default"
_MARGIN = 300.0
"""Seconds before its end from which a token isn't used any more."""
_SECRET_REFUSED = ("AADSTS7000215", "AADSTS7000222")


class TokenEndpoint:
    """Answers to the application, which proves itself with the sign-on file's credential. Safe for threads."""

    def __init__(self, rules: SignOnRules, credential: ClientCredential, client: httpx.Client) -> None:
        self._rules, self._credential, self._client = rules, credential, client

    def ask(self, **form: str) -> httpx.Response:
        """Once more where a secret was rotated. Raises CredentialError and httpx.TransportError."""
        answer = self._post(form)
        if answer.status_code in (400, 401) and self._credential_is_old(answer):
            answer = self._post(form)
        return answer

    def _post(self, form: Mapping[str, str]) -> httpx.Response:
        rules = self._rules
        url = f"{rules.authority}/{rules.tenant_id}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        client = SimpleNamespace(client_id=rules.client_id)
        _, _, body = self._credential(client, "POST", url, {}, urlencode(form))
        return self._client.post(url, content=body, headers=headers)

    def _credential_is_old(self, answer: httpx.Response) -> bool:
        """A secret that was rotated: whether there is another by now."""
        return any(code in answer.text for code in _SECRET_REFUSED) and self._credential.refused()


class AppToken:
    """Callable, as the Graph client takes it. Raises CredentialError and httpx.TransportError."""

    def __init__(self, rules: SignOnRules, credential: ClientCredential, client: httpx.Client) -> None:
        self._rules, self._endpoint = rules, TokenEndpoint(rules, credential, client)
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        if time.monotonic() > self._until - _MARGIN:
            self._fetch()
        return self._token

    def forget(self) -> None:
        """Graph refused the token: the next one may say more, such as a permission that was given meanwhile."""
        self._until = 0.0

    def _fetch(self) -> None:
        answer = self._endpoint.ask(grant_type="client_credentials", scope=_SCOPE)
        if not answer.is_success:
            refusal = turned_down(answer)
            gone = refusal is not None and refusal.about == "application"
            raise (ApplicationGoneError if gone else CredentialError)(
                f"Entra gave the application {self._rules.client_id} no token of its own: {why(answer)}. Compare "
                "clientId and credential in the sign-on file with the app registration."
            )
        body = answer.json()
        self._token, self._until = str(body["access_token"]), time.monotonic() + float(body["expires_in"])
