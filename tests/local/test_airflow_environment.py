"""Installing Airflow's environment: once, whole, and again after an interruption; with a uv that only pretends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from airflow_entra.errors import UserError
from airflow_entra.local.airflow.environment import environment_for

pytestmark = pytest.mark.slow

_UV = """#!/bin/sh
echo "$1 $2" >> "{log}"
[ -e "{fail}" ] && [ "$1 $2" = "pip sync" ] && {{ echo "no hash matches" >&2; exit 1; }}
if [ "$1" = venv ]; then
  for folder; do :; done
  mkdir -p "$folder/bin" "$folder/lib"
  printf '#!/bin/sh\\necho "%s"\\n' "$folder/lib" > "$folder/bin/python"
  chmod +x "$folder/bin/python"
fi
exit 0
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The calls of uv, one a line. It refuses to install while a file `fail` is beside the log."""
    (tmp_path / "bin").mkdir()
    uv, log = tmp_path / "bin" / "uv", tmp_path / "log"
    uv.write_text(_UV.format(log=log, fail=tmp_path / "fail"))
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return log


def _install(version: str = "3.3") -> Path:
    return environment_for(version, say=lambda line: None)


def test_two_at_once_install_once(log: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: _install(), range(2))

    assert first == second
    assert log.read_text().splitlines().count("pip sync") == 1
    assert (first.parents[1] / "lib" / "airflow_entra_auth" / "rules.py").is_file()


def test_versions_have_environments_of_their_own(log: Path) -> None:
    assert _install("3.3") != _install("2.11")


def test_what_was_interrupted_is_installed_again_from_the_start(log: Path) -> None:
    folder = _install().parents[1]
    (folder / "complete").unlink()
    (folder / "half").touch()
    _install()

    assert not (folder / "half").exists()
    assert (folder / "complete").is_file()


def test_a_refusal_is_told_in_uvs_words_and_leaves_nothing_that_passes_for_complete(log: Path) -> None:
    (log.parent / "fail").touch()
    with pytest.raises(UserError, match=r"pip sync.*\n.*no hash matches"):
        _install()
    (log.parent / "fail").unlink()

    assert _install().is_file()
    assert log.read_text().splitlines().count("pip sync") == 3  # refused, refused afresh, done
