"""Tells what became of deliveries, once the ledger has committed it, and sees to what follows for their lanes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from tocsin.core.clock import Clock
from tocsin.core.delivery import Delivery, DeliveryState
from tocsin.core.facts import DeliveryMoved, Emit
from tocsin.core.record import AlertRecord
from tocsin.pipeline.sending.lanes import Lanes
from tocsin.pipeline.sending.latency import LatencyMeter
from tocsin.pipeline.sending.schedule import Schedule
from tocsin.rules.objective import late_by_wish


@dataclass(frozen=True, slots=True)
class Answer:
    """The reason of a move: the delivery's alert, when its provider had answered (monotonic seconds), and its words."""

    record: AlertRecord
    at: float
    detail: str = ""


NO_ANSWERS: Mapping[int, Answer] = MappingProxyType({})


class Moves:
    """Whoever has moved deliveries hands them over here, after the commit: every move is told once, and in this place
    alone.
    """

    def __init__(self, schedule: Schedule, lanes: Lanes, clock: Clock, emit: Emit) -> None:
        self._schedule = schedule
        self._lanes = lanes
        self._clock = clock
        self._emit = emit
        self._meter = LatencyMeter(clock)
        self._hand_on: Callable[[Collection[str]], None] = lambda _: None

    def hand_on(self, listener: Callable[[Collection[str]], None]) -> None:
        """Tell the listener of lanes that have something new and are not worked here."""
        self._hand_on = listener

    def follow(
        self,
        moved: Iterable[Delivery],
        lanes: Iterable[str] = (),
        answers: Mapping[int, Answer] = NO_ANSWERS,
        *,
        held: Collection[int] = (),
    ) -> None:
        """`moved` as they stand now; `lanes` hold something new; `answers` by the keys of the deliveries. `held` are
        keys of those that are moved on at once: they must not leave before that.
        """
        stirred = set(lanes)
        self._lanes.wake(stirred)
        for delivery in moved:
            self._tell(delivery, answers.get(delivery.key))
            if delivery.state is DeliveryState.PENDING and delivery.key not in held:
                self._schedule.put_off(delivery.lane, self._monotonic(delivery.due))
                stirred.add(delivery.lane)
        if elsewhere := stirred - self._lanes.keys():
            self._hand_on(elsewhere)

    def _tell(self, delivery: Delivery, answer: Answer | None) -> None:
        self._emit(
            DeliveryMoved(
                delivery=delivery,
                to=delivery.state,
                why=delivery.why,
                detail=answer.detail if answer else "",
                latency_s=self._latency(delivery, answer) if answer else None,
            )
        )

    def _latency(self, delivery: Delivery, answer: Answer) -> float | None:
        """From detection to the answer that it was sent; None for any other answer, and where nobody waited."""
        if delivery.state is not DeliveryState.SENT or delivery.is_test or late_by_wish(delivery):
            return None
        before = (answer.record.accepted_at - answer.record.began_at).total_seconds()
        return before + self._meter.span(answer.record.accepted_at, answer.at)

    def _monotonic(self, moment: datetime) -> float:
        return self._clock.monotonic() + (moment - self._clock.now()).total_seconds()
