"""Many measured durations as the few figures that are quoted."""

from collections.abc import Sequence


def spread(seconds: Sequence[float]) -> str:
    """p50/p99/max in milliseconds."""
    if not seconds:
        return "nothing arrived"
    ordered = sorted(seconds)
    p50, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.99))
    return f"p50 {p50 * 1000:.1f} ms · p99 {p99 * 1000:.1f} ms · max {ordered[-1] * 1000:.1f} ms"
