"""What a preview is compared with where nobody says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from airflow_entra.preview.base import default_base


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@contoso.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def test_where_the_branch_left_main(repository: Path) -> None:
    began = commit(repository, "first")
    git(repository, "checkout", "--quiet", "-b", "work")
    commit(repository, "mine")
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "theirs")
    git(repository, "checkout", "--quiet", "work")
    assert default_base(repository, {}).revision == began


def test_a_pull_request_to_another_branch(repository: Path, tmp_path: Path) -> None:
    commit(repository, "first")
    git(repository, "checkout", "--quiet", "-b", "release")
    released = commit(repository, "released")
    git(repository, "checkout", "--quiet", "main")
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    clone = tmp_path / "clone"
    git(clone, "checkout", "--quiet", "-b", "work", "origin/release")
    commit(clone, "mine")
    assert default_base(clone, {"GITHUB_BASE_REF": "release"}).revision == released
    assert default_base(clone, {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/release"}).revision == released
    assert default_base(clone, {}).revision != released


def test_why_there_is_none(repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    assert "is in no git repository" in default_base(outside, {}).missing
    git(repository, "checkout", "--quiet", "-b", "trunk")
    commit(repository, "first")
    assert "no default branch" in default_base(repository, {}).missing
    git(repository, "checkout", "--quiet", "--orphan", "main")
    commit(repository, "another first")
    git(repository, "checkout", "--quiet", "trunk")
    assert "no commit in common" in default_base(repository, {}).missing


def test_a_shallow_clone_says_how_to_get_more(repository: Path, tmp_path: Path) -> None:
    commit(repository, "first")
    git(repository, "checkout", "--quiet", "-b", "work")
    commit(repository, "mine")
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "theirs")
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-single-branch", repository.as_uri(), "shallow")
    git(tmp_path / "shallow", "checkout", "--quiet", "work")
    assert "fetch-depth: 0" in default_base(tmp_path / "shallow", {}).missing
