"""The one timer."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.gateway.timer_wheel import TimerWheel


class Sleeper:
    def __init__(self, *again: float) -> None:
        self.woken: list[float] = []
        self._again = list(again)

    def alarm(self, now: float) -> float | None:
        self.woken.append(now)
        return self._again.pop(0) if self._again else None


@given(st.lists(st.floats(0, 100), max_size=30))
def test_everyone_is_called_once_and_at_most_one_tick_early(times: list[float]):
    wheel = TimerWheel(0.25)
    sleepers = [(at, Sleeper()) for at in times]
    for at, sleeper in sleepers:
        wheel.set(sleeper, at)
    for step in range(1010):
        wheel.turn(step * 0.1)
    for at, sleeper in sleepers:
        (woken,) = sleeper.woken
        assert at - 0.25 <= woken <= at + 0.1 + 1e-9


def test_who_answers_with_a_time_is_called_again():
    wheel = TimerWheel(1)
    sleeper = Sleeper(5, 9)
    wheel.set(sleeper, 2)
    for now in range(20):
        wheel.turn(now)
    assert sleeper.woken == [2, 5, 9]


def test_a_time_that_has_passed_is_the_next_turn():
    wheel = TimerWheel(1)
    wheel.turn(100)
    sleeper = Sleeper()
    wheel.set(sleeper, 3)
    wheel.turn(100)
    assert sleeper.woken == []
    wheel.turn(101)
    assert sleeper.woken == [101]
