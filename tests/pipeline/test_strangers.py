from datetime import UTC, datetime

import pytest

from tocsin.access.throttle import EVERY_S, FREE, MOST, Throttle
from tocsin.core.clock import ManualClock

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_few_mistakes_cost_nothing_and_each_more_is_waited_for():
    clock = ManualClock(NOON)
    strangers = Throttle(clock)
    for _ in range(FREE):
        assert strangers.wait("192.0.2.1") == 0
        strangers.note_wrong("192.0.2.1")
    assert strangers.wait("192.0.2.1") == EVERY_S
    assert strangers.wait("::ffff:192.0.2.1") == EVERY_S
    assert strangers.wait("192.0.2.2") == 0
    clock.advance(EVERY_S)
    assert strangers.wait("192.0.2.1") == 0


def test_a_correction_of_the_wall_clock_ends_no_wait():
    clock = ManualClock(NOON)
    strangers = Throttle(clock)
    for _ in range(FREE):
        strangers.note_wrong("192.0.2.1")
    clock.jump(3600)
    assert strangers.wait("192.0.2.1") == EVERY_S


@pytest.mark.parametrize("address", ["", "unix:", "10.1.2.3", "fd00::1"])
def test_nobody_is_left_uncounted(address: str):
    strangers = Throttle(ManualClock(NOON))
    for _ in range(FREE):
        strangers.note_wrong(address)
    assert strangers.wait(address) == EVERY_S


def test_however_many_come_only_so_many_are_remembered():
    strangers = Throttle(ManualClock(NOON))
    for number in range(MOST + 100):
        strangers.note_wrong(f"2001:db8:{number:x}::1")
        strangers.note_right(f"2001:db8:{number:x}::1", "token")
    assert len(strangers._owes_until) == len(strangers._known) == MOST
    assert not strangers.knows("2001:db8:0::1", "token")
