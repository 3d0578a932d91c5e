"""Answers questions about figures: what was counted, when channels worked, what was bought, as one row each."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from tocsin.core.analytics import Buckets, Dimension, Told, hour_of
from tocsin.core.clock import Clock
from tocsin.core.purchase import PurchaseState
from tocsin.core.record import rfc3339
from tocsin.core.signal import Cost
from tocsin.core.turns import short_turns
from tocsin.ledger.contract import Analytics, BoughtRow, FigureQuery, FigureRow, UptimeRow
from tocsin.pipeline.active import Active
from tocsin.pipeline.analytics.question import MEASURES_OF, REASONS_OF, WITH_COSTS, Call, Question
from tocsin.rules import figures
from tocsin.rules.money import Balance, MoneyPolicy
from tocsin.rules.period import Bucket, Period, bucket_begin, bucket_number, buckets
from tocsin.rules.success import Minutes, success
from tocsin.rules.uptime import signs, worked

Place = tuple[int | None, str]  # a bucket and a value

_WITH_MONEY = (Call.OVERVIEW, Call.CHANNELS, Call.CONVERSIONS, Call.ROI)
_OF_CHANNELS = (Dimension.ALL, Dimension.CHANNEL)
# How a value is said where deliveries are listed.
_ASKED_BY = {
    Dimension.CHANNEL: "channel",
    Dimension.LIST: "target",
    Dimension.RETAILER: "retailer",
    Dimension.PRODUCT: "sku",
    Dimension.TYPE: "type",
    Dimension.BAND: "band",
}


@dataclass(slots=True)
class _Row:
    """All that is known of one value in one bucket."""

    value: str
    begin: datetime
    end: datetime
    counted: FigureRow
    bought: list[BoughtRow] = field(default_factory=list)
    months: list[Cost] = field(default_factory=list)
    minutes: Minutes = field(default_factory=Minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """All that was read for a question."""

    counted: Sequence[FigureRow]
    bought: Sequence[BoughtRow] = ()
    months: Sequence[tuple[Place, Cost]] = ()
    uptime: Sequence[UptimeRow] = ()


class Answers:
    """One question is answered after the other: whoever sends an alert meanwhile finds a core that is free."""

    def __init__(self, analytics: Analytics, active: Active, clock: Clock) -> None:
        self._analytics = analytics
        self._active = active
        self._clock = clock
        self._one_by_one = asyncio.Lock()

    async def answer(self, question: Question) -> dict[str, Any]:
        """Answer a question; `before` is the answer about the period before."""
        async with self._one_by_one:
            with short_turns():
                as_of = await self._analytics.as_of()
                told = await self._told(question) | {"as_of": as_of and rfc3339(as_of)}
                if question.compare:
                    told["before"] = await self._told(replace(question, period=question.period.before))
        return told

    async def _told(self, question: Question) -> dict[str, Any]:
        """Rows may be thousands: they are made in a thread, and the loop is there for whoever sends an alert."""
        of = None if question.bucket is None else buckets(question.period, question.bucket, question.zone)
        found = await self._read(question, of)
        return await asyncio.to_thread(_told, question, of, found, self._active.rulebook.money, self._clock.now())

    async def _read(self, question: Question, of: Buckets | None) -> _Found:
        period, call = question.period, question.call
        query = FigureQuery(
            since=period.since,
            until=period.until,
            by=question.by,
            buckets=of,
            measures=MEASURES_OF[call],
            reasons=REASONS_OF[call],
            costs=call in WITH_COSTS,
        )
        with_uptime = call is Call.OVERVIEW or (call is Call.CHANNELS and question.by in _OF_CHANNELS)
        return _Found(
            counted=await self._analytics.figures(query),
            bought=await self._analytics.purchases(query) if call in _WITH_MONEY else (),
            months=[share async for share in self._months(question, of)] if call in _WITH_MONEY else (),
            uptime=await self._analytics.uptime(period.since, period.until) if with_uptime else (),
        )

    async def _months(self, question: Question, of: Buckets | None) -> AsyncIterator[tuple[Place, Cost]]:
        """What a channel costs a month is spread over the deliveries of that month that were accepted. Of retailers,
        products, types and bands nobody knows by which channels: they bear none of it.
        """
        costs = await self._analytics.monthly_costs()
        if not costs or question.by not in (*_OF_CHANNELS, Dimension.LIST):
            return
        by = Dimension.LIST if question.by is Dimension.LIST else Dimension.CHANNEL
        for month in sorted({month for month, _ in costs}):
            whole = _month(month)
            here = Period(max(whole.since, question.period.since), min(whole.until, question.period.until))
            if here.since >= here.until:
                continue
            all_of_it = await self._accepted(whole, Dimension.CHANNEL, None)
            for (bucket, value), accepted in (await self._accepted(here, by, of)).items():
                channel = value.partition(":")[0]
                amount, currency = costs.get((month, channel), (Decimal(), ""))
                if amount and accepted:
                    share = amount * accepted / all_of_it[None, channel]
                    yield (bucket, "" if question.by is Dimension.ALL else value), Cost(share, currency)

    async def _accepted(self, period: Period, by: Dimension, of: Buckets | None) -> Mapping[Place, int]:
        query = FigureQuery(since=period.since, until=period.until, by=by, buckets=of, measures=("accepted",))
        found = await self._analytics.figures(query)
        return {(row.bucket, row.value): row.counts.get("accepted", 0) for row in found}


def _told(question: Question, of: Buckets | None, found: _Found, policy: MoneyPolicy, now: datetime) -> dict[str, Any]:
    rows = _rows(question, of, found, now)
    told: dict[str, Any] = {
        "since": rfc3339(question.period.begin),
        "until": rfc3339(question.period.end),
        "rows": [each for row in rows for each in _as_json(row, question, policy)],
    }
    if question.call is Call.OVERVIEW:
        told["success"] = _success(question, rows, found, now)
    return told


def _success(question: Question, rows: Sequence[_Row], found: _Found, now: datetime) -> list[dict[str, Any]]:
    """Of the period as a whole: each delivery is counted in one row."""
    whole: Counter[str] = Counter()
    for row in rows:
        whole.update(row.counted.counts)
    by_channel = _minutes(replace(question, bucket=None, by=Dimension.CHANNEL), None, found.uptime, now)
    return success(whole, {channel: minutes for (_, channel), minutes in by_channel.items()})


def _rows(question: Question, of: Buckets | None, found: _Found, now: datetime) -> list[_Row]:
    rows: dict[Place, _Row] = {}

    def row(place: Place) -> _Row:
        if place not in rows:
            bucket, value = place
            rows[place] = _Row(value, *_ends(question, of, bucket), FigureRow(value=value, bucket=bucket))
        return rows[place]

    for place in _expected(question, of):
        row(place)
    for counted in found.counted:
        row((counted.bucket, counted.value)).counted = counted
    for bought in found.bought:
        row((bought.bucket, bought.value)).bought.append(bought)
    for place, share in found.months:
        row(place).months.append(share)
    if question.by in _OF_CHANNELS:
        for place, minutes in _minutes(question, of, found.uptime, now).items():
            row(place).minutes = minutes
    return [rows[place] for place in sorted(rows, key=lambda place: (place[0] or 0, place[1]))]


def _minutes(
    question: Question, of: Buckets | None, uptime: Sequence[UptimeRow], now: datetime
) -> Mapping[Place, Minutes]:
    bucket_of = cache(lambda hour: None if of is None else bucket_number(hour, of))
    found = defaultdict[Place, list[UptimeRow]](list)
    for hour in uptime:
        found[bucket_of(hour.hour), "" if question.by is Dimension.ALL else hour.channel].append(hour)
    counted = {place: _counted(hours, *_ends(question, of, place[0]), now) for place, hours in found.items()}
    if question.bucket is not Bucket.HOUR or question.by is not Dimension.CHANNEL:
        return counted
    return {
        place: replace(minutes, signs="".join(signs(hour.hour, hour.up, hour.down, now) for hour in found[place]))
        for place, minutes in counted.items()
    }


def _counted(hours: Sequence[UptimeRow], begin: datetime, end: datetime, now: datetime) -> Minutes:
    """What has not begun yet is not idle."""
    up, down = worked(hours, now)
    channels = len({hour.channel for hour in hours})
    begun = max(0, -((begin - min(end, now)) // timedelta(minutes=1)))
    return Minutes(up=up, down=down, idle=max(0, begun * channels - up - down))


def _as_json(row: _Row, question: Question, policy: MoneyPolicy) -> Iterator[dict[str, Any]]:
    told: dict[str, Any] = {}
    if question.bucket is not None:
        told["at"] = rfc3339(row.begin)
    if question.by is not Dimension.ALL:
        told[question.by.value] = row.value or None
    query = {"query": _query(row, question.by)}
    if question.call is not Call.ROI:
        yield told | _FIGURES[question.call](row, policy) | query
        return
    balance = _balance(row, policy)
    for money in (balance.own(), *balance.others()):
        yield told | {"accepted": row.counted.counts.get("accepted", 0)} | _purchases(row) | money | query


def _overview(row: _Row, policy: MoneyPolicy) -> dict[str, Any]:
    filtered = {"filtered": row.counted.counts.get("filtered", 0)}
    return filtered | _channel(row, policy) | {"satisfaction": figures.satisfaction(row.counted.counts)}


def _channel(row: _Row, policy: MoneyPolicy) -> dict[str, Any]:
    counts = row.counted.counts
    balance = _balance(row, policy)
    return {
        **figures.deliveries(counts, row.counted.reasons),
        "uptime": row.minutes.as_json(),
        "end_to_end_ms": figures.end_to_end(counts),
        **figures.clicks(counts),
        **_purchases(row),
        **balance.own(),
        "other_currencies": balance.others(),
    }


def _conversions(row: _Row, policy: MoneyPolicy) -> dict[str, Any]:
    counts, bought = row.counted.counts, _purchases(row)
    alerts = sum(each.alerts for each in row.bought)
    balance = _balance(row, policy)
    return {
        "alerts": counts.get("alerts", 0),
        "accepted": counts.get("accepted", 0),
        **figures.clicks(counts),
        **bought,
        "conversion_rate": figures.rated(counts.get("unique", 0), bought["purchases"]),
        "alert_conversion": figures.rated(counts.get("alerts", 0), alerts),
        "amount": balance.own()["amount"],
        "currency": policy.currency,
        "satisfaction": figures.satisfaction(counts),
        "too_late": figures.too_late(counts),
    }


def _purchases(row: _Row) -> dict[str, Any]:
    """Reversed ones are none."""
    states = {state.value: sum(getattr(each, state.value) for each in row.bought) for state in PurchaseState}
    bought = sum(many for state, many in states.items() if state != PurchaseState.REVERSED)
    return {"purchases": bought, "purchase_states": states}


def _balance(row: _Row, policy: MoneyPolicy) -> Balance:
    balance = Balance(policy)
    for bought in row.bought:
        for name in ("amount", "commission", "pending_amount", "pending_commission"):
            balance.add(name, Cost(getattr(bought, name), bought.currency or policy.currency))
    unpriced = {channel: many for (what, channel), many in row.counted.reasons.items() if what is Told.UNPRICED}
    known = [Cost(amount, currency) for currency, amount in row.counted.costs.items()]
    for cost in (*known, *policy.expected(unpriced), *row.months):
        balance.add("cost", cost)
    return balance


_FIGURES = {
    Call.OVERVIEW: _overview,
    Call.CHANNELS: _channel,
    Call.LATENCY: lambda row, _: {"alerts": row.counted.counts.get("alerts", 0)} | figures.latency(row.counted.counts),
    Call.FAILURES: lambda row, _: figures.failures(row.counted.counts, row.counted.reasons),
    Call.CONVERSIONS: _conversions,
}


def _query(row: _Row, by: Dimension) -> dict[str, str]:
    """What lists the deliveries that were counted: of `GET /api/v1/deliveries`, together with a `figure`."""
    whose = {} if by is Dimension.ALL else {_ASKED_BY[by]: row.value}
    return {"since": rfc3339(row.begin), "until": rfc3339(row.end), **whose}


def _expected(question: Question, of: Buckets | None) -> Iterator[Place]:
    """Rows that are there even where nothing was counted: the whole, in each bucket."""
    if question.by is not Dimension.ALL:
        return
    if of is None:
        yield None, ""
        return
    last = bucket_number(question.period.until - 1, of)
    for bucket in range(bucket_number(question.period.since, of), last + 1):
        yield bucket, ""


def _ends(question: Question, of: Buckets | None, bucket: int | None) -> tuple[datetime, datetime]:
    """Of a bucket, as much of it as lies in the period."""
    begin, end = question.period.begin, question.period.end
    if of is None or bucket is None:
        return begin, end
    return (
        max(begin, bucket_begin(bucket, of, question.zone)),
        min(end, bucket_begin(bucket + 1, of, question.zone)),
    )


def _month(month: str) -> Period:
    begin = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    end = (begin + timedelta(days=31)).replace(day=1)
    return Period(hour_of(begin), hour_of(end))
