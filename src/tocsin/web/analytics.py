"""Figures: what was counted over any period, as JSON or as a table."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse

from tocsin.core.analytics import Dimension
from tocsin.core.clock import Clock
from tocsin.core.turns import short_turns
from tocsin.pipeline.analytics.question import USUALLY_BY, Call, Question
from tocsin.pipeline.people.zone import zone_of
from tocsin.rules.period import Bucket, buckets, period
from tocsin.web.answer import json_answer
from tocsin.web.csv_table import table
from tocsin.web.forms.form import CSV, JSON, TEXT, TIME, Form, answer, ref
from tocsin.web.query import check_keys, flag_of, invalid, one_of, time_of
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/analytics"
PRODUCT_BUCKETS = 8 * 24  # hours: products are many
_KEYS = ("since", "until", "bucket", "zone", "by", "compare", "format", "bom")


def _parameter(name: str, form: Form, about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": form, "description": about}


_PARAMETERS = [
    _parameter("since", TIME, "RFC 3339, down to the hour; a week before `until` where it is not there."),
    _parameter("until", TIME, "RFC 3339, up to the hour; now where it is not there."),
    _parameter("bucket", {"enum": [each.value for each in Bucket]}, "A row for each of them; else one for all."),
    _parameter("zone", TEXT, "By whose clocks days and weeks begin: `Europe/Berlin`; UTC where it is not there."),
    _parameter("by", {"enum": [each.value for each in Dimension]}, "A row for each of them."),
    _parameter("compare", {"enum": ["0", "1"]}, "1: with the period before, as long, in `before`."),
    _parameter("format", {"enum": ["json", "csv"]}, "A table for spreadsheets, in which no cell begins a formula."),
    _parameter("bom", {"enum": ["0", "1"]}, "1: a table begins with a byte order mark."),
]


class AnalyticsDoors:
    def __init__(self, services: Services) -> None:
        self._answers = services.pipeline.answers
        self._clock = services.clock

    def open(self, app: FastAPI) -> None:
        for call in Call:
            app.add_api_route(
                f"{PATH}/{call.value}",
                self._handler(call),
                methods=["GET"],
                name=call.value,
                summary=_ABOUT[call],
                tags=["analytics"],
                openapi_extra=needs("read")
                | answer(ref(_FORM_OF[call]), "What was counted.", media_types=(JSON, CSV))
                | {"parameters": _PARAMETERS},
            )

    def _handler(self, call: Call) -> Any:
        async def figures(request: Request) -> Response:
            return await self._told(call, request)

        figures.__doc__ = _ABOUT[call]
        return figures

    async def _told(self, call: Call, request: Request) -> Response:
        params = request.query_params
        check_keys(params, _KEYS)
        question = _question(call, params, self._clock)
        as_table = one_of(params, "format", {"json": False, "csv": True}) or False
        bom = flag_of(params, "bom")
        told = await self._answers.answer(question)
        if not as_table:
            with short_turns():
                return json_answer(await asyncio.to_thread(_written, told))
        headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{call.value}.csv"'}
        return StreamingResponse(_parts(told["rows"], bom=bom), media_type=CSV, headers=headers)


async def _parts(rows: list[Mapping[str, Any]], *, bom: bool) -> AsyncIterator[bytes]:
    parts = table(rows, bom=bom)
    while True:
        with short_turns():
            part = await asyncio.to_thread(next, parts, b"")
        if not part:
            return
        yield part


def _written(told: Mapping[str, Any]) -> dict[str, Any]:
    """Rows may be thousands: one at a time keeps nobody waiting."""
    before = {"before": _written(told["before"])} if "before" in told else {}
    return {**told, "rows": [orjson.Fragment(orjson.dumps(row)) for row in told["rows"]], **before}


def _question(call: Call, params: Mapping[str, str], clock: Clock) -> Question:
    """Raises InvalidRequestError."""
    of = period(time_of(params, "since"), time_of(params, "until"), clock.now())
    by = one_of(params, "by", {each.value: each for each in Dimension}) or USUALLY_BY[call]
    bucket = one_of(params, "bucket", {each.value: each for each in Bucket})
    zone = _zone(params)
    if bucket is not None:
        buckets(of, bucket, zone)
        if by is Dimension.PRODUCT and of.until - of.since > PRODUCT_BUCKETS:
            raise invalid("bucket", f"goes by product for at most {PRODUCT_BUCKETS // 24} days at a time")
    return Question(call=call, period=of, by=by, bucket=bucket, zone=zone, compare=flag_of(params, "compare"))


def _zone(params: Mapping[str, str]) -> ZoneInfo:
    """Raises UnknownZoneError."""
    return ZoneInfo(zone_of(params.get("zone") or "UTC"))


_ABOUT = {
    Call.OVERVIEW: "Everything at a glance, and the success metrics with their bars.",
    Call.CHANNELS: "What became of deliveries, how long it took, when channels worked, what they brought.",
    Call.LATENCY: "How long it took, from detection to the provider's yes, over all that was due.",
    Call.FAILURES: "What was not told, and why.",
    Call.CONVERSIONS: "From alerts to clicks to purchases, and what people said.",
    Call.ROI: "What it brought and what it cost, a row for each currency.",
}

_FORM_OF = {
    Call.OVERVIEW: "Overview",
    Call.CHANNELS: "ChannelFigures",
    Call.LATENCY: "LatencyFigures",
    Call.FAILURES: "FailureFigures",
    Call.CONVERSIONS: "ConversionFigures",
    Call.ROI: "RoiFigures",
}
