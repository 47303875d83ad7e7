"""Takes secrets out of what a program said. Everything that Pulumi says goes through here before it is shown or raised.

Two things are masked: the values of the environment's secrets, however they are written, and what looks like a secret.
"""

from __future__ import annotations

import base64
import json
import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from airflow_entra.settings.secrets import is_secret_key, without_secrets

SECRET = "[secret]"  # noqa: S105 - Pulumi's own word for it

_NAMES = re.compile(
    r"SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|ASSERTION|AUTHORIZATION|COOKIE|SAS(?![A-Z])"
    r"|CONNECTION_?STRING|SQL_ALCHEMY_CONN|CLIENT_CERTIFICATE"
    r"|(ACCESS|ACCOUNT|API|ENCRYPTION|FERNET|PRINCIPAL|PRIVATE|SESSION|SHARED|SIGNING|STORAGE)_?KEY"
)
_NOT_NAMES = re.compile(r"_(DIR|ENDPOINT|HOST|ID|NAME|PATH|TYPE|URI|URL|VERSION)$|^AZURE_TOKEN_CREDENTIALS$")
_FILES = re.compile(r"_FILE(_PATH)?$")
_MOST_OF_A_FILE = 8 * 1024
_IN_A_URL = (
    re.compile(r"://[^/\s:@]*:((?!\d{1,5}/)[^\s@]+)@"),  # SQLAlchemy takes a slash too; a port is none
    re.compile(r"[?&;](?:sig|token|password|secret|access_key|account_key|storage_key)=([^&;\s]+)", re.IGNORECASE),
)
_NO_SECRETS = frozenset({"true", "false", "none", "null", "disabled", "enabled"})

_LEAST = 4
"""Characters. A shorter secret would be found in every other word."""
_A_WORD = 8
"""A known secret that is shorter is masked only where it is a word of its own."""
_LAYOUT = re.compile(r"(?:[\s\\|\u200b]|\x1b\[[\d;]*m)+")
"""What programs add to a text: line breaks, indentation, margins, escapes and colours, within a secret too. It is
looked for without them."""

_HTML = tuple(
    str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': double, "'": single})
    for double, single in (("&quot;", "&#x27;"), ("&#34;", "&#39;"))
)
"""As Python writes it, and as Go does."""
_JSON_TEXT = re.compile(r'("(?:[^"\\]|\\.)*+")(\s*+:)?')
"""A text of a JSON document, and what makes a key of it."""
_CODE = re.compile(r"%[0-9A-F]{2}")
"""Of a character in a URL."""
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_FORMS = (
    # A JSON Web Token, with what it is glued to: each word is looked at once, however often it says eyJ.
    re.compile(r"(?<![\w-])(?=[\w-]++\.[\w-]{8,}+\.)[\w-]*?eyJ[\w-]{8,}+\.[\w-]{8,}+\.[\w-]*+"),
    _PRIVATE_KEY,
    re.compile(r"(?<=AccountKey=)[A-Za-z0-9+/=]{16,}"),
    re.compile(r"(?<=SharedAccessKey=)[A-Za-z0-9+/=]{16,}"),
    re.compile(r"(?<=[?&;]sig=)[\w%+/=-]{16,}"),  # a shared access signature
    re.compile(r"\bpul-[0-9a-f]{40}\b"),  # Pulumi Cloud's access token
    re.compile(r"\b(gh[oprsu]_\w{20,}|github_pat_\w{20,})"),
    re.compile(r"(?<![\w.-])[01]\.A[\w-]{40,}(\.[\w-]+)*"),  # a refresh token of Entra
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user and password in a URL
    re.compile(r"(?<=bearer )(?=[\w.~+/-]*\d)[\w.~+/-]{8,}=*", re.IGNORECASE),
    re.compile(r"(?<=authorization: basic )[A-Za-z0-9+/]{8,}=*", re.IGNORECASE),
)
_LABELLED = re.compile(
    r"""((?:client_?secret|secret_?text|client_?assertion|(?:access|refresh|id|bearer)_?token|password|passphrase)
    ["'\\]*[=:][ ]?["'\\]*)  # in a form, in JSON, in an environment
    (?=[^\s"'&,;}\\]{0,500}\d)[^\s"'&,;}\\]{8,}""",
    re.IGNORECASE | re.VERBOSE,
)


class Scrub:
    """Knows the environment's secrets by the names of their variables, and how secrets look.

    A variable that names a file (PULUMI_CONFIG_PASSPHRASE_FILE) stands for what the file holds, and one that holds a
    URL or a connection string for the password in it.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        written = {form for value in _secrets(environment) for form in _written(value)}
        flat = {_LAYOUT.sub("", form) for form in written}
        self._forms = sorted((form for form in flat if len(form) >= _A_WORD), key=len, reverse=True)
        self._wrapped = re.compile("|".join(map(re.escape, self._forms))) if self._forms else None
        short = sorted((form for form in written if len(_LAYOUT.sub("", form)) < _A_WORD), key=len, reverse=True)
        self._short = re.compile("|".join(map(_short, short))) if short else None

    def text(self, text: str) -> str:
        """The text without secrets: known ones, and what looks like one."""
        text = self.known(text)
        for form in _FORMS:
            text = form.sub(SECRET, text)
        return without_secrets(_LABELLED.sub(rf"\1{SECRET}", text))

    def known(self, text: str) -> str:
        """The text without the environment's secrets, and unchanged else: for what is data to somebody."""
        text = self._short.sub(SECRET, text) if self._short else text
        flat = _Flat(text)
        parts: list[str] = []
        shown = 0
        for found in self._found(flat):
            parts += text[shown : flat.at(found.start())], SECRET
            shown = flat.at(found.end() - 1) + 1
        return "".join((*parts, text[shown:]))

    def data(self, text: str) -> str:
        """A document without the environment's secrets: of JSON the texts alone, so that its keys, numbers and layout
        stay, whatever word or number the secret is. A document may be on each line, as Pulumi's events are."""
        lines = text.splitlines(keepends=True)
        if _is_json(text) or (lines and all(_is_json(line) for line in lines if line.strip())):
            return _JSON_TEXT.sub(self._json_text, text)
        return self.known(text)

    def _json_text(self, found: re.Match[str]) -> str:
        said = json.loads(found[1])
        masked = said if found[2] else self.known(said)
        return found.group() if masked == said else json.dumps(masked, ensure_ascii=False)

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

    def settled(self, text: str) -> int:
        """How much of a text that goes on may be shown already: its whole lines, unless the next one may go on with a
        secret that the last one begins."""
        text = text[: text.rfind("\n") + 1]
        flat = _Flat(text)
        begun = max((_begun(form, flat.text) for form in self._forms), default=0)
        end = flat.at(len(flat.text) - begun) if begun else len(text)
        whole = [(flat.at(one.start()), flat.at(one.end() - 1)) for one in self._found(flat)]
        for key in _PRIVATE_KEY.finditer(text):
            if key.group(1):
                whole.append(key.span())
            else:
                end = min(end, key.start())
        end = _line(text, end)
        for start, stop in sorted(whole, reverse=True):
            if start < end <= stop:
                end = _line(text, start)
        return end

    def _found(self, flat: _Flat) -> Iterator[re.Match[str]]:
        return self._wrapped.finditer(flat.text) if self._wrapped else iter(())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line(text: str, position: int) -> int:
    """Where the line of a position begins; the end of the text is a line of its own."""
    return text.rfind("\n", 0, position) + 1


class _Flat:
    """A text without its layout."""

    def __init__(self, text: str) -> None:
        parts: list[str] = []
        self._flat_starts, self._starts = [0], [0]
        begin = length = 0
        for found in _LAYOUT.finditer(text):
            parts.append(text[begin : found.start()])
            length += found.start() - begin
            begin = found.end()
            self._flat_starts.append(length)
            self._starts.append(begin)
        self.text = "".join((*parts, text[begin:]))

    def at(self, position: int) -> int:
        """Where a character of it is in the text as it was."""
        part = bisect_right(self._flat_starts, position) - 1
        return self._starts[part] + position - self._flat_starts[part]


def _begun(form: str, text: str) -> int:
    """How many characters of a secret a text ends with, where it doesn't end with all of it."""
    lengths = range(min(len(form) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(form[:length])), 0)


def _secrets(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        for form in _IN_A_URL:
            for found in form.findall(value):
                yield from (found, unquote(found))
        upper = name.upper()
        if not _NAMES.search(upper):
            continue
        if _FILES.search(upper):
            yield from _held(Path(value))
        elif not _NOT_NAMES.search(upper) and not _names_a_file(value):
            yield value


def _held(file: Path) -> Iterator[str]:
    """What a file holds; nothing of a pipe or a device, which may never end or even begin."""
    with suppress(OSError):
        if file.is_file():
            with file.open("r", encoding="utf-8", errors="replace") as opened:
                yield opened.read(_MOST_OF_A_FILE)


def _names_a_file(value: str) -> bool:
    """Whether it is a path although its variable's name doesn't say so. Base64 may begin with a slash as well."""
    with suppress(OSError):  # too long for a name
        return Path(value).is_absolute() and Path(value).exists()
    return False


def _written(secret: str) -> Iterator[str]:
    """The ways in which programs write a secret, whole and line by line."""
    secret = os.fsencode(secret).decode("utf-8", "replace")  # as what is said is read, where it isn't UTF-8
    parts = {secret, secret.strip(), *map(str.strip, secret.splitlines())}
    for part in parts:
        if len(part) < _LEAST or part.lower() in _NO_SECRETS:
            continue
        quoted = (quote(part, safe=""), quote(part), quote_plus(part))
        yield from (part, repr(part)[1:-1], _in_go(part), *quoted, *(_CODE.sub(_lower, form) for form in quoted))
        yield from (json.dumps(part, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
        yield from (part.translate(marks) for marks in _HTML)
        raw = part.encode()
        yield from (raw.hex(), raw.hex().upper())
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(raw).decode().rstrip("=")
            for before in (1, 2):  # as in user:password, where a part of the first and the last letters is the others'
                inside = encode(bytes(before) + raw).decode().rstrip("=")[before + 1 : -1]
                if len(inside) >= _A_WORD:
                    yield inside


def _lower(code: re.Match[str]) -> str:
    return code.group().lower()


def _in_go(text: str) -> str:
    """As Go's JSON writes it, which also escapes what HTML would read."""
    escaped = json.dumps(text, ensure_ascii=False)[1:-1]
    return escaped.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _short(form: str) -> str:
    """A word is masked where it is one of its own, wrapped or not; signs wherever they are."""
    if len(form) >= _A_WORD:
        return re.escape(form)
    wrapped = r"(?:\s*\n\s*)?".join(map(re.escape, form))
    return rf"(?<!\w){wrapped}(?!\w)"
