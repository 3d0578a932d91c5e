"""Keeps the headline figures of the last day at hand, for whoever asks for the metrics."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.core.analytics import Dimension
from tocsin.core.clock import Clock
from tocsin.pipeline.analytics.answers import Answers
from tocsin.pipeline.analytics.question import Call, Question
from tocsin.rules.figures import rate
from tocsin.rules.period import period

DAY = timedelta(days=1)


class Headlines:
    """What nobody can say is not there."""

    def __init__(self, answers: Answers, clock: Clock) -> None:
        self._answers = answers
        self._clock = clock
        self._rows: tuple[Mapping[str, Any], ...] = ()

    async def look(self) -> None:
        """Read them anew."""
        now = self._clock.now()
        of = period(now - DAY, now, now)
        question = Question(call=Call.CHANNELS, period=of, by=Dimension.CHANNEL, zone=ZoneInfo("UTC"))
        self._rows = tuple((await self._answers.answer(question))["rows"])

    def due(self) -> Mapping[str, float]:
        return {row["channel"]: row["due"] for row in self._rows}

    def delivery_rates(self) -> Mapping[str, float]:
        return self._known(lambda row: row["delivery_rate"]["low"])

    def within_a_second(self) -> Mapping[str, float]:
        def part(row: Mapping[str, Any]) -> float | None:
            times = row["end_to_end_ms"]
            return rate(times["of"], times["of"] - times["over_1s"])

        return self._known(part)

    def uptimes(self) -> Mapping[str, float]:
        return self._known(lambda row: row["uptime"]["rate"])

    def click_rates(self) -> Mapping[str, float]:
        return self._known(lambda row: row["click_rate"]["rate"])

    def _known(self, part: Callable[[Mapping[str, Any]], float | None]) -> Mapping[str, float]:
        found = {row["channel"]: part(row) for row in self._rows}
        return {channel: number for channel, number in found.items() if number is not None}
