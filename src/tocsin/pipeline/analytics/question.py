"""A question about figures, and which of them each call answers with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from tocsin.core.analytics import ALERTS, ANSWERS, CLICKS, DELIVERIES, MEASURES, TIMES, Dimension, Told
from tocsin.rules.period import Bucket, Period


class Call(StrEnum):
    OVERVIEW = "overview"
    CHANNELS = "channels"
    LATENCY = "latency"
    FAILURES = "failures"
    CONVERSIONS = "conversions"
    ROI = "roi"


MEASURES_OF = {
    Call.OVERVIEW: MEASURES,
    Call.CHANNELS: MEASURES,
    Call.LATENCY: (*ALERTS, *TIMES, "too_late", "sold_out"),
    Call.FAILURES: DELIVERIES,
    Call.CONVERSIONS: (*ALERTS, "accepted", *CLICKS, *ANSWERS),
    Call.ROI: ("accepted",),
}
REASONS_OF: Mapping[Call, Collection[Told]] = {
    Call.OVERVIEW: tuple(Told),
    Call.CHANNELS: tuple(Told),
    Call.LATENCY: (),
    Call.FAILURES: (Told.NOT_SENT, Told.LEFT_OUT, Told.FAILED),
    Call.CONVERSIONS: (),
    Call.ROI: (Told.UNPRICED,),
}
WITH_COSTS = (Call.OVERVIEW, Call.CHANNELS, Call.ROI)
USUALLY_BY = {Call.OVERVIEW: Dimension.ALL} | dict.fromkeys(
    (Call.CHANNELS, Call.LATENCY, Call.FAILURES, Call.CONVERSIONS, Call.ROI), Dimension.CHANNEL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`bucket` None: the period as a whole. `compare`: with the period before it, too."""

    call: Call
    period: Period
    by: Dimension
    bucket: Bucket | None = None
    zone: ZoneInfo
    compare: bool = False
