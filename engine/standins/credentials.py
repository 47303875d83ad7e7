"""Who the provider signs in as: from its configuration first, then from the environment, as the official ones do."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.standins.errors import ProviderError

_TRUE = frozenset({"1", "t", "true", "yes"})
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Credential:
    """A client secret, or an OIDC token that is handed on as the client's assertion.

    A token file is read at every sign-in: whoever issues the token renews the file.
    """

    tenant_id: str
    client_id: str
    secret: str = field(default="", repr=False)
    assertion: str = field(default="", repr=False)
    assertion_file: str = ""

    def form(self) -> dict[str, str]:
        """The fields that prove who is asking, for the token endpoint."""
        if self.secret:
            return {"client_id": self.client_id, "client_secret": self.secret}
        assertion = self.assertion
        if not assertion:
            try:
                assertion = Path(self.assertion_file).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ProviderError(
                    f"the OIDC token file {self.assertion_file} can't be read: {error.strerror}"
                ) from None
        return {"client_id": self.client_id, "client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}


@dataclass(frozen=True)
class Settings:
    """A provider instance's configuration over the environment it was started in."""

    namespace: str
    config: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    def get(self, key: str, *variables: str) -> str:
        """The configured value, else the first of these environment variables that is set, else ''."""
        return self.config.get(key) or next(
            (self.environment[name] for name in variables if self.environment.get(name)), ""
        )

    def credential(self) -> Credential:
        """Raise ProviderError, naming each setting and variable that is missing, where nothing is complete."""
        tenant = self.get("tenantId", "ARM_TENANT_ID", "AZURE_TENANT_ID")
        client = self.get("clientId", "ARM_CLIENT_ID", "AZURE_CLIENT_ID")
        secret = self.get("clientSecret", "ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET")
        oidc = self.get("useOidc", "ARM_USE_OIDC").lower() in _TRUE
        token = self.get("oidcToken", "ARM_OIDC_TOKEN") if oidc else ""
        token_file = (
            self.get("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE") if oidc else ""
        )
        missing = [
            *([] if tenant else [self._name("tenantId", "ARM_TENANT_ID")]),
            *([] if client else [self._name("clientId", "ARM_CLIENT_ID")]),
        ]
        if not (secret or token or token_file):
            by_token = self._name("oidcToken", "ARM_OIDC_TOKEN")
            by_file = self._name("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH")
            by_secret = self._name("clientSecret", "ARM_CLIENT_SECRET")
            missing.append(
                f"{by_token} or {by_file}" if oidc else f"{by_secret}, or ARM_USE_OIDC=true with an OIDC token"
            )
        if missing:
            raise ProviderError(
                f"the {self.namespace} provider can't sign in: missing {'; '.join(missing)}. "
                "Set them in the environment or in the provider's configuration."
            )
        return Credential(tenant, client, secret, token, token_file)

    def _name(self, key: str, variable: str) -> str:
        return f"{variable} (or {self.namespace}:{key})"
