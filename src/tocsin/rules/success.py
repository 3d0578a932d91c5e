"""Success is measured by five figures, each with its bar: met, missed, or too few to say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tocsin.core.response_time import SECOND, steps_of
from tocsin.rules.figures import FEW, Counts, due, rate, rated, satisfaction, unknown, wilson

LATENCY, DELIVERED, UP, CONTENT = 0.99, 0.99, 0.999, 0.9
LEAST_MINUTES = 60  # of a channel that was seen to work, or not to


class Verdict(StrEnum):
    MET = "met"
    MISSED = "missed"
    TOO_FEW = "too_few"  # or not over yet: nobody can say


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """How many minutes a channel was seen to work, not to, or was not asked to do anything."""

    up: int = 0
    down: int = 0
    idle: int = 0
    signs: str | None = None  # minute by minute, where it is an hour of one channel

    @property
    def known(self) -> int:
        return self.up + self.down

    def as_json(self) -> dict[str, Any]:
        return {
            "up_min": self.up,
            "down_min": self.down,
            "idle_min": self.idle,
            "rate": rate(self.known, self.up),
            **({} if self.signs is None else {"minutes": self.signs}),
        }


def success(counts: Counts, uptime: Mapping[str, Minutes]) -> list[dict[str, Any]]:
    """The success metrics: what is counted, the bar, and whether it is met."""
    return [_latency(counts), _delivery(counts), _duplicates(counts), _uptime(uptime), _satisfaction(counts)]


def _latency(counts: Counts) -> dict[str, Any]:
    timed = counts.get("timed", 0)
    within = sum(steps_of(counts)[:SECOND])
    verdict = _judged(timed, within >= LATENCY * timed)
    return _metric("latency", "99 % within 1 s", LATENCY, rated(timed, within), verdict)


def _delivery(counts: Counts) -> dict[str, Any]:
    """What still waits, or is in doubt, may come out either way."""
    wanted, accepted = due(counts), counts.get("accepted", 0)
    still = counts.get("waiting", 0) + unknown(counts)
    verdict = _judged(wanted, accepted > DELIVERED * wanted)
    if verdict is Verdict.MISSED and accepted + still > DELIVERED * wanted:
        verdict = Verdict.TOO_FEW
    return _metric("delivery_rate", "> 99 %", DELIVERED, rated(wanted, accepted), verdict)


def _duplicates(counts: Counts) -> dict[str, Any]:
    """Those that may have been told twice, since an answer was lost and the message sent again."""
    accepted, twice = counts.get("accepted", 0), counts.get("repeated", 0)
    verdict = Verdict.MISSED if twice else _judged(accepted, met=True)
    return _metric("duplicates", "none", 0, rated(accepted, twice), verdict)


def _uptime(uptime: Mapping[str, Minutes]) -> dict[str, Any]:
    """Of the channel that was down most."""
    known = {channel: each for channel, each in uptime.items() if each.known}
    worst = min(known, key=lambda channel: known[channel].up / known[channel].known, default=None)
    minutes = known[worst] if worst is not None else Minutes()
    enough = minutes.known >= LEAST_MINUTES
    met = minutes.up > UP * minutes.known
    verdict = (Verdict.MET if met else Verdict.MISSED) if enough else Verdict.TOO_FEW
    metric = _metric("channel_uptime", "> 99.9 %", UP, rated(minutes.known, minutes.up), verdict)
    return metric | {"channel": worst}


def _satisfaction(counts: Counts) -> dict[str, Any]:
    told = satisfaction(counts)
    verdict = _judged(told["of"], told["is"] > CONTENT * told["of"])
    metric = _metric("satisfaction", "> 90 %", CONTENT, rated(told["of"], told["is"]), verdict)
    return metric | {"low": told["low"], "high": told["high"]}


def _judged(of: int, met: bool) -> Verdict:  # noqa: FBT001 - what it is about stands beside it
    if of < FEW:
        return Verdict.TOO_FEW
    return Verdict.MET if met else Verdict.MISSED


def _metric(name: str, bar: str, target: float, counted: Mapping[str, Any], verdict: Verdict) -> dict[str, Any]:
    low, high = wilson(counted["of"], counted["is"])
    return {
        "metric": name,
        "bar": bar,
        "target": target,
        **counted,
        "low": low,
        "high": high,
        "verdict": verdict.value,
    }
