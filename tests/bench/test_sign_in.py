from pathlib import Path

import pytest

from bench import results
from bench.make_up import MakeUp
from bench.measure import CommandError, Measured
from bench.results import Results
from bench.sign_in import Cost, SignIn, measure_sign_in


def costs(ours: float, stock: float) -> SignIn:
    of = {"ours": Cost([ours, ours, 99.0], [1.0]), "stock": Cost([stock, stock, 1.0], [0.4])}
    return SignIn(30.0, {("3.3.2", who): cost for who, cost in of.items()})


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "RESULTS.md"
    monkeypatch.setattr(results, "FILE", file)
    return file


def test_medians_are_held_to_what_they_may_be_over_stock(page: Path) -> None:
    results.write(Results(sign_in=costs(9.0, 8.5)))
    assert "| 3.3.2 | sign-in, 3 times | 9.00 (99.00) | 8.50 (8.50) | +0.50 | ≤ 5 ms: met |" in page.read_text()
    assert "| 3.3.2 | request, 1 times | 1.00 (1.00) | 0.40 (0.40) | +0.60 | ≤ 0.5 ms: missed |" in page.read_text()
    assert "30 µs (≤ 50 µs: met)" in page.read_text()


def test_each_part_of_the_page_stays_while_the_other_is_measured(page: Path) -> None:
    took = Measured(4.25, 1, 1)
    made = Results(make_up=MakeUp(None, took, took, took))
    results.write(made)
    alone = page.read_text()
    results.write(Results(sign_in=costs(9.0, 8.5)))
    both = page.read_text()
    assert both.startswith(alone.rstrip())
    assert "| 9.00 (" in both
    made.make_up = MakeUp(None, took, Measured(5.5, 1, 1), took)
    results.write(made)
    assert "| 5.5 |" in page.read_text()
    assert page.read_text().partition("## Sign-in")[2] == both.partition("## Sign-in")[2]
    results.write(Results(sign_in=costs(7.0, 8.5)))
    assert "| 9.00 (" not in page.read_text()
    assert "| 5.5 |" in page.read_text()


def test_both_airflows_are_measured_in_turn(tmp_path: Path) -> None:
    found = measure_sign_in(tmp_path, lambda _: None, count=2, versions=["3.3"])
    assert found.decision > 0
    assert {who for _, who in found.costs} == {"ours", "stock"}
    for cost in found.costs.values():
        assert len(cost.sign_in) == 2
        assert len(cost.request) == 10
        assert min(cost.sign_in + cost.request) > 0


def test_an_airflow_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no such Airflow')")
    monkeypatch.setattr("bench.sign_in._INSIDE", broken)
    with pytest.raises(CommandError, match="no such Airflow"):
        measure_sign_in(tmp_path, lambda _: None, count=1, versions=["3.3"])
