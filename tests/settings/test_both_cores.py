"""One function over many items in two processes: the same answers, and the same exceptions, as in one."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_entra.settings.both_cores import mapped

HERE = os.getpid()


def where(item: int) -> tuple[int, bool]:
    return item, os.getpid() == HERE


@pytest.mark.parametrize("worth", [True, False])
@given(items=st.lists(st.integers(), max_size=9))
@settings(max_examples=15)
def test_answers_are_in_the_items_order(items: list[int], worth: bool) -> None:
    assert [item for item, _ in mapped(where, items, worth=worth)] == items


def test_the_second_half_is_done_elsewhere_where_it_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert mapped(where, [1, 2, 3], worth=True) == [(1, True), (2, False), (3, False)]
    assert mapped(where, [1, 2, 3], worth=False) == [(1, True), (2, True), (3, True)]


def test_with_other_threads_or_one_core_nothing_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        assert all(here for _, here in mapped(where, [1, 2], worth=True))
    finally:
        done.set()
        other.join()
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert all(here for _, here in mapped(where, [1, 2], worth=True))


@pytest.mark.parametrize("wrong", [1, 2])
def test_an_exception_in_either_process_is_raised_here(wrong: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    children: list[int] = []
    fork = os.fork

    def forked() -> int:
        children.append(fork())
        return children[-1]

    monkeypatch.setattr(os, "fork", forked)

    def failing(item: int) -> int:
        if item == wrong:
            raise ValueError(f"no {item}")
        return item

    with pytest.raises(ValueError, match=f"no {wrong}"):
        mapped(failing, [1, 2], worth=True)
    for child in children:
        with pytest.raises(ChildProcessError):  # nothing is left behind
            os.waitpid(child, os.WNOHANG)
    assert children


def test_a_process_that_ends_early_costs_time_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    def elsewhere_killed(item: int) -> int:
        if os.getpid() != HERE:
            os.kill(os.getpid(), 9)
        return item

    assert mapped(elsewhere_killed, [1, 2, 3], worth=True) == [1, 2, 3]
