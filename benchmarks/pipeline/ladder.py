"""The highest rate that is sustained: ever faster until one fails twice, then halving what lies between."""

from collections.abc import Awaitable, Callable, Sequence

from benchmarks.pipeline.step import Step

FASTER = 1.5
HALVINGS = 3
GRAIN = 10  # alerts a second
Measure = Callable[[int], Awaitable[Step]]


async def climb(measure: Measure, known: Sequence[Step]) -> Step | None:
    """The step at the highest rate, going on from those that were measured; None where nothing is sustained."""
    best = max((done for done in known if done.sustained), key=lambda done: done.rate, default=None)
    failed = min((done.rate for done in known if best is None or done.rate > best.rate), default=None)
    while failed is None and best:
        tried = await twice(measure, _rounded(best.rate * FASTER))
        best, failed = (tried, None) if tried.sustained else (best, tried.rate)
    for _ in range(HALVINGS):
        tried = await twice(measure, _rounded(((best.rate if best else 0) + (failed or 0)) / 2))
        best, failed = (tried, failed) if tried.sustained else (best, tried.rate)
    return best


async def twice(measure: Measure, rate: int) -> Step:
    """Once more where it fails: a machine that does something else for a moment is no limit."""
    first = await measure(rate)
    return first if first.sustained else await measure(rate)


def _rounded(rate: float) -> int:
    return max(GRAIN, round(rate / GRAIN) * GRAIN)
