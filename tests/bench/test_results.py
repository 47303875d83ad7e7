from pathlib import Path

import pytest

from bench import results
from bench.make_up import MakeUp
from bench.measure import CommandError, Measured, measure
from bench.results import Kills, Results, Sized
from bench.subjects import Size


def took(seconds: float) -> Measured:
    return Measured(seconds, own_bytes=90_000_000, tree_bytes=400_000_000)


def test_the_page_compares_medians_with_the_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sized = Sized(Size(resources=200, components=6), tenant_bytes=70_000_000)
    for seconds in (2.0, 9.0, 3.0):
        sized.add("preview", "ours", took(seconds))
    sized.add("preview", "floor", took(1.5))
    sized.add(results.WITH_POLICIES, "ours", took(4.0))
    sized.add(results.WITH_POLICIES, "floor", took(3.2))
    monkeypatch.setattr(results, "FILE", tmp_path / "RESULTS.md")
    results.write(Results({100: sized}, MakeUp(None, took(40), took(29), took(10.5))))
    lines = (tmp_path / "RESULTS.md").read_text().splitlines()
    assert "| preview | 3.0 (3) | 1.5 | 2.00 | ≤ 1.5: missed | 90 | 400 |" in lines
    assert "| preview with the policy pack | 4.0 (1) | 3.2 | 1.25 |  | 90 | 400 |" in lines
    assert "| warm: no tenant and no state yet | 29.0 | ≤ 30 s: met |" in lines
    assert "| again: nothing changes | 10.5 | ≤ 10 s: missed |" in lines
    assert not any("engine built too" in line for line in lines)


def test_a_command_that_fails_says_what_it_said_last(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="exit code 3\nno such thing"):
        measure(["sh", "-c", "echo no such thing; exit 3"], tmp_path, {"PATH": "/usr/bin:/bin"})


def test_a_run_with_killed_watchers_replaces_its_own_line_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "RESULTS.md"
    monkeypatch.setattr(results, "FILE", file)
    results.write(Results({100: Sized(Size(resources=200, components=6))}))
    results.write_kills([Kills("3.3", "", 50, 850, 1.5, 9.0, 4000, 0), Kills("2.11", "", 50, 762, 1.6, 9.1, 4100, 0)])
    results.write_kills([Kills("3.3", "clocks an hour wrong", 50, 800, 1.7, 9.9, 4200, 0)])
    results.write_kills([Kills("3.3", "", 25, 400, 1.4, 8.0, 2000, 1)])
    results.write(Results({10: Sized(Size(resources=20, components=6))}))
    lines = file.read_text().splitlines()
    assert [line for line in lines if line.startswith(("| 3.3", "| 2.11"))] == [
        "| 3.3 |  | 25 | 400 | 1.4 (8.0) | 2000 | 1 |",
        "| 2.11 |  | 50 | 762 | 1.6 (9.1) | 4100 | 0 |",
        "| 3.3 | clocks an hour wrong | 50 | 800 | 1.7 (9.9) | 4200 | 0 |",
    ]
    assert lines.count("## 10 role groups") == 1
