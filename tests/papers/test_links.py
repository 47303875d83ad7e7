"""Every link in a page of this repository leads to a file that there is, and to a heading in it."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import pytest

PROJECT = Path(__file__).parents[2]
PAPERS = ("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "SECURITY.md", "docs/support.md")
_FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+).+?\1")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+?) *$", re.MULTILINE)


def _pages() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=PROJECT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def _links(page: Path) -> set[str]:
    text = _CODE.sub("", _FENCE.sub("", page.read_text("utf-8")))
    return {target for target in _LINK.findall(text) if "://" not in target and not target.startswith("mailto:")}


@lru_cache
def _anchors(page: Path) -> frozenset[str]:
    """Those that GitHub gives to headings: lower case, no punctuation, hyphens for blanks, numbered where repeated."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text("utf-8"))):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return frozenset(found)


@pytest.mark.parametrize("name", _pages())
def test_every_link_leads_somewhere(name: str) -> None:
    page = PROJECT / name
    broken = []
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in _anchors(target)):
            broken.append(link)
    assert not broken, f"{name}: {broken}"


def test_the_readme_links_each_paper() -> None:
    assert set(PAPERS) <= _links(PROJECT / "README.md")
