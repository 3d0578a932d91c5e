"""A question is answered from what was counted, read once, and one after the other."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tocsin.core.analytics import Dimension, hour_of
from tocsin.core.clock import ManualClock
from tocsin.core.response_time import STEP_NAMES
from tocsin.core.turns import TURN_S
from tocsin.ledger.contract import BoughtRow, FigureQuery, FigureRow, UptimeRow
from tocsin.pipeline.analytics.answers import Answers
from tocsin.pipeline.analytics.question import Call, Question
from tocsin.rules.money import MoneyPolicy
from tocsin.rules.period import Bucket, bucket_number, period

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAYS = 3
COUNTS = {"alerts": 9, "accepted": 30, "failed": 1, "timed": 31, "told": 30, STEP_NAMES[4]: 30, "useful": 9}


class Counted:
    """Each day of each value has the same counts."""

    def __init__(self, *values: str) -> None:
        self.values = values
        self.asked: list[str] = []
        self.turns_s: list[float] = []
        self.at_once = self.most_at_once = 0

    async def as_of(self) -> datetime:
        return NOON

    async def figures(self, query: FigureQuery) -> tuple[FigureRow, ...]:
        self.asked.append("figures")
        self.turns_s.append(sys.getswitchinterval())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if query.buckets is None:
            whole = {name: DAYS * many for name, many in COUNTS.items()}
            return tuple(FigureRow(value=value, counts=whole) for value in self.values)
        first = bucket_number(query.since, query.buckets)
        days = range(first, first + DAYS)
        return tuple(FigureRow(value=value, bucket=day, counts=COUNTS) for value in self.values for day in days)

    async def purchases(self, _query: FigureQuery) -> tuple[BoughtRow, ...]:
        self.asked.append("purchases")
        return ()

    async def monthly_costs(self) -> Mapping[tuple[str, str], tuple[Decimal, str]]:
        return {}

    async def uptime(self, since: int, until: int) -> tuple[UptimeRow, ...]:
        self.asked.append("uptime")
        rows = ((channel, hour) for hour in range(since, until) for channel in ("sms", "push"))
        return tuple(UptimeRow(channel, hour, 2**60 - 1, 1 if channel == "push" else 0) for channel, hour in rows)


def answers(counted: Counted) -> Answers:
    active: Any = SimpleNamespace(rulebook=SimpleNamespace(money=MoneyPolicy()))
    return Answers(counted, active, ManualClock(NOON))


def asked(by: Dimension = Dimension.ALL, bucket: Bucket | None = None, call: Call = Call.OVERVIEW) -> Question:
    of = period(NOON - timedelta(days=DAYS), NOON, NOON)
    return Question(call=call, period=of, by=by, bucket=bucket, zone=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("by", "bucket"), [(Dimension.ALL, None), (Dimension.ALL, Bucket.DAY), (Dimension.RETAILER, None)]
)
async def test_the_success_metrics_are_those_of_the_whole_and_nothing_is_read_twice(
    by: Dimension, bucket: Bucket | None
) -> None:
    counted = Counted("") if by is Dimension.ALL else Counted("bestbuy", "newegg")
    told = await answers(counted).answer(asked(by, bucket))
    assert sorted(counted.asked) == ["figures", "purchases", "uptime"]
    many = DAYS * len(counted.values)
    assert [(one["of"], one["is"]) for one in told["success"]] == [
        (31 * many, 30 * many),
        (31 * many, 30 * many),
        (30 * many, 0),
        (60 * 24 * DAYS, 59 * 24 * DAYS),
        (9 * many, 9 * many),
    ]
    assert told["success"][3]["channel"] == "push"


async def test_minutes_stand_in_the_bucket_that_they_are_of() -> None:
    told = await answers(Counted("push", "sms")).answer(asked(Dimension.CHANNEL, Bucket.DAY, Call.CHANNELS))
    down = [row["uptime"]["down_min"] for row in told["rows"] if row["channel"] == "push"]
    begun = hour_of(NOON) - hour_of(NOON - timedelta(days=DAYS))
    assert (sum(down), down) == (begun, [11, 24, 24, 13])


async def test_questions_are_answered_one_after_the_other_in_short_turns() -> None:
    usual, counted = sys.getswitchinterval(), Counted("")
    many = answers(counted)
    await asyncio.gather(*(many.answer(asked()) for _ in range(3)))
    assert counted.most_at_once == 1
    assert counted.turns_s == [pytest.approx(TURN_S)] * 3
    assert sys.getswitchinterval() == usual
