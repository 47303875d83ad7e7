"""Reading stack files: the good ones, the unreadable ones, and many mistakes at once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.finding import Finding
from airflow_entra.settings import SettingsError, limits, load, load_with_warnings, warnings
from airflow_entra.settings.checks import credential
from airflow_entra.settings.model import (
    Certificate,
    CreatedGroup,
    ExistingGroup,
    ExistingVault,
    StackSettings,
    VaultSecret,
    config_key,
)
from airflow_entra.settings.schema import HEADER

DATA = Path(__file__).parent / "data"
STACKS = Path(__file__).parents[2] / "stacks"
EVERYTHING = (DATA / "everything.yaml").read_text("utf-8")


def _file(folder: Path, content: str | bytes) -> Path:
    file = folder / "Pulumi.case.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_a_file_with_everything() -> None:
    stack = load(DATA / "everything.yaml")

    assert stack.environment == "production"
    assert stack.sign_in.token_lifetime == timedelta(hours=8)
    assert isinstance(stack.credential, VaultSecret)
    assert stack.roles["Viewer"].groups == [
        CreatedGroup(create="airflow-prod-viewers", rule='user.department -eq "Data"')
    ]
    assert stack.roles["Op"].groups == [
        ExistingGroup(id="5f1e6c1e-3c7f-4a55-8a4d-0d6b5a3b2c05", name="platform-on-call")
    ]
    assert warnings(DATA / "everything.yaml") == ()


def test_spellings_are_made_one() -> None:
    stack = load(DATA / "good" / "request.yaml")

    assert stack.tenant_id == "7a0c8f5e-5f0e-4a63-9c29-4d4a5a0a6f01"
    assert stack.airflow[0].url == "https://airflow.contoso.com:8443/team-a"
    assert stack.sign_in.airflow_session == timedelta(minutes=90)
    assert isinstance(stack.credential, VaultSecret)
    assert isinstance(stack.credential.vault, ExistingVault)


def test_defaults() -> None:
    stack = load(DATA / "good" / "least.yaml")

    assert stack.sign_in.assignment_required
    assert stack.tenant.manage.conditional_access == "none"
    assert stack.application.display_name is None


@pytest.mark.parametrize("file", sorted((DATA / "good").glob("*.yaml")), ids=lambda file: file.name)
def test_good_files_load_without_a_word(file: Path) -> None:
    assert load_with_warnings(file)[1] == ()


@pytest.mark.parametrize("file", sorted(STACKS.glob("*.yaml")), ids=lambda file: file.name)
def test_the_shipped_stacks_load_without_a_word(file: Path) -> None:
    assert warnings(file) == ()
    assert file.read_text("utf-8").startswith(HEADER + "\n")


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"", (1, 1), "the file is empty"),
        (b"\xef\xbb\xbf  \n", (1, 1), "the file is empty"),
        (b"# " + b"x" * 1024 * 1024, (1, 1), "larger than 1 MiB"),
        ("config:\n  # Gr\u00fc\u00dfe: ".encode() + b"\xff\n", (2, 12), "not UTF-8"),
        (EVERYTHING.encode("utf-16"), (1, 1), "not UTF-8"),
        (
            b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 10)) for c in range(98, 110)),
            (5, 35),
            "aliases must not multiply",
        ),
        (b"[" * 100_000, (1, 22), "nests deeper than 20 levels"),
        (b"{a: " * 100_000, (1, 85), "nests deeper than 20 levels"),
        (b"- " * 100_000, (1, 43), "nests deeper than 20 levels"),
        (b"? [a]\n: b\n", (1, 3), "a key is not a plain word"),
    ],
    ids=["empty", "blank", "huge", "latin", "utf-16", "alias bomb", "brackets", "braces", "hyphens", "list as key"],
)
def test_files_that_are_refused_before_they_are_read(
    tmp_path: Path, content: bytes, place: tuple[int, int], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        load(_file(tmp_path, content))
    (finding,) = caught.value.findings
    assert finding.position == place


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml:1:1: error: the file can't be read: No such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="the file can't be read: Is a directory"):
        load(tmp_path)


def test_every_mistake_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = EVERYTHING
    for old, new in (
        ("licence: P1", "licence: P4"),
        ("https://airflow-old.contoso.com", "http://airflow-old.contoso.com"),
        ("rotateEvery: 90d", "rotateEvery: 175d"),
        ("      dags:\n        finance_*: [read, trigger, edit]\n", ""),
        ("id: 5f1e6c1e-3c7f-4a55-8a4d-0d6b5a3b2c05", "id: on-call"),
    ):
        text = text.replace(old, new)

    with pytest.raises(SettingsError) as caught:
        load(_file(tmp_path, text))

    told = [(finding.position[0], finding.what) for finding in caught.value.findings]
    assert [what for _, what in told] == [
        "tenant.licence is 'P4'",
        "airflow[1].url: 'http://airflow-old.contoso.com' is not https",
        "a secret would live 182d (rotateEvery and overlap)",
        "roles.Op.groups[0].id: 'on-call' is not an object id",
        "the custom role finance-editor may do nothing: it has no dags",
    ]
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("tokenLifetime: 8h", "tokenLifetime: 8h"), "a token lifetime policy needs Microsoft Entra ID P1"),
        (("tokenLifetime: 8h", "signInFrequency: 8h"), "a Conditional Access sign-in frequency needs"),
        (("tokenLifetime: 8h", "guests: refuse"), "a dynamic membership rule needs"),
        (("rolesFrom: appRoles", "rolesFrom: assignedGroups"), "assigning groups to an application needs"),
        (("rolesFrom: appRoles", "rolesFrom: securityGroups"), "assigning groups to an application needs"),
    ],
)
def test_what_the_licence_lacks_is_refused(tmp_path: Path, change: tuple[str, str], what: str) -> None:
    text = EVERYTHING.replace("licence: P1", "licence: none").replace("    guests: refuse\n", "").replace(*change)
    with pytest.raises(SettingsError) as caught:
        load(_file(tmp_path, text))
    assert any(finding.what.startswith(what) for finding in caught.value.findings), str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("longestDagRun: 6h", "longestDagRun: 12h", "airflowSession is 8h, shorter than the longest DAG run of 12h"),
        ("longestDagRun: 6h", "longestDagRun: 12h", "tokenLifetime is 8h, shorter than the longest DAG run of 12h"),
        ("tokenLifetime: 8h", "signInFrequency: 4h", "airflowSession 8h outlasts signInFrequency 4h"),
        ("revocation: watch", "revocation: refresh", "revocation is refresh, so that Conditional Access judges"),
        ("    contacts:\n      - data-platform@contoso.com\n", "", "the application has no contact"),
        ("rolesFrom: appRoles", "rolesFrom: securityGroups", "assignmentRequired keeps out members of nested groups"),
        ("assignments: managed", "assignments: none", "manage.assignments is none: no group gets its role"),
    ],
)
def test_what_is_allowed_but_probably_not_meant(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = EVERYTHING.replace(old, new)
    if new == "revocation: refresh":  # redeems as the application itself
        text = re.sub(r"  airflow-entra:watcher:\n(    .*\n)+", "", text)
    if "outlasts" in words:
        text = text.replace("conditionalAccess: existing", "conditionalAccess: managed").replace(
            "    existing:\n      conditionalAccessPolicy: 5a0c8f5e-5f0e-4a63-9c29-4d4a5a0a6f09\n", ""
        )
    file = _file(tmp_path, text)

    assert any(warning.what.startswith(words) for warning in warnings(file)), warnings(file)
    assert {warning.severity for warning in warnings(file)} == {"warning"}


KUBERNETES = "system:serviceaccount:airflow:airflow-api-server"


@pytest.mark.parametrize(
    ("subject", "own", "said"),
    [
        (KUBERNETES, "", False),  # another service account is derived from it
        ("repo:contoso/airflow:environment:prod", "", True),
        (KUBERNETES, f"    federated: {{issuer: https://token.contoso.com, subject: {KUBERNETES}}}\n", True),
        (KUBERNETES, "    federated: {issuer: https://token.contoso.com, subject: another}\n", False),
    ],
)
def test_a_watcher_with_the_sign_ons_own_proof_is_told(tmp_path: Path, subject: str, own: str, said: bool) -> None:
    start, _, rest = EVERYTHING.partition("  airflow-entra:credential:\n")
    roles = rest[rest.index("  airflow-entra:roles:") :]
    trust = f"    mode: federated\n    federated: {{issuer: https://token.contoso.com, subject: {subject!r}}}\n"
    watcher = f"  airflow-entra:watcher:\n{own}" if own else ""
    file = _file(tmp_path, f"{start}  airflow-entra:credential:\n{trust}{watcher}{roles}")

    found = [warning.what for warning in warnings(file) if "the watcher proves itself" in warning.what]
    assert found == ["the watcher proves itself with the workload of the application that people sign in to"] * said


def test_a_message_is_three_lines_without_escape_sequences(tmp_path: Path) -> None:
    file = _file(tmp_path, EVERYTHING.replace("guests: refuse", r'"\e[31m\n\u202e": refuse'))
    with pytest.raises(SettingsError) as caught:
        load(file)
    said = str(caught.value).split("\n")
    assert (len(said), all(map(str.isprintable, said))) == (3, True)
    assert r"\x1b[31m\n\u202e is no key of signIn" in str(caught.value)


def test_a_name_that_the_engine_would_read_a_colour_into_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, EVERYTHING.replace("create: airflow-prod-admins", "create: a<{%fg 1%}>b"))
    with pytest.raises(SettingsError, match=r"Pulumi reads <\{% as the beginning of a colour"):
        load(path)


def test_a_persian_name_stays_legible_in_a_message(tmp_path: Path) -> None:
    path = _file(tmp_path, EVERYTHING.replace("airflow-prod-admins", "' می\u200cخواهم'"))  # noqa: RUF001
    with pytest.raises(SettingsError, match="' می\u200cخواهم' starts or ends with a blank"):  # noqa: RUF001
        load(path)


def test_an_error_carries_no_value_of_the_file_in_its_context(tmp_path: Path) -> None:
    file = _file(tmp_path, EVERYTHING.replace("overlap: 7d", "clientSecret: hunter2"))
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_no_message_repeats_a_secret(tmp_path: Path) -> None:
    secret = "aB38Q~abcdefghijklmnopqrstuvwxyz01234567"
    text = EVERYTHING.replace("create: airflow-prod-viewers", f"create: {secret}")
    text = text.replace("create: airflow-prod-admins", f"create: {secret}").replace(
        "displayName: Airflow", f"{secret}: x"
    )
    with pytest.raises(SettingsError) as caught:
        load(_file(tmp_path, text))
    assert len(caught.value.findings) > 2
    assert "abcdefgh" not in str(caught.value)


def _with_certificate(folder: Path, content: str | None) -> Path:
    if content is not None:
        (folder / "airflow.pem").write_text(content)
    return _file(folder, (DATA / "good" / "free.yaml").read_text("utf-8"))


def test_a_certificate_is_found_beside_the_stack_file(tmp_path: Path) -> None:
    stack = load(_with_certificate(tmp_path, (DATA / "good" / "airflow.pem").read_text()))
    assert isinstance(stack.credential, Certificate)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "airflow.pem can't be read: No such file"),
        ("hello\n", "is not a PEM certificate"),
        ("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "is damaged"),
        ("-----BEGIN CERTIFICATE-----\nMIIB===x\n-----END CERTIFICATE-----\n", "is damaged"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHc=\n-----END EC PRIVATE KEY-----\n", "holds a private key"),
        ((DATA / "good" / "airflow.pem").read_text() * 2, "holds 2 certificates"),
        (
            (DATA / "nordlicht.pem").read_text(),
            "(?s)lives 365 days, until 2127-11-30.*at most 180d, as the policy pack",
        ),
        ((DATA / "ended.pem").read_text(), "ended on 2020-06-01"),
    ],
    ids=["absent", "text", "not DER", "not base64", "private key", "chain", "365 days", "ended"],
)
def test_a_certificate_that_is_refused(tmp_path: Path, content: str | None, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        load(_with_certificate(tmp_path, content))
    assert [finding.position for finding in caught.value.findings] == [(19, 11)]
    kind = "lifetime" if "365" in words or "ended" in words else "file"
    assert [finding.id for finding in caught.value.findings] == [f"credential/certificate-{kind}"]


def test_what_stands_above_a_certificate_may_be_in_any_language(tmp_path: Path) -> None:
    pem = (DATA / "good" / "airflow.pem").read_text("utf-8")
    file = _with_certificate(tmp_path, None)
    (tmp_path / "airflow.pem").write_text(f"Zertifikat für Zürich\n{pem}", "utf-8")
    assert isinstance(load(file).credential, Certificate)


@pytest.mark.parametrize(("more", "told"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_a_certificate_may_live_as_long_as_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: timedelta, told: bool
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(credential, "validity", lambda pem: (now, now + limits.SECRET_LIFETIME + more))
    file = _with_certificate(tmp_path, (DATA / "good" / "airflow.pem").read_text())
    assert [finding.id for finding in _findings(file)] == ["credential/certificate-lifetime"] * told


def test_a_certificate_is_looked_for_within_64_kib(tmp_path: Path) -> None:
    """Whatever large file is named, it isn't read to its end."""
    pem = (DATA / "good" / "airflow.pem").read_text()
    with pytest.raises(SettingsError, match="is not a PEM certificate"):
        load(_with_certificate(tmp_path, "#" * 64 * 1024 + pem))


def test_a_certificate_of_a_watcher_that_is_wrong_anyway_is_not_read(tmp_path: Path) -> None:
    file = _file(tmp_path, EVERYTHING.replace("    moved: true\n", "    moved: 1\n    certificate: none.pem\n"))
    with pytest.raises(SettingsError) as caught:
        load(file)
    assert [finding.id for finding in caught.value.findings] == ["settings/wrong-type"]


@pytest.mark.parametrize(
    ("watcher", "place", "kind", "words"),
    [
        ("", (10, 5), "watcher/watcher-apart", "with the certificate of the application"),
        ("{certificate: airflow.pem}", (21, 40), "watcher/watcher-apart", "with the certificate of the application"),
        ("{certificate: other.pem}", None, "", ""),
    ],
)
def test_a_watcher_with_the_sign_ons_own_certificate_is_told(
    tmp_path: Path, watcher: str, place: tuple[int, int] | None, kind: str, words: str
) -> None:
    pem = (DATA / "good" / "airflow.pem").read_text()
    (tmp_path / "other.pem").write_text(pem)
    file = _with_certificate(tmp_path, pem)
    text = file.read_text("utf-8").replace(
        "  airflow-entra:signIn:\n", "  airflow-entra:signIn:\n    revocation: watch\n"
    )
    if watcher:
        text = text.replace("  airflow-entra:roles:", f"  airflow-entra:watcher: {watcher}\n  airflow-entra:roles:")
    file.write_text(text, "utf-8")
    found = warnings(file)
    assert [(finding.position, finding.id) for finding in found] == ([(place, kind)] if place else [])
    assert all(words in finding.what and "{certificate: <file>}" in finding.fix for finding in found)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_text_ends_in_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever becomes of a stack file, it loads or its mistakes are told with places that exist."""
    start = data.draw(st.integers(0, len(EVERYTHING)))
    end = data.draw(st.integers(start, min(len(EVERYTHING), start + 60)))
    put = data.draw(st.text(alphabet="abC:-[]{}#&*!|>'\"%@`,? \n\t0\x01é😀", max_size=8))
    text = EVERYTHING[:start] + put + EVERYTHING[end:]
    file = _file(tmp_path_factory.getbasetemp(), text)
    lines = text.split("\n")
    for finding in _findings(file):
        row, column = finding.position
        assert 1 <= row <= len(lines)
        assert 1 <= column <= len(lines[row - 1]) + 1
        assert all((finding.what, finding.right, finding.fix))


def _findings(file: Path) -> tuple[Finding, ...]:
    try:
        return load_with_warnings(file)[1]
    except SettingsError as error:
        return error.findings


def test_settings_load_neither_pulumi_nor_what_only_edits_need() -> None:
    code = "import sys, airflow_entra.settings; print(*(m for m in sys.modules if m.split('.')[0] in sys.argv[1:]))"
    unwanted = ["pulumi", "pulumi_azuread", "pulumi_azure_native", "ruamel", "httpx", "rich", "grpc", "cryptography"]
    loaded = subprocess.run([sys.executable, "-c", code, *unwanted], check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("key", [name for name, field in StackSettings.model_fields.items() if field.is_required()])
def test_what_is_missing_may_be_written_as_the_fix_says(tmp_path: Path, key: str) -> None:
    """With what it is about in the environment `local`, where little is asked for."""
    content = yaml.safe_load((STACKS / "Pulumi.local.yaml").read_text("utf-8"))
    name = config_key(key)
    del content["config"][name]
    file = _file(tmp_path, yaml.safe_dump(content))
    with pytest.raises(SettingsError) as caught:
        load(file)
    fix = next(one.fix for one in caught.value.findings if f"{name} is missing" in one.what).removeprefix("add ")
    content["config"] |= yaml.safe_load(fix.partition(" or ")[0])
    left = []
    try:
        load(_file(tmp_path, yaml.safe_dump(content)))
    except SettingsError as error:
        left = [one.what for one in error.findings if one.id.startswith("settings/")]
    assert left == []


@pytest.mark.parametrize(
    ("subject", "good"),
    [
        ("repo:contoso/airflow:environment:Production EU", True),
        ("sc://contoso/data platform/airflow", True),
        ("s" * 600, True),
        ("s" * 601, False),
        ("ab\tc", False),
        (" a", False),
        ("a ", False),
        ("repo:contoso/*", False),
    ],
)
def test_a_subject_is_what_a_token_can_say(tmp_path: Path, subject: str, good: bool) -> None:
    own = "subject: system:serviceaccount:airflow:airflow-watcher"
    assert own in EVERYTHING
    file = _file(tmp_path, EVERYTHING.replace(own, f"subject: {json.dumps(subject)}"))
    if good:
        assert load(file).watcher.federated.subject == subject  # type: ignore[union-attr]
    else:
        with pytest.raises(SettingsError, match=r"watcher\.federated\.subject: .* is not a subject"):
            load(file)
