"""`make bench-pipeline`: from an alert to its webhook, beside Alertmanager, in one run and into the same sink.

Latencies at fixed rates; the highest rate that is sustained: p99 below 1 s from POST to webhook, falling behind by less
than 5 %, every alert exactly once; a hundred alerts at once on all channels of the sandbox. Times are from the 2xx
answer of the POST to the moment the webhook was received whole, and from the moment the POST was due.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.figures import spread
from benchmarks.pipeline.hundred import hundred
from benchmarks.pipeline.ladder import climb, twice
from benchmarks.pipeline.rivals import RIVALS, Intake, Rival
from benchmarks.pipeline.sink import Sink, sink
from benchmarks.pipeline.step import Step, step

WARM_S = 2.0
WARM_RATE = 200


@dataclass
class Plan:
    rates: Sequence[int]
    arrays: Sequence[int]
    seconds: float
    climbs: bool


@dataclass
class Result:
    """Of one rival, with arrays of one size. `best` is the highest rate that it sustained."""

    name: str
    array: int
    steps: list[Step] = field(default_factory=list)
    best: Step | None = None


async def measure(rival: Rival, target: Sink, plan: Plan, array: int) -> Result:
    result = Result(rival.name, array)
    async with rival.start(target.url) as intake:
        await _warm(intake, target, plan, array)

        async def told(rate: int) -> Step:
            return await _told(result, intake, target, rate, plan.seconds)

        result.steps = [await twice(told, rate) for rate in plan.rates]
        if plan.climbs:
            result.best = await climb(told, result.steps)
    return result


async def _warm(intake: Intake, target: Sink, plan: Plan, array: int) -> None:
    """Raises RuntimeError where not even this much is delivered: there is nothing to measure."""
    seconds = min(WARM_S, plan.seconds)
    done = await step(intake, target, rate=min(WARM_RATE, *plan.rates), array=array, seconds=seconds)
    if done.fault:
        raise RuntimeError(done.fault)


async def _told(result: Result, intake: Intake, target: Sink, rate: int, seconds: float) -> Step:
    done = await step(intake, target, rate=rate, array=result.array, seconds=seconds)
    print(f"  {result.name}, arrays of {result.array}, {done}", flush=True)
    return done


def show(results: Sequence[Result]) -> None:
    table = Table(title="Alert to webhook")
    for column in ("", "a POST", "alerts/s", "2xx to webhook", "POST to webhook", "CPU ms an alert", "cores"):
        table.add_column(column)
    for result in results:
        for name, done in (*(("", done) for done in result.steps), ("sustained", result.best)):
            if done:
                _add(table, f"{result.name} {name}".strip(), done)
        table.add_section()
    Console(width=240).print(table)


def _add(table: Table, name: str, done: Step) -> None:
    took = (done.fault or spread(done.ages), spread(done.spans))
    table.add_row(name, str(done.array), f"{done.rate:,}", *took, f"{done.ms_each:.2f}", str(done.cost))


async def compare(names: Sequence[str], plan: Plan) -> None:
    async with sink() as target:
        show([await measure(RIVALS[name], target, plan, array) for array in plan.arrays for name in names])


async def at_once() -> None:
    told = " · ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in (await hundred()).items())
    print(f"100 alerts at once, the last one received: {told}")


async def main(told: argparse.Namespace) -> None:
    if told.only != "hundred":
        plan = Plan(told.rates, told.array, told.seconds, climbs=not told.fixed)
        await compare([told.only] if told.only else list(RIVALS), plan)
    if told.only in (None, "hundred"):
        await at_once()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=(*RIVALS, "hundred"))
    parser.add_argument("--rates", nargs="+", type=int, default=[100, 500, 1000], help="alerts a second")
    parser.add_argument("--array", nargs="+", type=int, default=[1, 10], help="alerts in each POST")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each rate")
    parser.add_argument("--fixed", action="store_true", help="only these rates, without the climb to the highest one")
    uvloop.run(main(parser.parse_args()))
