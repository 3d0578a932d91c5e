from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.clock import ManualClock
from tocsin.pipeline.sending.latency import LatencyMeter

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def test_a_span_is_what_passed(clock: ManualClock):
    watch = LatencyMeter(clock)
    begun = clock.now()
    clock.advance(1.5)
    assert watch.span(begun, clock.monotonic()) == pytest.approx(1.5)


@pytest.mark.parametrize("jump", [-3600, -2, 2, 3600])
def test_a_jump_of_the_wall_clock_is_no_time(clock: ManualClock, jump: int):
    watch = LatencyMeter(clock)
    clock.advance(100)
    watch.span(clock.now(), clock.monotonic())
    begun = clock.now()
    clock.advance(0.2)
    clock.jump(jump)
    clock.advance(0.3)
    assert watch.span(begun, clock.monotonic()) == pytest.approx(0.5)


def test_what_was_written_down_before_this_process_began_goes_by_the_wall_clock(clock: ManualClock):
    clock.advance(5)
    watch = LatencyMeter(clock)
    assert watch.span(NOON, clock.monotonic()) == pytest.approx(5)


def test_what_lies_ahead_has_taken_no_time(clock: ManualClock):
    assert LatencyMeter(clock).span(NOON + timedelta(hours=1), clock.monotonic()) == 0


STEPS = st.lists(st.tuples(st.floats(0.01, 600), st.integers(-7200, 7200)), max_size=12)


@given(STEPS, st.floats(0, 60), st.integers(-7200, 7200))
@settings(max_examples=200)
def test_what_happens_after_the_last_jump_is_measured_exactly(
    before: list[tuple[float, int]], lasted: float, jump: int
):
    """Whatever the clock went through before, and should it jump once more on the way."""
    clock = ManualClock(NOON)
    watch = LatencyMeter(clock)
    for seconds, set_by in before:
        clock.advance(seconds)
        clock.jump(set_by)
        watch.span(clock.now(), clock.monotonic())
    begun = clock.now()
    clock.jump(jump if abs(jump) > 2 * 60 else 0)
    clock.advance(lasted)
    assert watch.span(begun, clock.monotonic()) == pytest.approx(lasted, abs=1e-3)
