"""Read a stack file into settings, or say everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from airflow_entra.settings import checks, limits
from airflow_entra.settings.document import Document, Mapping, NotYaml, plain
from airflow_entra.settings.explain import closest, explain, in_file
from airflow_entra.settings.finding import Finding
from airflow_entra.settings.mistakes import Mistake, SettingsError
from airflow_entra.settings.model import StackSettings, config_key
from airflow_entra.settings.secrets import plain_secrets

_PULUMI_KEYS = ["config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"]
_OURS = "airflow-entra:"
_ROLES = config_key("roles")
_ID = "00000000-0000-0000-0000-000000000001"
_STAND_INS: dict[str, object] = {
    "tenant_id": _ID,
    "environment": "local",
    "tenant": {"licence": "none"},
    "airflow": [{"version": "3.3", "url": "http://localhost"}],
    "sign_in": {},
    "owners": {"application": []},
    "credential": {"mode": "certificate", "file": "none"},
    "roles": {"Admin": {"groups": [{"id": _ID, "name": "none"}]}},
}


def load(path: Path) -> StackSettings:
    """The settings in the stack file at `path`; SettingsError with every mistake in it."""
    return load_with_warnings(path)[0]


def warnings(path: Path) -> tuple[Mistake, ...]:
    """What is allowed in the stack file at `path` but probably not meant; SettingsError where it can't be used."""
    return load_with_warnings(path)[1]


def load_with_warnings(path: Path) -> tuple[StackSettings, tuple[Mistake, ...]]:
    """`load` and `warnings` in one reading."""
    try:
        document = Document(_text(path))
    except NotYaml as error:
        raise SettingsError([_located(error.finding, path, None)]) from None
    findings = [*document.findings, *_outline(document)]
    if isinstance(document.node(("config",)), Mapping):
        settings, more = _settings(document, path)
        findings += more
    else:
        settings = None
    mistakes = sorted((_located(finding, path, document) for finding in _one_per_cause(findings)), key=_order)
    if settings is None or any(mistake.severity == "error" for mistake in mistakes):
        raise SettingsError(mistake for mistake in mistakes if mistake.severity == "error")
    return settings, tuple(mistakes)


def _order(mistake: Mistake) -> tuple[int, int]:
    return mistake.line, mistake.column


def _text(path: Path) -> str:
    """The file's text; NotYaml for what is no readable UTF-8 file of a sensible size."""
    try:
        with path.open("rb") as file:
            content = file.read(limits.FILE_BYTES + 1)
    except OSError as error:
        raise NotYaml(
            _whole(
                f"the file can't be read: {error.strerror}", "an existing stack file", "check the name and its rights"
            )
        ) from None
    if len(content) > limits.FILE_BYTES:
        raise NotYaml(
            _whole("the file is larger than 1 MiB", "a stack file has a few hundred lines", "name the right file")
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        place = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        raise NotYaml(
            Finding(
                place=place,
                what="the file is not UTF-8 from here on",
                right="stack files are UTF-8 text",
                fix="save the file as UTF-8",
            )
        ) from None
    if not text.strip():
        raise NotYaml(
            _whole("the file is empty", "it has the section config", "start from one of the files in stacks/")
        )
    return text


def _whole(what: str, right: str, fix: str) -> Finding:
    return Finding(place=(1, 1), what=what, right=right, fix=fix)


def _outline(document: Document) -> Iterator[Finding]:
    """What is wrong around the settings: the keys that Pulumi itself reads, and config."""
    if not isinstance(document.root, Mapping):
        yield Finding(
            what="the file holds no keys",
            right="it has the section config",
            fix="start from one of the files in stacks/",
        )
        return
    top = document.root.entries
    for key in top:
        if key in _PULUMI_KEYS:
            continue
        meant = closest(key, _PULUMI_KEYS)
        yield Finding(
            loc=(key,),
            at_key=True,
            what=f"{key} is no key of a stack file",
            right=f"did you mean {meant}?" if meant else f"its keys are {', '.join(_PULUMI_KEYS)}",
            fix=f"write {meant}" if meant else "move it below config, indented by two spaces",
        )
        if meant == "config":
            return
    if "config" not in top:
        yield Finding(what="config is missing", right="the settings stand below config:", fix="add config:")
    elif not isinstance(top["config"][1], Mapping):
        yield Finding(
            loc=("config",),
            at_key=True,
            what="config has no keys",
            right="the settings stand below config, indented by two spaces",
            fix="start from one of the files in stacks/",
        )


def _settings(document: Document, path: Path) -> tuple[StackSettings | None, list[Finding]]:
    config = plain(document.node(("config",)))
    assert isinstance(config, dict)  # noqa: S101 -- the caller looked
    known = [config_key(field) for field in StackSettings.model_fields]
    findings = [*plain_secrets(document), *_foreign(config, known)]
    taken = {finding.loc[1] for finding in findings if len(finding.loc) == 2}
    encrypted = [key for key in known if isinstance(config.get(key), dict) and set(config[key]) == {"secure"}]
    findings += [_encrypted(key) for key in encrypted]
    ours = {key: value for key, value in config.items() if (key in known or key.startswith(_OURS)) and key not in taken}
    try:
        settings, broken, whole = _model(ours), frozenset[str](), True
    except ValidationError as error:
        errors = error.errors(include_url=False)
        told = {finding.right for finding in findings}
        findings += [
            finding
            for finding in explain(errors, document)
            if f"did you mean {finding.what.removesuffix(' is missing')}?" not in told
            and not (len(finding.loc) > 1 and finding.loc[1] in encrypted)
        ]
        (settings, broken), whole = _readable_part(ours, errors), False
    findings += checks.findings(settings, path.parent, broken)
    return (settings if whole else None), findings


def _model(config: dict[str, object]) -> StackSettings:
    return StackSettings.model_validate(config, by_alias=True, by_name=False)


def _readable_part(config: dict[str, object], errors: list[ErrorDetails]) -> tuple[StackSettings, frozenset[str]]:
    """Settings whose wrong fields are stood in for, and the names of those fields.

    So the rules about everything else still speak. Of the roles only the wrong ones are left out.
    """
    wrong = {in_file(error["loc"])[0][1:3] for error in errors}
    roles = config.get(_ROLES)
    right = {} if (_ROLES,) in wrong or not isinstance(roles, dict) else dict(roles)
    for name in [name for name in right if (_ROLES, name) in wrong]:
        del right[name]
    kept = {config_key(name): config.get(config_key(name)) for name in StackSettings.model_fields}
    broken = {name for name in StackSettings.model_fields if config_key(name) in {loc[0] for loc in wrong}}
    if right:
        broken.discard("roles")
        kept[_ROLES] = right
    kept |= {config_key(name): _STAND_INS.get(name) for name in broken}
    present = {key: value for key, value in kept.items() if value is not None}
    return _model(present), frozenset(broken)


def _foreign(config: dict[str, object], known: list[str]) -> Iterator[Finding]:
    """Keys of other programs are theirs; a key without a namespace is nobody's; azuread:tenantID is meant for us."""
    missing = [key for key in known if key not in config]
    for key in config:
        _, colon, name = key.partition(":")
        if key in known or key.startswith(_OURS):
            continue
        if colon and name:
            meant = next((ours for ours in missing if ours.lower() == key.lower()), None)
        else:
            meant = closest(key, [ours.partition(":")[2] for ours in known])
            meant = next((ours for ours in known if ours.partition(":")[2] == meant), None)
        if meant or not (colon and name):
            yield Finding(
                loc=("config", key),
                at_key=True,
                what=f"{key} is no key of config",
                right=f"did you mean {meant}?" if meant else "keys of config are written NAMESPACE:NAME",
                fix=f"write {meant}" if meant else f"name the program that reads it, as in {_OURS}environment",
            )


def _encrypted(key: str) -> Finding:
    return Finding(
        loc=("config", key),
        at_key=True,
        what=f"{key} is encrypted",
        right="settings are readable: whoever reviews access reads them",
        fix=f"run `pulumi config set {key} VALUE` without --secret",
    )


def _one_per_cause(findings: list[Finding]) -> list[Finding]:
    """Without what else was found at the very place of a secret: it would repeat the value."""
    secret = {finding.loc for finding in findings if finding.secret}
    return [finding for finding in dict.fromkeys(findings) if finding.secret or finding.loc not in secret]


def _located(finding: Finding, path: Path, document: Document | None) -> Mistake:
    line, column = finding.place or (document.place(finding.loc, key=finding.at_key) if document else (1, 1))
    what = finding.what
    if finding.first is not None and document is not None:
        what = what.replace("{first}", f"line {document.place(finding.first, key=True)[0]}")
    what, right, fix = (_one_line(text) for text in (what, finding.right, finding.fix))
    return Mistake(file=path, line=line, column=column, what=what, right=right, fix=fix, severity=finding.severity)


def _one_line(text: str) -> str:
    """`text` without effect on a terminal or a log: a key of the file may hold line ends and escape sequences."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
