"""A span of time as people say it."""

from datetime import timedelta


def span(duration: timedelta) -> str:
    """`3 min 12 s`: the two greatest units."""
    seconds = max(0, int(duration.total_seconds()))
    counts = {"d": seconds // 86400, "h": seconds // 3600 % 24, "min": seconds // 60 % 60, "s": seconds % 60}
    told = [f"{count} {unit}" for unit, count in counts.items() if count]
    return " ".join(told[:2]) or "0 s"
