"""Percentiles of spans that were counted, not kept one by one: how long it took most of them."""

import math
from collections.abc import Mapping


def rounded(seconds: float) -> float:
    """Round a span to the millisecond, and to three figures from a second on: as fine as anybody reads it, and few to
    count.
    """
    return round(seconds, 3) if seconds < 1 else float(f"{seconds:.3g}")


def percentile(counts: Mapping[float, int], part: float) -> float | None:
    """The smallest span that at least this part (0 to 1) of them kept to; None where there is none."""
    rank = max(1, math.ceil(sum(counts.values()) * part))
    for span in sorted(counts):
        rank -= counts[span]
        if rank <= 0:
            return span
    return None
