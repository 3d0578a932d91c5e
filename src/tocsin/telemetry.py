"""Listens to facts: a structured log and the metrics. It decides nothing."""

import json
import logging
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tocsin.core import facts
from tocsin.core.decision import Decision, Reason
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.facts import Fact

LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
MOST_TOKENS = 200  # that the metrics tell apart
EVERY_S = 60.0  # between two lines of what a sender may cause as often as it likes
MOST_KINDS = 1000  # of such lines that are remembered: they are told apart by words from outside
_TALKATIVE = ("alembic", "uvicorn", "asyncio", "aiohttp")  # their everyday is not ours
COMMIT_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Telemetry:
    """One registry for one service: two services in a process do not mix their figures."""

    def __init__(self, version: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.registry = CollectorRegistry()
        self._seldom = _Seldom(monotonic)
        self._owners: set[str] = set()
        self._log = logging.getLogger("tocsin")
        self._metrics(version)

    def _metrics(self, version: str) -> None:
        registry = self.registry
        Gauge("tocsin_build_info", "The running version.", ["version"], registry=registry).labels(version).set(1)
        self._alerts = Counter(
            "tocsin_alerts", "Detections by decision.", ["decision", "reason", "token"], registry=registry
        )
        self._turned = Counter(
            "tocsin_requests_refused", "Requests turned away before any decision.", ["code", "token"], registry=registry
        )
        self._attempts = Counter(
            "tocsin_attempts", "Requests to providers by outcome.", ["channel", "outcome"], registry=registry
        )
        self._took = Histogram(
            "tocsin_attempt_seconds", "From request to answer.", ["channel"], buckets=LATENCY_BUCKETS, registry=registry
        )
        self._moves = Counter(
            "tocsin_deliveries",
            "Deliveries by the state they moved to.",
            ["channel", "state", "why"],
            registry=registry,
        )
        self._latency = Histogram(
            "tocsin_alert_to_sent_seconds",
            "From detection to the provider's answer, throttled and retried ones included.",
            ["channel", "band"],
            buckets=LATENCY_BUCKETS,
            registry=registry,
        )
        self._callbacks = Counter("tocsin_callbacks", "Calls of providers.", ["provider", "became"], registry=registry)
        self._mirrored = Counter(
            "tocsin_mirror_requests",
            "What mirrors of the history were brought.",
            ["mirror", "outcome"],
            registry=registry,
        )
        self._verifications = Counter(
            "tocsin_verifications", "Steps of codes and links.", ["by", "result"], registry=registry
        )
        self._disabled = Counter("tocsin_targets_disabled", "Dead targets.", ["channel", "why"], registry=registry)
        self._closed = Counter(
            "tocsin_lane_closings", "Lanes shut by their provider.", ["lane", "why"], registry=registry
        )
        self._commits = Histogram(
            "tocsin_ledger_commit_seconds", "One shared transaction.", buckets=COMMIT_BUCKETS, registry=registry
        )
        self._commit_calls = Counter("tocsin_ledger_calls", "Calls that shared a commit.", registry=registry)
        self._reload_good = Gauge(
            "tocsin_config_last_reload_successful", "1 when the last reload was taken.", registry=registry
        )
        self._reload_good.set(1)
        self._trouble = Counter("tocsin_trouble", "What an operator should look at.", ["what"], registry=registry)

    def follow(self, figure: "Figure") -> None:
        """Read it whenever somebody asks for the metrics."""
        self.registry.register(figure)

    def exposition(self) -> bytes:
        """The metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def hear(self, fact: Fact) -> None:
        match fact:
            case facts.Decided() | facts.Misdated() | facts.AlertInvalid() | facts.Turned():
                self._hear_detection(fact)
            case facts.DeliveryMoved():
                self._hear_move(fact)
            case (
                facts.Attempted()
                | facts.TargetDisabled()
                | facts.LaneClosed()
                | facts.CalledBack()
                | facts.MirrorWrote()
            ):
                self._hear_provider(fact)
            case facts.BreakerOpened() | facts.BreakerClosed():
                self._hear_breaker(fact)
            case facts.Verified(by, result):
                self._verifications.labels(by, result).inc()
            case facts.Committed(took_s, calls):
                self._commits.observe(took_s)
                self._commit_calls.inc(calls)
            case (
                facts.MonitorLost()
                | facts.MonitorBack()
                | facts.ConditionBegan()
                | facts.ConditionOver()
                | facts.NodeBuried()
                | facts.LanesMoved()
            ):
                self._hear_watch(fact)
            case facts.Reloaded():
                self._hear_reload(fact)
            case facts.Trouble(what, detail, mend):
                self._trouble.labels(what).inc()
                self._log.error("trouble", extra={"fact": {"what": what, "detail": detail, "mend": mend}})

    def _hear_detection(self, fact: facts.Decided | facts.Misdated | facts.AlertInvalid | facts.Turned) -> None:
        match fact:
            case facts.Misdated(retailer, ahead_s):
                fields = {"retailer": retailer, "ahead_s": round(ahead_s, 3)}
                self._warn("refused: from the future", retailer, fields)
            case facts.AlertInvalid():
                self._alerts.labels(Decision.INVALID.value, fact.fault, self._token(fact.owner)).inc()
                fields = {"token": fact.owner, "field": fact.fault, "why": fact.message}
                self._warn("alert refused", (fact.owner, fact.fault), fields)
            case facts.Turned(code, message, owner, address):
                self._turned.labels(code, self._token(owner)).inc()
                fields = {"token": owner, "code": code, "address": address, "why": message}
                self._warn("request refused", (owner, code), fields)
            case facts.Decided():
                self._hear_decision(fact)

    def _token(self, owner: str) -> str:
        """The value of a label: however many tokens come and go, the metrics stay few."""
        if owner in self._owners or len(self._owners) < MOST_TOKENS:
            self._owners.add(owner)
            return owner
        return "others"

    def _warn(self, said: str, about: Hashable, fields: Mapping[str, Any]) -> None:
        """Of what a sender may cause as often as it likes: seldom, and with how many alike were left out."""
        left_out = self._seldom.left_out((said, about))
        if left_out is not None:
            self._log.warning(said, extra={"fact": {**fields, "left_out": left_out}})

    def _hear_decision(self, decided: facts.Decided) -> None:
        """One past its life is told loudly: somebody waits for what this detector says."""
        alert, receipt = decided.alert, decided.receipt
        reason = receipt.reason.value if receipt.reason else ""
        self._alerts.labels(receipt.decision.value, reason, self._token(decided.owner)).inc()
        if receipt.reason is Reason.STALE:
            fields = {"retailer": alert.retailer, "sku": alert.sku, "late_s": round(decided.late_s, 3)}
            self._warn("filtered: stale", alert.retailer, fields | {"id": str(receipt.id)})
        elif self._log.isEnabledFor(logging.DEBUG):
            self._log.debug("decided", extra={"fact": {"sku": alert.sku, **receipt.as_json()}})

    def _hear_provider(
        self, fact: facts.Attempted | facts.TargetDisabled | facts.LaneClosed | facts.CalledBack | facts.MirrorWrote
    ) -> None:
        match fact:
            case facts.Attempted(is_test=True):
                pass
            case facts.Attempted():
                self._attempts.labels(fact.target.channel, fact.outcome).inc()
                self._took.labels(fact.target.channel).observe(fact.took_s)
            case facts.TargetDisabled(target, why, detail):
                self._disabled.labels(target.channel, why).inc()
                fields = {"target": str(target), "why": why, "said": detail}
                self._log.warning("target disabled", extra={"fact": fields})
            case facts.CalledBack(provider, _, became):
                self._callbacks.labels(provider, became).inc()  # anybody may call in its name: no more is a label
            case facts.MirrorWrote(mirror, outcome):
                self._mirrored.labels(mirror, outcome).inc()
            case facts.LaneClosed():
                self._closed.labels(fact.lane, fact.why).inc()
                fields = {"lane": fact.lane, "why": fact.why, "until": fact.until.isoformat()}
                self._log.info("lane closed", extra={"fact": fields})

    def _hear_breaker(self, fact: facts.BreakerOpened | facts.BreakerClosed) -> None:
        match fact:
            case facts.BreakerOpened(lane=lane, failures=failures, until=until, detail=detail):
                fields = {"lane": lane, "failures": failures, "next_try": until.isoformat(), "said": detail}
                self._log.warning("breaker opened", extra={"fact": fields})
            case facts.BreakerClosed(lane):
                self._log.warning("breaker closed", extra={"fact": {"lane": lane}})

    def _hear_watch(
        self,
        fact: facts.MonitorLost
        | facts.MonitorBack
        | facts.ConditionBegan
        | facts.ConditionOver
        | facts.NodeBuried
        | facts.LanesMoved,
    ) -> None:
        match fact:
            case facts.MonitorLost(monitor) | facts.MonitorBack(monitor):
                fields = {"monitor": monitor.id, "retailer": monitor.retailer}
                self._log.warning("monitor %s", "back" if monitor.lost_at is None else "lost", extra={"fact": fields})
            case facts.ConditionBegan(notice) | facts.ConditionOver(notice):
                self._log.warning("condition %s", notice.condition.phase, extra={"fact": notice.as_json()})
            case facts.NodeBuried(name, in_doubt):
                self._log.warning("node gone", extra={"fact": {"node": name, "in_doubt": in_doubt}})
            case facts.LanesMoved(won=won, lost=lost):
                self._log.info("lanes moved", extra={"fact": {"won": " ".join(won), "lost": " ".join(lost)}})

    def _hear_reload(self, reload: facts.Reloaded) -> None:
        self._reload_good.set(0 if reload.problem else 1)
        level = logging.ERROR if reload.problem else logging.INFO
        said = "configuration not reloaded: the old one stays" if reload.problem else "configuration reloaded"
        self._log.log(level, said, extra={"fact": {"problem": reload.problem}})

    def _hear_move(self, move: facts.DeliveryMoved) -> None:
        channel = move.delivery.target.channel
        why = move.why.value if move.why else ""
        if not move.delivery.is_test:
            self._moves.labels(channel, move.to.value, why).inc(move.delivery.size)
        if move.to is DeliveryState.SENT and move.latency_s is not None:
            self._latency.labels(channel, move.delivery.band.value).observe(move.latency_s)
        # What a target at rest does not get was told when it was put to rest.
        loud = move.to is DeliveryState.REFUSED and move.why is not Why.NO_TARGET
        level = logging.WARNING if loud else logging.DEBUG
        if not self._log.isEnabledFor(level):
            return
        fields = {
            "delivery": str(move.delivery.id),
            "target": str(move.delivery.target),
            "to": move.to.value,
            "why": why,
        }
        self._log.log(level, "delivery", extra={"fact": {**fields, "said": move.detail}})


@dataclass(slots=True)
class _Seldom:
    """Lets one line of a kind through every `EVERY_S` seconds, and counts what it leaves out."""

    _monotonic: Callable[[], float]
    _kinds: dict[Hashable, tuple[float, int]] = field(default_factory=dict)

    def left_out(self, kind: Hashable) -> int | None:
        """How many since the last of its kind that was let through; None where this one is left out, too."""
        now = self._monotonic()
        since, count = self._kinds.pop(kind, (float("-inf"), 0))
        through = now - since >= EVERY_S
        self._kinds[kind] = (now, 0) if through else (since, count + 1)
        if len(self._kinds) > MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        return count if through else None


@dataclass(frozen=True, slots=True)
class Figure(Collector):
    """A number that another part keeps. `read` gives it by the value of `label` (by those of several labels, as a
    tuple), or as the only one under "" .
    """

    name: str
    meaning: str
    read: Callable[[], Mapping[str, float] | Mapping[tuple[str, ...], float]]
    label: str | tuple[str, ...] = ""
    grows: bool = False  # it only ever grows: a counter

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily if self.grows else GaugeMetricFamily
        labels = _several(self.label) if self.label else ()
        metric = family(self.name, self.meaning, labels=labels)
        for value, number in self.read().items():
            metric.add_metric(_several(value) if labels else (), number)
        yield metric


def _several(one: str | tuple[str, ...]) -> tuple[str, ...]:
    return (one,) if isinstance(one, str) else one


class JsonLines(logging.Formatter):
    """One JSON object a line: no value from outside can forge a second one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fact", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """For somebody in front of a terminal: the time, what happened, and its facts as `name=value`."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        facts = (f"{name}={_word(value)}" for name, value in getattr(record, "fact", {}).items() if value != "")
        said = record.getMessage() if record.name.startswith("tocsin") else _word(record.getMessage())
        line = "  ".join((f"{at} {record.levelname.lower():<7}", " ".join((said, *facts))))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _word(value: object) -> str:
    """As it is, unless it could be taken for several words or for markup of the terminal: then as JSON writes it."""
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text else json.dumps(text)


def log_to(stream: IO[str] | None, level: int = logging.INFO, *, as_json: bool = True) -> None:
    """All that the process logs goes there, as JSON lines or plain ones. A closed stream must not stop the service."""
    logging.raiseExceptions = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(max(level, logging.WARNING))
