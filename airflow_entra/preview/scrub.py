"""Takes secrets out of what the engine says. It masks what it knows to be one; this is for what it doesn't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_entra.settings.secrets import is_secret_key, without_secrets

SECRET = "[secret]"  # noqa: S105 - Pulumi's own word for it
_NAMES = re.compile(r"(SECRET|TOKEN|PASSWORD|PASSPHRASE|ACCESS_?KEY|ACCOUNT_?KEY|STORAGE_?KEY|API_?KEY|SAS)")
_NOT_NAMES = re.compile(r"(_FILE|_PATH|_URL|_URI|_ID|_NAME|_DIR)$")
_LEAST = 8
_FORMS = (
    re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # a JSON Web Token
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?<=AccountKey=)[A-Za-z0-9+/=]{16,}"),
    re.compile(r"(?<=[?&;]sig=)[\w%+/=-]{16,}"),  # a shared access signature
    re.compile(r"\bpul-[0-9a-f]{40}\b"),  # Pulumi Cloud's access token
)


class Scrub:
    """Knows the values of the environment's variables that are secrets by their names, and how secrets look."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        known = {value for name, value in environment.items() if _is_secret(name, value)}
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def text(self, text: str) -> str:
        if self._known:
            text = self._known.sub(SECRET, text)
        for form in _FORMS:
            text = form.sub(SECRET, text)
        return without_secrets(text)

    def value(self, value: Any, key: str = "") -> Any:
        """A JSON value, without the text below keys that name a secret (password, clientSecret, ...)."""
        if value is None or isinstance(value, bool):
            return value
        if is_secret_key(key):
            return SECRET
        if isinstance(value, Mapping):
            return {self.text(name): self.value(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, key) for item in value]
        return self.text(value) if isinstance(value, str) else value


def _is_secret(name: str, value: str) -> bool:
    named = _NAMES.search(name.upper()) and not _NOT_NAMES.search(name.upper())
    return bool(named) and len(value) >= _LEAST and not Path(value).is_absolute()
