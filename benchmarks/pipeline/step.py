"""One rate for some seconds: how long each alert took, what it cost, and whether it could go on like that."""

import asyncio
import itertools
import os
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from benchmarks.figures import spread
from benchmarks.pipeline.cost import Cost, between, reading
from benchmarks.pipeline.rivals import Intake
from benchmarks.pipeline.schedule import Post, Sent, schedule
from benchmarks.pipeline.sink import Sink

P99_S = 1.0
FALLS_BEHIND = 0.05  # of a second in each second: what does so ends above any bound
DRAIN_S = 10.0
STILL_S = 2.0  # nothing new for so long: the rest will not come
POLL_S = 0.05
MEASURING = {"sink", "load"}  # processes that belong to no service
_serial = itertools.count()  # no SKU comes twice in one run of the program


@dataclass(frozen=True)
class Step:
    """Seconds from 2xx to webhook (`ages`; negative where the webhook was first) and from the due time of the POST
    (`spans`), in the order of the POSTs. `fault`: what is missing, or came twice.
    """

    rate: int
    array: int
    ages: Sequence[float]
    spans: Sequence[float]
    cost: Cost
    fault: str = ""

    @property
    def sustained(self) -> bool:
        return not self.fault and _p99(self.spans) < P99_S and self._slip() < FALLS_BEHIND

    def _slip(self) -> float:
        """By how much of a second it falls behind in each second."""
        quarter = max(1, len(self.spans) // 4)
        seconds = 0.75 * len(self.spans) / self.rate
        return (median(self.spans[-quarter:]) - median(self.spans[:quarter])) / seconds

    @property
    def ms_each(self) -> float:
        """Milliseconds of processor time that the service took for each alert, all its processes together: what a busy
        machine changes least.
        """
        used = sum(seconds for name, seconds in self.cost.used.items() if name not in MEASURING)
        return used / max(len(self.ages), 1) * 1000

    def __str__(self) -> str:
        judged = self.fault or ("sustained" if self.sustained else "not sustained")
        took = f"{spread(self.ages)} (POST to webhook: {spread(self.spans)})"
        return f"{self.rate}/s: {took} | cores: {self.cost}; {self.ms_each:.2f} CPU ms an alert | {judged}"


async def step(intake: Intake, sink: Sink, *, rate: int, array: int, seconds: float) -> Step:
    """Everything is delivered when it returns, or never will be."""
    posts = list(_posts(intake, round(rate * seconds / array), array))
    await sink.take()
    async with schedule(intake.urls, intake.headers) as feed:
        pids = {**intake.pids, "sink": sink.pid, "load": os.getpid()}
        before = reading(**pids)
        unanswered = await _fed(feed.run(posts, rate / array), seconds)
        await _drained(sink, len(posts) * array)
        cost = between(before, reading(**pids))
    arrived = await sink.take()
    ages = [arrived[sku][0] - sent.accepted for sku, sent in feed.sent.items() if sku in arrived]
    spans = [arrived[sku][0] - sent.due for sku, sent in feed.sent.items() if sku in arrived]
    return Step(rate, array, ages, spans, cost, unanswered or fault_of(feed.sent, arrived))


def _posts(intake: Intake, count: int, array: int) -> Iterator[Post]:
    for _ in range(max(count, 1)):
        skus = tuple(f"P{next(_serial):08d}" for _ in range(array))
        yield Post(skus, intake.body(skus))


async def _fed(feeding: Coroutine[None, None, None], seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds + DRAIN_S):
            await feeding
    except TimeoutError:
        return "POSTs were not answered"
    except ExceptionGroup as refused:
        return f"a POST was answered {refused.exceptions[0]}"
    return ""


async def _drained(sink: Sink, expected: int) -> None:
    """Until everything has come, or nothing more does."""
    until = perf_counter() + DRAIN_S
    last, moved = 0, perf_counter()
    while last < expected and perf_counter() < min(until, moved + STILL_S):
        await asyncio.sleep(POLL_S)
        if (count := await sink.count()) > last:
            last, moved = count, perf_counter()


def fault_of(sent: Mapping[str, Sent], arrived: Mapping[str, Sequence[float]]) -> str:
    missing = sum(sku not in arrived for sku in sent)
    repeated = sum(len(arrived.get(sku, ())) > 1 for sku in sent)
    return ", ".join(
        f"{count} {what}" for count, what in ((missing, "did not come"), (repeated, "came twice")) if count
    )


def _p99(seconds: Sequence[float]) -> float:
    ordered = sorted(seconds)
    return ordered[int(len(ordered) * 0.99)] if ordered else float("inf")
