from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.monitor import Monitor
from tocsin.rules.monitor import heard, judged

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
ALIVE = Monitor(id="m", retailer="bestbuy", interval=timedelta(seconds=10), registered_at=NOON, heard_at=NOON)


@pytest.mark.parametrize(("silent_s", "lost"), [(-5.0, False), (0.0, False), (30.0, False), (30.1, True)])
def test_a_monitor_is_lost_after_three_of_its_intervals(silent_s: float, *, lost: bool):
    verdict = judged(ALIVE, silent_s, LATER)
    assert (verdict.lost_at == LATER) is lost
    assert (verdict is ALIVE) is not lost


def test_who_is_lost_stays_lost_since_then():
    lost = judged(ALIVE, 31, LATER)
    assert judged(lost, 3600, LATER + timedelta(hours=1)) is lost


def test_a_sign_of_life_brings_a_lost_one_back():
    back = heard(judged(ALIVE, 31, LATER), LATER)
    assert (back.lost_at, back.heard_at, back.registered_at) == (None, LATER, NOON)
