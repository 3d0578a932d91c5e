"""What is old is forgotten by whole hours, once it was counted."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tocsin.core.clock import ManualClock
from tocsin.pipeline.watch.retention import STEP, Retention

NOON = datetime(2026, 11, 23, 12, 20, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Kept:
    """Two commits' worth of alerts are old, whatever the time."""

    def __init__(self, counted: datetime | None) -> None:
        self.counted = counted
        self.forgotten: list[datetime] = []

    async def as_of(self) -> datetime | None:
        return self.counted

    async def prune(self, before: datetime, limit: int) -> int:
        self.forgotten.append(before)
        return limit if len(self.forgotten) < 2 else 0


class Nobody:
    async def prune(self, _before: datetime, _limit: int) -> int:
        return STEP - 1


@pytest.mark.parametrize(
    ("counted", "retention", "before"),
    [
        (NOON - MINUTE, DAY, datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (NOON - 30 * MINUTE, DAY, datetime(2026, 11, 22, 11, tzinfo=UTC)),
        (NOON + DAY, DAY, datetime(2026, 11, 22, 12, tzinfo=UTC)),
        (NOON, None, None),
        (None, DAY, None),
    ],
    ids=["counted just now", "counted an hour before", "the clock went back", "kept for ever", "never counted"],
)
async def test_alerts_are_forgotten_as_far_as_they_were_counted(
    counted: datetime | None, retention: timedelta | None, before: datetime | None
) -> None:
    kept, active = Kept(counted), SimpleNamespace(rulebook=SimpleNamespace(retention=retention))
    parts: Any = (kept, Nobody(), kept, active)
    await Retention(*parts, ManualClock(NOON)).prune()
    assert kept.forgotten == ([] if before is None else [before, before])
