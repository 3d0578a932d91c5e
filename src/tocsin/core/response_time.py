"""Response times are counted in steps, so that those of any period come about by adding. From a count of steps
percentiles are read.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

STEPS_MS = (
    *(10, 20, 30, 50, 75, 100, 125, 150, 175, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900, 1000),
    *(1250, 1500, 1750, 2000, 2500, 3000, 4000, 5000, 7500, 10_000, 15_000, 20_000, 30_000, 45_000, 60_000),
    *(120_000, 300_000, 600_000, 1_800_000, 3_600_000),
)
"""The upper ends of the steps, in milliseconds; above the last there is one more."""
STEPS = len(STEPS_MS) + 1
SECOND = STEPS_MS.index(1000) + 1  # so many steps are within a second


def percentile_ms(counts: Sequence[int], of: int, part: float) -> float | None:
    """The time, in milliseconds, that this part (0 to 1) of `of` kept to; None where fewer were told at all.

    Within a step they are taken to be spread evenly.
    """
    rank = part * of
    before = 0
    for count, (low, high) in zip(counts, pairwise((0, *STEPS_MS)), strict=False):
        if count and before + count >= rank:
            return round(low + (high - low) * max(0.0, rank - before) / count, 1)
        before += count
    return None


def steps_of(counts: Mapping[str, int]) -> tuple[int, ...]:
    """Read the steps out of a count of many things."""
    return tuple(counts.get(name, 0) for name in STEP_NAMES)


STEP_NAMES = tuple(f"step_{number}" for number in range(STEPS))
