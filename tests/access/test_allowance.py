"""So often within a while, for each of many."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.access.allowance import MOST, Allowance
from tocsin.core.clock import ManualClock

NOW = datetime(2026, 11, 30, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40)), max_size=60))
def test_never_more_than_so_many_in_any_window(steps: list[tuple[str, int]]):
    clock = ManualClock(NOW)
    allowance = Allowance(clock, 3, A_MINUTE)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for whose, passed in steps:
        clock.advance(passed)
        recent = [at for at in taken[whose] if at > clock.monotonic() - 60]
        assert allowance.take(whose) == (len(recent) < 3)
        if len(recent) < 3:
            taken[whose].append(clock.monotonic())


def test_only_so_many_are_remembered():
    allowance = Allowance(ManualClock(NOW), 1, A_MINUTE)
    for number in range(MOST + 10):
        assert allowance.take(str(number))
    assert len(allowance._times) == MOST
    assert not allowance.take(str(MOST))
