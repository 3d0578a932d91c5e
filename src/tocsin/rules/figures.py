"""Figures are worked out of counts. Every rate comes with both of its counts, and over nothing it is None."""

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

from tocsin.core.analytics import CLICKS, DUE, Told
from tocsin.core.response_time import SECOND, STEPS_MS, percentile_ms, steps_of

Counts = Mapping[str, int]
Reasons = Mapping[tuple[Told, str], int]

FEW = 20  # fewer say nothing
_Z = 1.959964  # of the normal distribution: 95 % lie within so many deviations


def rate(of: int, there: int) -> float | None:
    """The part of 1, to four places: never rounded up to all, nor down to none."""
    if not of:
        return None
    part = round(there / of, 4)
    if part == 1 and there < of:
        return 0.9999
    return 0.0001 if part == 0 and there else part


def rated(of: int, there: int) -> dict[str, Any]:
    return {"of": of, "is": there, "rate": rate(of, there)}


def due(counts: Counts) -> int:
    return sum(counts.get(name, 0) for name in DUE)


def unknown(counts: Counts) -> int:
    return counts.get("possibly_sent", 0) + counts.get("doubtful", 0)


def deliveries(counts: Counts, reasons: Reasons) -> dict[str, Any]:
    """What became of deliveries."""
    number = _reader(counts)
    wanted, accepted = due(counts), number("accepted")
    return {
        "alerts": number("alerts"),
        "due": wanted,
        "accepted": accepted,
        "confirmed": number("confirmed"),
        "failed": number("failed"),
        "unknown": unknown(counts),
        "expired": number("expired"),
        "late": number("late"),
        "failed_over": number("failed_over"),
        "waiting": number("waiting"),
        "not_sent": reasons_of(reasons, Told.NOT_SENT),
        "left_out": reasons_of(reasons, Told.LEFT_OUT),
        "delivery_rate": {
            "of": wanted,
            "is": accepted,
            "low": rate(wanted, accepted),
            "high": rate(wanted, accepted + unknown(counts)),
        },
        "confirmed_rate": rated(number("receiptable"), number("confirmed")),
    }


def failures(counts: Counts, reasons: Reasons) -> dict[str, Any]:
    """What was not told, and why."""
    number = _reader(counts)
    lost = number("failed") + number("expired") + number("failed_over") + number("late")
    return {
        "due": due(counts),
        "failed": number("failed"),
        "expired": number("expired"),
        "failed_over": number("failed_over"),
        "late": number("late"),
        "unknown": unknown(counts),
        "failure_rate": rated(due(counts), lost),
        "reasons": reasons_of(reasons, Told.FAILED),
        "not_sent": reasons_of(reasons, Told.NOT_SENT),
        "left_out": reasons_of(reasons, Told.LEFT_OUT),
    }


def end_to_end(counts: Counts) -> dict[str, Any]:
    """From detection to the provider's yes, over all that was due: what was never told was told too late."""
    steps, timed = steps_of(counts), counts.get("timed", 0)
    return {
        "of": timed,
        "told": counts.get("told", 0),
        "p50": percentile_ms(steps, timed, 0.5),
        "p95": percentile_ms(steps, timed, 0.95),
        "p99": percentile_ms(steps, timed, 0.99),
        "over_1s": timed - sum(steps[:SECOND]),
    }


def latency(counts: Counts) -> dict[str, Any]:
    """How long it took, whole and step by step."""
    number, whole = _reader(counts), end_to_end(counts)
    told = whole["told"]
    return {
        "end_to_end_ms": whole,
        "within_1s": rated(whole["of"], whole["of"] - whole["over_1s"]),
        "mean_ms": {
            "accepted": _mean(number("arrived_us"), told),
            "first_attempt": _mean(number("queued_us"), told),
            "answer": _mean(number("answered_us"), told),
            "receipt": _mean(number("received_us"), number("received")),
        },
        "steps": [
            {"up_to_ms": end, "count": count}
            for end, count in zip((*STEPS_MS, None), steps_of(counts), strict=True)
            if count
        ],
        "too_late": too_late(counts),
    }


def clicks(counts: Counts) -> dict[str, Any]:
    number = _reader(counts)
    return {
        "clicks": {name: number(name) for name in CLICKS},
        "click_rate": rated(number("accepted"), number("unique")),
    }


def too_late(counts: Counts) -> dict[str, int]:
    """Those who answered so, by whose fault it was: the product was gone, or we were late."""
    number = _reader(counts)
    return {"sold_out": number("sold_out"), "told_late": number("too_late") - number("sold_out")}


def satisfaction(counts: Counts) -> dict[str, Any]:
    """Useful among all who said how it was, with the interval in which it lies for all of them (Wilson, 95 %)."""
    number = _reader(counts)
    useful = number("useful")
    answered = useful + number("too_late") + number("not_for_me")
    low, high = wilson(answered, useful)
    return {**rated(answered, useful), "low": low, "high": high, "few": answered < FEW}


def wilson(of: int, there: int) -> tuple[float | None, float | None]:
    """The interval that a part lies in, where so many of a sample have it (E. B. Wilson, 1927)."""
    if not of:
        return None, None
    part = there / of
    middle = part + _Z**2 / (2 * of)
    spread = _Z * sqrt(part * (1 - part) / of + _Z**2 / (4 * of**2))
    scale = 1 + _Z**2 / of
    return round(max(0.0, (middle - spread) / scale), 4), round(min(1.0, (middle + spread) / scale), 4)


def reasons_of(reasons: Reasons, told: Told) -> dict[str, int]:
    """The most frequent first."""
    mine = ((reason, many) for (what, reason), many in reasons.items() if what is told and many)
    return dict(sorted(mine, key=lambda each: (-each[1], each[0])))


def _mean(micros: int, of: int) -> float | None:
    return round(micros / of / 1000, 1) if of else None


def _reader(counts: Counts) -> Callable[[str], int]:
    return lambda name: counts.get(name, 0)
