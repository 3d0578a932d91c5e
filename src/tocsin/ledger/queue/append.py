"""An append makes rows of detections: decided in order, each seeing what the one before it did, and written in bulk.

Every waiting call shares the transaction, the lock of the stream and the bulk writes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from tocsin.core.alert import Alert, EpisodeKey
from tocsin.core.decision import Accepted, Decision, Duplicate, Filtered, Plan, Reason, Receipt
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.errors import ConflictError
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.core.search import searched_text
from tocsin.ledger.contract import Appended, Decide, Item, Submission
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import alert_row, delivery_row, held_of
from tocsin.ledger.engine.schema import PENDING, alerts, deliveries, events, texts
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue.episodes import Episodes
from tocsin.ledger.queue.idempotency import ITEM, Answers
from tocsin.ledger.queue.moves import DELIVERIES, put

Call = tuple[Submission, Decide]
Place = tuple[int, str]  # an episode's key and a target: where a newer delivery supersedes an older one

_STATE, _WHY = 5, 6  # columns of a delivery's row

_REPEAT = (
    update(alerts)
    .where(alerts.c.id == bindparam("original"))
    .values(repeats=alerts.c.repeats + bindparam("times"), last_seen_at=bindparam("seen"))
)
_WAITING = (
    DELIVERIES.where(PENDING, among(deliveries.c.episode, "episodes"))
    # What another node is claiming at this instant is on its way: it cannot be superseded any more.
    .with_for_update(of=deliveries, skip_locked=True)
)


def append(transaction: Transaction, calls: Sequence[Call]) -> list[Appended | ConflictError]:
    """Append what each call submits, with one result for each, in order; a conflict of a whole request is its result
    and touches no neighbour.
    """
    stream = Stream(transaction)
    submissions = [submission for submission, _ in calls]
    answers = Answers(transaction, submissions)
    episodes = Episodes(transaction, stream, _skus(submissions))
    batch = _Batch(transaction, stream, answers, episodes)
    drafts = [batch.take(submission, decide) for submission, decide in calls]
    kill_point(Point.DEDUP_CHECKED)
    batch.write()
    return [draft if isinstance(draft, ConflictError) else draft.finished() for draft in drafts]


@dataclass(slots=True)
class _Draft:
    """The result of one call while it is being made."""

    answers: list[Mapping[str, Any]] = field(default_factory=list)
    receipts: list[tuple[Alert, Receipt]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    lanes: set[str] = field(default_factory=set)
    moved: list[Delivery] = field(default_factory=list)

    def finished(self) -> Appended:
        return Appended(
            answers=tuple(self.answers),
            receipts=tuple(self.receipts),
            events=tuple(self.events),
            lanes=frozenset(self.lanes),
            moved=tuple(self.moved),
        )


class _Batch:
    def __init__(self, transaction: Transaction, stream: Stream, answers: Answers, episodes: Episodes) -> None:
        self._transaction = transaction
        self._stream = stream
        self._answers = answers
        self._episodes = episodes
        self._alerts: list[tuple[Any, ...]] = []
        self._texts: list[tuple[int, str]] = []
        self._events: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []
        self._repeats: Counter[UUID] = Counter()
        self._newest: dict[Place, int] = {}  # where in `_deliveries` the pending one of this batch is
        self._superseding: dict[Place, _Draft] = {}

    def take(self, submission: Submission, decide: Decide) -> _Draft | ConflictError:
        draft = _Draft()
        try:
            repeated = self._answers.recall(submission.idempotency, submission.covers)
        except ConflictError as conflict:
            return conflict
        if repeated is not None:
            draft.answers = repeated
            return draft
        for item in submission.items:
            draft.answers.append(self._answer(item, decide, draft))
        self._answers.keep(submission.idempotency, submission.covers, draft.answers)
        return draft

    def write(self) -> None:
        self._supersede_stored()
        insert = self._transaction.insert
        insert(alerts, self._alerts)
        insert(texts, self._texts)
        insert(events, self._events)
        insert(deliveries, self._deliveries)
        self._episodes.save()
        self._answers.save()
        self._stream.save()
        now = self._transaction.now
        repeats = [{"original": original, "times": n, "seen": now} for original, n in self._repeats.items()]
        self._transaction.write_each(_REPEAT, repeats)

    def _answer(self, item: Item, decide: Decide, draft: _Draft) -> Mapping[str, Any]:
        if item.alert is None:
            assert item.invalid is not None, "an item is an alert or the reason why it is none"
            return item.invalid.as_json()
        try:
            repeated = self._answers.recall(item.idempotency, ITEM)
        except ConflictError as conflict:
            return Receipt(decision=Decision.INVALID, error=conflict.as_json()["error"]).as_json()
        if repeated is not None:
            answer: Mapping[str, Any] = repeated
            return answer
        receipt = self._decide(item.alert, decide, draft)
        if item.notes:
            receipt = replace(receipt, notes=item.notes)
        draft.receipts.append((item.alert, receipt))
        answer = receipt.as_json()
        self._answers.keep(item.idempotency, ITEM, answer)
        return answer

    def _decide(self, alert: Alert, decide: Decide, draft: _Draft) -> Receipt:
        key = alert.episode
        match decide(alert, self._episodes.find(key), self._transaction.now):
            case Accepted(reason=Reason.TEST, plans=plans):
                return self._test(alert, plans, draft)
            case Accepted(reason=reason, plans=plans):
                return self._accept(alert, key, reason, plans, draft)
            case Duplicate(reason=reason, original=original):
                self._repeats[original] += 1
                self._episodes.see(key, self._transaction.now)
                return Receipt(decision=Decision.DUPLICATE, reason=reason, duplicate_of=original)
            case Filtered(reason=reason):
                self._write_down(alert, Decision.FILTERED, reason)
                return Receipt(decision=Decision.FILTERED, id=alert.id, reason=reason)

    def _accept(self, alert: Alert, key: EpisodeKey, reason: Reason, plans: Sequence[Plan], draft: _Draft) -> Receipt:
        now = self._transaction.now
        episode = self._episodes.accept(key, alert, now)
        position = self._stream.next_position()
        number = self._write_down(alert, Decision.ACCEPTED, reason, episode, position)
        self._events.append((position, EventKind.ACCEPTED.value, number, self._transaction.micros, None))
        record = AlertRecord(alert=alert, accepted_at=now, decision=Decision.ACCEPTED, reason=reason, last_seen_at=now)
        draft.events.append(Event(position=position, kind=EventKind.ACCEPTED, at=now, record=record))
        for plan in plans:
            self._plan(plan, number, alert, episode, draft)
        return Receipt(decision=Decision.ACCEPTED, id=alert.id, reason=reason)

    def _test(self, alert: Alert, plans: Sequence[Plan], draft: _Draft) -> Receipt:
        """Real deliveries, but no event that a socket could see, and no trace in the episode."""
        number = self._write_down(alert, Decision.ACCEPTED, Reason.TEST)
        for plan in plans:
            self._plan(plan, number, alert, None, draft)
        return Receipt(decision=Decision.ACCEPTED, id=alert.id, reason=Reason.TEST)

    def _write_down(self, alert: Alert, decision: Decision, reason: Reason, *places: int) -> int:
        """The key of its row. `places` are its episode and its position, where it has them."""
        number = self._stream.next_alert()
        self._alerts.append(alert_row(self._transaction, number, alert, decision, reason, *places))
        self._texts.append((number, searched_text(alert)))
        return number

    def _plan(self, plan: Plan, number: int, alert: Alert, episode: int | None, draft: _Draft) -> None:
        key = self._stream.next_delivery()
        row = delivery_row(self._transaction, key, plan, alert=number, priority=alert.priority, episode=episode)
        if plan.state is DeliveryState.PENDING:
            draft.lanes.add(plan.lane)
            if episode is not None:
                self._supersede((episode, row[2]), draft)
        else:
            draft.moved.append(_over(plan, key, alert, self._transaction.now, is_test=episode is None))
        self._deliveries.append(row)

    def _supersede(self, place: Place, draft: _Draft) -> None:
        """The delivery that is written next takes the place of an older one, of this batch or stored before."""
        older = self._newest.get(place)
        if older is not None:
            row = list(self._deliveries[older])
            row[_STATE], row[_WHY] = DeliveryState.CANCELLED.value, Why.SUPERSEDED.value
            self._deliveries[older] = tuple(row)
        self._newest[place] = len(self._deliveries)
        self._superseding.setdefault(place, draft)

    def _supersede_stored(self) -> None:
        touched = self._episodes.touched if self._superseding else []
        waiting = self._transaction.rows(_WAITING, episodes=touched) if touched else []
        for held in map(held_of, waiting):
            draft = self._superseding.get((held.episode or 0, str(held.delivery.target)))
            if draft is not None:
                draft.moved += put(self._transaction, [held.delivery], DeliveryState.CANCELLED, Why.SUPERSEDED)


def _over(plan: Plan, key: int, alert: Alert, now: datetime, *, is_test: bool) -> Delivery:
    """Over before it began."""
    return Delivery(
        key=key,
        alert_id=alert.id,
        target=plan.target,
        lane=plan.lane,
        priority=alert.priority,
        state=plan.state,
        why=plan.why,
        fence=0,
        attempts=0,
        planned_at=now,
        due=plan.due,
        expires_at=plan.expires_at,
        moved_at=now,
        detail=plan.detail,
        route=plan.route,
        is_test=is_test,
    )


def _skus(submissions: Sequence[Submission]) -> set[str]:
    return {item.alert.sku for submission in submissions for item in submission.items if item.alert is not None}
