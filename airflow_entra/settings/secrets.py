"""Finding secrets in a stack file, so that they are refused and never repeated in a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from airflow_entra.finding import At, Finding, Loc
from airflow_entra.settings.document import Document, Mapping, Node, Scalar, Sequence

_KEYS = frozenset(
    {"secret", "clientsecret", "clientsecretvalue", "secretvalue", "password", "clientpassword", "passphrase"}
    | {"privatekey", "clientassertion", "accesstoken", "clientcertificatepassword", "oidctoken", "apikey", "accesskey"}
)
# A client secret of Entra: three characters, a digit, "Q~", then 31 to 34 more.
_VALUE = re.compile(r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w.~-])|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_SHOWN = re.compile(r"[\w.~-]{3}\dQ~[\w.~-]*")  # also where a message has shortened it
LEAKED = "settings/plain-secret"
"""The id of a finding at whose place nothing else may be reported: it would repeat the value."""
_OURS = ("azuread", "azure-native", "airflow-entra")


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    return re.sub(r"[^a-z]", "", key.rpartition(":")[2].lower()) in _KEYS


def secret_at(loc: Loc, what: str, *, at_key: bool) -> Finding:
    """The finding for a secret at `loc`; `what` never repeats it."""
    return Finding(
        At(loc, key=at_key),
        what,
        "secrets lie in the vault that `credential` names, and the stack makes its own",
        "delete it, and replace the secret at its source if the file was ever committed or shared",
        id=LEAKED,
    )


def without_secrets(text: str) -> str:
    """A message without what looks like a secret in it."""
    return _SHOWN.sub("(a secret)", text)


def plain_secrets(document: Document) -> Iterator[Finding]:
    """Values that look like secrets, and keys of our namespaces that hold one unencrypted."""
    if any(_suspicious(word) for word in document.words):
        yield from _below(document.root, (), ours=False)


def _suspicious(word: str) -> bool:
    return is_secret_key(word) or _VALUE.search(word) is not None


def _below(node: Node | None, loc: Loc, *, ours: bool) -> Iterator[Finding]:
    match node:
        case Mapping():
            for key, (_, value) in node.entries.items():
                mine = ours or (loc == ("config",) and key.partition(":")[0] in _OURS)
                if mine and is_secret_key(key) and isinstance(value, Scalar):
                    yield secret_at((*loc, key), f"{key} has no place in a stack file", at_key=True)
                else:
                    yield from _below(value, (*loc, key), ours=mine)
        case Sequence():
            for index, item in enumerate(node.items):
                yield from _below(item, (*loc, index), ours=ours)
        case Scalar() if _VALUE.search(node.text):
            yield secret_at(loc, "this value looks like a secret", at_key=False)
