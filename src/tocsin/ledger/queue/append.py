"""An append makes rows of detections: decided in order, each seeing what the one before it did, and written in bulk.

Every waiting call shares the transaction, the lock of the stream and the bulk writes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from tocsin.core.alert import Alert, EpisodeKey
from tocsin.core.decision import Accepted, Chosen, Decision, Duplicate, Filtered, Plan, Reason, Receipt
from tocsin.core.delivery import Delivery, DeliveryState, Why
from tocsin.core.errors import ConflictError, StaleDirectoryError
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.recipients import Audience, Shard
from tocsin.core.record import AlertRecord, Event, EventKind
from tocsin.core.search import searched_text
from tocsin.ledger.contract import Appended, Decide, Item, Submission
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import Held, alert_row, audience_row, delivery_row, held_of
from tocsin.ledger.engine.schema import PENDING, alerts, audiences, deliveries, events, texts
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue import sets
from tocsin.ledger.queue.episodes import Episodes
from tocsin.ledger.queue.idempotency import ITEM, Answers
from tocsin.ledger.queue.moves import DELIVERIES, put

Call = tuple[Submission, Decide, int | None, int | None]  # with the versions of directory and targets that decide
Place = tuple[int, str]  # an episode's key and a target: where a newer delivery supersedes an older one

_COLUMNS = {column.name: place for place, column in enumerate(deliveries.columns)}
_KEY, _TARGET, _STATE, _WHY = (_COLUMNS[name] for name in ("key", "target", "state", "why"))
_RECIPIENTS, _PEOPLE = _COLUMNS["recipients"], _COLUMNS["people"]
_SUPERSEDED: dict[int, Any] = {_STATE: DeliveryState.CANCELLED.value, _WHY: Why.SUPERSEDED.value}

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


def append(transaction: Transaction, calls: Sequence[Call]) -> list[Appended | ConflictError | StaleDirectoryError]:
    """Append what each call submits, with one result for each, in order; a conflict of a whole request, or a directory
    that is old, is its result and touches no neighbour.
    """
    stream = Stream(transaction)
    submissions = [submission for submission, *_ in calls]
    answers = Answers(transaction, submissions)
    episodes = Episodes(transaction, stream, _skus(submissions))
    batch = _Batch(transaction, stream, answers, episodes)
    drafts = [batch.take(*call) for call in calls]
    kill_point(Point.DEDUP_CHECKED)
    batch.write()
    return [draft.finished() if isinstance(draft, _Draft) else draft for draft in drafts]


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
        self._texts: list[tuple[int, str, None]] = []
        self._events: list[tuple[Any, ...]] = []
        self._deliveries: list[tuple[Any, ...]] = []
        self._repeats: Counter[UUID] = Counter()
        self._audiences: dict[tuple[int, str], tuple[Any, ...]] = {}
        self._newest: dict[Place, int] = {}  # where in `_deliveries` the pending one of this batch is
        self._sets: defaultdict[Place, list[int]] = defaultdict(list)  # and where those for people are
        self._superseding: dict[Place, _Draft] = {}
        self._successors: defaultdict[Place, Audience] = defaultdict(int)

    def take(
        self, submission: Submission, decide: Decide, directory: int | None, targets: int | None
    ) -> _Draft | ConflictError | StaleDirectoryError:
        if directory not in (None, self._stream.directory) or targets not in (None, self._stream.targets):
            return StaleDirectoryError()
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
        insert(audiences, list(self._audiences.values()))
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
        self._texts.append((number, searched_text(alert), None))
        return number

    def _plan(self, plan: Plan, number: int, alert: Alert, episode: int | None, draft: _Draft) -> None:
        for behind in plan.fallback:
            if behind.people is not None:
                self._audiences[number, str(behind.target)] = audience_row(number, behind.target, behind.people)
        if plan.people is not None:
            self._plan_for_people(plan, number, alert, episode, draft)
            return
        key = self._stream.next_delivery()
        row = delivery_row(self._transaction, key, plan, alert=number, priority=alert.priority, episode=episode)
        if plan.state is DeliveryState.PENDING:
            draft.lanes.add(plan.lane)
            if episode is not None:
                self._supersede((episode, row[_TARGET]), draft)
        else:
            draft.moved.append(_over(plan, key, alert, self._transaction.now, is_test=episode is None))
        self._deliveries.append(row)

    def _supersede(self, place: Place, draft: _Draft) -> None:
        """The delivery that is written next takes the place of an older one, of this batch or stored before."""
        older = self._newest.get(place)
        if older is not None:
            self._deliveries[older] = _altered(self._deliveries[older], _SUPERSEDED)
        self._newest[place] = len(self._deliveries)
        self._superseding.setdefault(place, draft)

    def _plan_for_people(self, plan: Plan, number: int, alert: Alert, episode: int | None, draft: _Draft) -> None:
        """As many sets as there are shards with somebody in them; those who are held are sets of their own."""
        people = plan.people
        assert isinstance(people, Chosen), "a reserve is told of nothing by itself"
        place = (number, str(plan.target))
        self._audiences[place] = audience_row(number, plan.target, people)
        later = [(hold.put_off(plan), hold.audience) for hold in people.held]
        rows = [
            row
            for whole, everybody in ((plan, people.now), *later)
            for part, audience in _by_ways(whole, everybody)
            for row in sets.rows_of(
                self._transaction,
                self._stream,
                part,
                audience,
                alert=number,
                priority=alert.priority,
                episode=episode,
            )
        ]
        if plan.state is not DeliveryState.PENDING:
            now, is_test = self._transaction.now, episode is None
            draft.moved += [_over(plan, row[_KEY], alert, now, is_test=is_test, people=row[_PEOPLE]) for row in rows]
        elif rows:
            draft.lanes.add(plan.lane)
            if episode is not None:
                self._supersede_people((episode, str(plan.target)), people.everybody, len(rows), draft)
        self._deliveries += rows

    def _supersede_people(self, place: Place, audience: Audience, sets_of_it: int, draft: _Draft) -> None:
        """Those who are told by the sets that are written next leave the older ones, of this batch or stored before."""
        for older in self._sets[place]:
            self._leave(older, audience)
        begin = len(self._deliveries)
        self._sets[place] += range(begin, begin + sets_of_it)
        self._superseding.setdefault(place, draft)
        self._successors[place] |= audience

    def _leave(self, older: int, audience: Audience) -> None:
        row = self._deliveries[older]
        shard = Shard.unpack(row[_RECIPIENTS])
        leaving = shard._replace(bits=shard.bits & shard.within(audience))
        if not leaving.bits or row[_STATE] != DeliveryState.PENDING.value:
            return
        if leaving == shard:
            self._deliveries[older] = _altered(row, _SUPERSEDED)
            return
        rest = shard._replace(bits=shard.bits ^ leaving.bits)
        self._deliveries[older] = _altered(row, _of(rest))
        self._deliveries.append(_altered(row, _SUPERSEDED | _of(leaving) | {_KEY: sets.key_for(self._stream, leaving)}))

    def _supersede_stored(self) -> None:
        touched = self._episodes.touched if self._superseding else []
        waiting = self._transaction.rows(_WAITING, episodes=touched) if touched else []
        for held in map(held_of, waiting):
            place = (held.episode or 0, str(held.delivery.target))
            draft, leaving = self._superseding.get(place), self._leaving(held, place)
            if draft is not None and leaving is not None:
                draft.moved += put(self._transaction, [leaving.delivery], DeliveryState.CANCELLED, Why.SUPERSEDED)

    def _leaving(self, held: Held, place: Place) -> Held | None:
        """What of it the newer one takes the place of."""
        if held.shard is None:
            return held if place in self._newest else None
        newer = held.shard.within(self._successors[place])
        return sets.split_off(self._transaction, self._stream, held, newer)


def _by_ways(plan: Plan, everybody: Audience) -> Iterator[tuple[Plan, Audience]]:
    """Those of them who have fallbacks of their own are sets of their own."""
    for way in plan.ways:
        if mine := everybody & way.audience:
            everybody ^= mine
            yield replace(plan, fallback=way.fallback, fail_over_at=way.fail_over_at), mine
    yield plan, everybody


def _altered(row: tuple[Any, ...], changes: Mapping[int, Any]) -> tuple[Any, ...]:
    values = list(row)
    for place, value in changes.items():
        values[place] = value
    return tuple(values)


def _of(shard: Shard) -> dict[int, Any]:
    return {_RECIPIENTS: shard.pack(), _PEOPLE: shard.size}


def _over(plan: Plan, key: int, alert: Alert, now: datetime, *, is_test: bool, people: int | None = None) -> Delivery:
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
        people=people,
    )


def _skus(submissions: Sequence[Submission]) -> set[str]:
    return {item.alert.sku for submission in submissions for item in submission.items if item.alert is not None}
