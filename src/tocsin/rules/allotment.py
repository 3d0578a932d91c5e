"""Requests that a provider counts by the month are spread over what is left of it."""

from datetime import datetime, timedelta


def month_end(now: datetime) -> datetime:
    """The first moment of the next month, in the zone of `now`."""
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (begun + timedelta(days=32)).replace(day=1)


def rest_between(made: int, allowed: int | None, now: datetime, least: timedelta) -> timedelta:
    """How long to wait between two requests, so that what is left of the month's `allowed` ones lasts until its end:
    at least `least`. Where none is left, until the next month begins.
    """
    if allowed is None:
        return least
    left = month_end(now) - now
    return left if made >= allowed else max(least, left / (allowed - made))
