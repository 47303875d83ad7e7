"""Pulumi's release: what is taken from its host, and what never is. The host is one on loopback."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

import engine
from engine import PULUMI_VERSION, download, release
from engine.build import SOURCES
from engine.obtain import EngineError, engine_folder
from engine.release import MIRROR, NoReleaseError, ReleaseRefusedError, get_release
from tests.engine.machine import Machine
from tests.engine.release_host import Proxy, ReleaseHost, certificate, packed, released, serving

NAME = f"pulumi-v{PULUMI_VERSION}-linux-x64.tar.gz"
PARTS = {"pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python"}


@pytest.fixture(autouse=True)
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


@pytest.fixture
def host(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseHost]:
    """A host with the right archive, which the table knows."""
    with serving(ReleaseHost(packed(released()))) as server:
        publish(server.body, monkeypatch)
        monkeypatch.setenv(MIRROR, server.base)
        yield server


def publish(archive: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engine.PULUMI_SHA256, "linux-x64", hashlib.sha256(archive).hexdigest())


def test_the_table_is_that_of_the_version_which_go_mod_pins() -> None:
    go_mod = (SOURCES / "go.mod").read_text()
    pinned = re.findall(r"^\tgithub\.com/pulumi/pulumi/(pkg|sdk)/v3 v(\S+)", go_mod, re.MULTILINE)
    assert dict(pinned) == {"pkg": PULUMI_VERSION, "sdk": PULUMI_VERSION}
    assert set(engine.PULUMI_SHA256) == {"darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"}
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in engine.PULUMI_SHA256.values())
    assert len(set(engine.PULUMI_SHA256.values())) == 4


@pytest.mark.parametrize(
    ("system", "machine_is", "name"),
    [
        ("Linux", "x86_64", "linux-x64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Darwin", "x86_64", "darwin-x64"),
        ("Linux", "riscv64", None),
        ("FreeBSD", "amd64", None),
    ],
)
def test_each_platform_has_its_archive(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, machine_is: str, name: str | None
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine_is)
    assert release.release_folder(tmp_path) == (tmp_path / f"{PULUMI_VERSION}-{name}" if name else None)


def test_the_release_is_taken_once(machine: Machine, host: ReleaseHost) -> None:
    machine.install_go()

    folder = machine.engine_folder()
    again = machine.engine_folder()

    assert folder == again == machine.cache / f"{PULUMI_VERSION}-linux-x64"
    assert {file.name for file in folder.iterdir()} == PARTS  # and no other language's host
    assert all(os.access(file, os.X_OK) for file in folder.iterdir())
    assert host.asked == [f"/releases/v{PULUMI_VERSION}/{NAME}"]
    assert machine.builds() == []
    assert machine.said == [
        f"engine: there is no pulumi on PATH; Pulumi {PULUMI_VERSION} or later with its Python language host is needed",
        f"engine: getting the Pulumi CLI {PULUMI_VERSION}, once, from {host.base}/v{PULUMI_VERSION}/{NAME}",
        f"engine: the Pulumi CLI {PULUMI_VERSION} is in {folder}",
    ]
    assert machine.left_over() == []


def test_without_a_mirror_pulumis_own_host_is_asked(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By way of a company's proxy, whose own certificate the user's SSL_CERT_FILE holds."""
    tls, ca = certificate(tmp_path, "github.com")
    body = packed(released())
    publish(body, monkeypatch)
    monkeypatch.delenv(MIRROR)
    with serving(ReleaseHost(body, tls)) as host, serving(Proxy(host.server_address[1])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        machine.engine_folder()
    assert proxy.asked == ["github.com:443"]
    assert host.asked == [f"/pulumi/pulumi/releases/download/v{PULUMI_VERSION}/{NAME}"]


@pytest.mark.parametrize("go", [True, False])
def test_another_sha_256_is_an_alarm_and_stops(machine: Machine, host: ReleaseHost, go: bool) -> None:
    """Nothing of it is run, and nothing is built in its place as if all were well."""
    ran = machine.home / "ran"
    host.body = packed(released(f"#!/bin/sh\ntouch {ran}\necho v{PULUMI_VERSION}\n"))
    host.length = len(host.body)
    if go:
        machine.install_go()

    with pytest.raises(EngineError) as alarm:
        machine.engine_folder()

    said = str(alarm.value)
    assert f"{host.base}/v{PULUMI_VERSION}/{NAME} is not the archive that Pulumi published. Nothing of it was" in said
    assert f"SHA-256 expected  {engine.PULUMI_SHA256['linux-x64']}" in said
    assert f"SHA-256 found     {hashlib.sha256(host.body).hexdigest()}" in said
    assert f"{MIRROR}=none" in said
    assert not ran.exists()
    assert machine.builds() == []
    assert machine.left_over() == []


def cut_short(host: ReleaseHost) -> None:
    host.body = host.body[:-20]


def missing(host: ReleaseHost) -> None:
    host.status = 404


def sign_in_page(host: ReleaseHost) -> None:
    host.body = b"<!DOCTYPE html><title>Sign in to the company's network</title>"
    host.length = len(host.body)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (cut_short, r"the transfer from 127\.0\.0\.1:\d+ broke off after 0 of 0 MB"),
        (missing, r"127\.0\.0\.1:\d+ answers 404 Not Found"),
        (sign_in_page, r"the answer is no archive but perhaps a proxy's or a sign-in page"),
        (ReleaseHost.server_close, r"127\.0\.0\.1:\d+ can't be reached: .*refused"),
    ],
)
def test_where_no_download_is_to_be_had_it_is_built(
    machine: Machine, host: ReleaseHost, trouble: Callable[[ReleaseHost], None], why: str
) -> None:
    machine.install_go()
    trouble(host)

    folder = machine.engine_folder()

    assert (folder / "pulumi").read_text() == "built\n"
    assert re.fullmatch(f"engine: no download: {why}", machine.said[2])
    assert machine.said[3].startswith(f"engine: building the Pulumi CLI {PULUMI_VERSION} with Go")
    assert machine.engine_folder() == folder
    assert machine.left_over() == []


def test_with_neither_download_nor_go_the_error_says_what_to_install(machine: Machine, host: ReleaseHost) -> None:
    host.status = 404
    machine.install("pulumi", "echo v3.99.0")
    machine.install("pulumi-language-python", "")

    with pytest.raises(EngineError) as error:
        machine.engine_folder()

    assert re.fullmatch(
        rf"the Pulumi CLI is not to be had\n"
        rf"  on PATH      {machine.bin}/pulumi is 3\.99\.0\n"
        rf"  downloaded   127\.0\.0\.1:\d+ answers 404 Not Found\n"
        rf"  built        Go is not on PATH, and 1\.\d+ or later is needed\n"
        rf"Install Pulumi 3\.256\.0 or later \(https://www\.pulumi\.com/docs/install\), or Go \(https://go\.dev/dl\), "
        rf"and run this again\.",
        str(error.value),
    )


def test_downloads_can_be_forbidden(machine: Machine, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, "none")
    machine.install_go()

    assert (machine.engine_folder() / "pulumi").read_text() == "built\n"
    assert f"engine: no download: {MIRROR} is none" in machine.said
    assert host.asked == []


def test_a_mirror_that_anybody_could_answer_for_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.install_go()
    monkeypatch.setenv(MIRROR, "http://mirror.contoso.com/pulumi")

    with pytest.raises(EngineError, match=rf"^{MIRROR}: http://mirror\.contoso\.com/pulumi/.* is not https\. It takes"):
        machine.engine_folder()


def made(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_nothing_is_written_but_what_is_wanted_and_nothing_elsewhere(
    machine: Machine, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    evil = "#!/bin/sh\n"
    host.body = packed(
        {
            f"{tmp_path}/absolute-python": evil,
            "../python": evil,
            "pulumi/../../python": evil,
            "pulumi/..": evil,
            "python": evil,
            "pulumi/deeper/python": evil,
            "pulumi/python-link": made("pulumi/python-link", tarfile.SYMTYPE, str(tmp_path / "target")),
            "pulumi/python-hard": made("pulumi/python-hard", tarfile.LNKTYPE, "pulumi/pulumi"),
            "pulumi/python-device": made("pulumi/python-device", tarfile.CHRTYPE),
            **released(),
        }
    )
    host.length = len(host.body)
    publish(host.body, monkeypatch)
    before = {*tmp_path.rglob("*")}

    folder = machine.engine_folder()

    assert {file.name for file in folder.iterdir()} == PARTS
    assert {*tmp_path.rglob("*")} - before - {*folder.rglob("*"), folder} == {
        machine.cache.parent.parent,
        machine.cache.parent,
        machine.cache,
        machine.cache / "getting.lock",
    }


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (packed({"pulumi/pulumi": "#!/bin/sh\n"}), "lacks pulumi-language-python, pulumi-language-python-exec$"),
        (packed(released())[:-30], "can't be read: "),
        (packed(released("#!/bin/sh\nexit 1\n")), "does not run on this machine"),
        (packed(released("#!/bin/sh\necho v3.1.0\n")), "does not run on this machine"),
    ],
)
def test_an_archive_that_can_not_serve_is_not_kept(
    machine: Machine, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch, archive: bytes, why: str
) -> None:
    host.body, host.length = archive, len(archive)
    publish(archive, monkeypatch)
    machine.cache.mkdir(parents=True)

    with pytest.raises(NoReleaseError, match=why):
        get_release(machine.cache, machine.said.append)
    assert list(machine.cache.iterdir()) == []


def test_several_at_once_take_it_once(machine: Machine, host: ReleaseHost) -> None:
    found: list[Path] = []
    threads = [Thread(target=lambda: found.append(engine_folder(machine.said.append))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found) == 4
    assert len(host.asked) == 1


def test_what_a_killed_process_left_is_removed(machine: Machine, host: ReleaseHost) -> None:
    (machine.cache / "tmp-of-somebody.part" / "pulumi").mkdir(parents=True)

    machine.engine_folder()

    assert machine.left_over() == []


def test_what_an_interrupted_build_left_is_removed(
    machine: Machine, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.install_go()
    monkeypatch.setenv(MIRROR, "none")
    monkeypatch.setenv("GO_SAYS", "main.go:3: undefined: x")
    with pytest.raises(EngineError, match="undefined: x"):
        machine.engine_folder()
    assert [name.rpartition(".")[2] for name in machine.left_over()] == ["work"]

    monkeypatch.setenv(MIRROR, host.base)
    machine.engine_folder()

    assert machine.left_over() == []


def test_progress_is_told(machine: Machine, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(address: str, target: Path, progress: object) -> None:
        assert callable(progress)
        progress("34 of 98 MB, 0:05")
        target.write_bytes(host.body)

    monkeypatch.setattr(release, "download", fetch)
    machine.engine_folder()
    assert "engine: 34 of 98 MB, 0:05" in machine.said


def test_the_password_of_a_mirror_is_not_told(
    machine: Machine, host: ReleaseHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR, host.base.replace("//", "//ada:secret@"))
    host.body = packed(released("another\n"))
    host.length = len(host.body)
    machine.cache.mkdir(parents=True)
    with pytest.raises(ReleaseRefusedError) as alarm:
        get_release(machine.cache, machine.said.append)
    assert "secret" not in str(alarm.value) + "".join(machine.said)
    assert download.without_credentials(host.base) in str(alarm.value)
