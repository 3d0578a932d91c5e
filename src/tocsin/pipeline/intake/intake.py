"""Takes detections in: each is decoded once, decided and written in one transaction, then told."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from tocsin.bus.contract import Bus
from tocsin.channels.abilities import RingsOut
from tocsin.channels.contract import Channel
from tocsin.core.alert import Alert, EpisodeKey
from tocsin.core.clock import Clock
from tocsin.core.decision import Accepted, Chosen, Decision, Filtered, Plan, Receipt
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.errors import (
    Detail,
    InvalidAlertError,
    LedgerUnavailableError,
    NotFoundError,
    StaleDirectoryError,
    TocsinError,
)
from tocsin.core.facts import AlertInvalid, Decided, Emit, Turned
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.mention import Mention
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import Appended, Closed, Decide, History, Item, Queue, Submission
from tocsin.pipeline.active import Active
from tocsin.pipeline.intake.decode import Decoder, Request
from tocsin.pipeline.intake.detection import fault_of
from tocsin.pipeline.people.directory import Directories
from tocsin.pipeline.sending.moves import Moves
from tocsin.pipeline.sending.targets import Targets
from tocsin.rules.audience import Directory
from tocsin.rules.mentions import mention_for

Answers = tuple[Mapping[str, Any], ...]

SMALL = 16 * 1024  # bytes of a body that takes no time, whatever is in it
MOST_LOOKS = 2  # anew at who may be told, for one submission
LARGE = 1024 * 1024  # bytes of a body that is not even taken apart while another one is decided


class Intake:
    """Every door hands its detections over here. A reload counts for what is decided after it."""

    def __init__(
        self,
        *,
        queue: Queue,
        history: History,
        bus: Bus,
        targets: Targets,
        moves: Moves,
        directories: Directories,
        active: Active,
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._queue = queue
        self._history = history
        self._bus = bus
        self._targets = targets
        self._moves = moves
        self._directories = directories
        self._active = active
        self._clock = clock
        self._emit = emit
        self._decoder = Decoder(active, emit)
        self._large, self._looking = asyncio.Lock(), asyncio.Lock()

    async def receive(self, body: bytes, *, owner: str, key: str | None = None) -> tuple[Answers, bool]:
        """One request of any of the three forms: the answers in order, and whether it was one single object.

        One of more than a part is decided part by part, and others come between; not others of its kind, since with
        each of those everybody would wait longer for a turn. Raises LedgerUnavailableError where it is cut short: what
        was kept is told, and the same request goes on from there.
        """
        with self._telling(owner):
            if len(body) > LARGE:
                async with self._large:
                    return await self._decided(await self._looked_through(body, owner, key))
            request = await self._taken_apart(body, owner, key)
            if len(request.parts) == 1:
                return await self._decided(request)
            async with self._large:
                return await self._decided(request)

    async def offer(self, value: object, *, owner: str) -> Mapping[str, Any]:
        """One detection from Python or a socket: its answer, which may be `invalid`."""
        with self._telling(owner):
            item = self._decoder.one(value, owner=owner, now=self._clock.now())
            return (await self._commit(Submission((item,)), owner))[0]

    async def close(self, *, sku: str, retailer: str, variant: str | None = None, seller: str | None = None) -> Closed:
        """The product is sold out there: its episode ends. Nothing open is no error. Raises InvalidRequestError."""
        key = self._decoder.episode(sku=sku, retailer=retailer, variant=variant, seller=seller)
        return await self._end(key)

    async def close_alert(self, identifier: UUID) -> Closed:
        """The episode of that alert ends. Raises NotFoundError where there is no such alert."""
        record = await self._history.alert(identifier)
        if record is None:
            raise NotFoundError(f"there is no alert {identifier}")
        if record.is_test:  # it belongs to no episode, although its product may be in stock
            return Closed()
        return await self._end(record.alert.episode)

    async def rehearse(self, value: object) -> Mapping[str, Any]:
        """Decide an alert as if nothing were known of its episode; store and send nothing. Raises InvalidAlertError."""
        now = self._clock.now()
        item = Decoder(self._active).one(value, owner="rehearsal", now=now)
        alert = _valid(item)
        book = self._active.rulebook
        directory = await self._directories.newest() if book.routing.tells_people else self._directories.current
        ruling = book.decide(alert, None, now, self._targets.disabled, directory=directory)
        decision = Decision.FILTERED if isinstance(ruling, Filtered) else Decision.ACCEPTED
        record = AlertRecord(alert=alert, accepted_at=now, decision=decision, reason=ruling.reason, last_seen_at=now)
        plans = ruling.plans if isinstance(ruling, Accepted) else ()
        targets = [self._rehearsed(plan, record, now) for plan in plans]
        outlook = {
            "decision": decision.value,
            "reason": ruling.reason.value,
            "priority": alert.priority,
            "targets": targets,
        }
        return outlook | ({"notes": [note.as_json() for note in item.notes]} if item.notes else {})

    async def close_silent(self) -> None:
        """End the episodes that no detector has repeated for as long as the rules in force say."""
        silence = self._active.rulebook.dedup.policy.close_after_silence
        if silence is None:
            return
        closed = Closed(more=True)
        while closed.more:
            closed = await self._queue.silence(self._clock.now() - silence)
            self._announce_closed(closed)

    async def _taken_apart(self, body: bytes, owner: str, key: str | None) -> Request:
        if len(body) <= SMALL:
            return self._decoder.request(body, owner=owner, key=key)
        return self._decoder.whole(body, owner=owner, key=key) or await self._looked_through(body, owner, key)

    async def _looked_through(self, body: bytes, owner: str, key: str | None) -> Request:
        """In a thread, one at a time: what is large, or wrong in ten thousand places, holds up nobody else."""
        async with self._looking:
            return await asyncio.to_thread(self._decoder.request, body, owner=owner, key=key)

    async def _end(self, key: EpisodeKey) -> Closed:
        closed = Closed(more=True)
        while closed.more:
            part = await self._queue.close(key)
            self._announce_closed(part)
            closed += part
        return closed

    async def _decided(self, request: Request) -> tuple[Answers, bool]:
        answers: list[Mapping[str, Any]] = []
        for begins in request.parts:
            try:
                part = self._decoder.part(request, begins, self._clock.now())
                answers += await self._commit(part, request.owner)
            except LedgerUnavailableError as problem:
                if not begins:
                    raise
                raise _cut_short(problem, request, len(answers)) from problem
        return tuple(answers), request.single

    @contextmanager
    def _telling(self, owner: str) -> Iterator[None]:
        """A request that is turned away is told to listeners, too: its sender may not read the answer."""
        try:
            yield
        except TocsinError as problem:
            self._emit(Turned(problem.code, problem.message, owner))
            raise

    async def _commit(self, submission: Submission, owner: str) -> Answers:
        kill_point(Point.PARSED)
        appended = await self._append(submission)
        kill_point(Point.LEDGER_COMMITTED)
        self._announce(appended, owner)
        return appended.answers

    async def _append(self, submission: Submission) -> Appended:
        """Append it, decided once more where who may be told has changed meanwhile: nothing was kept of it then.

        Where people change faster than they can be read, no alert waits for them: the last look decides. Whoever has
        left since is seen when they are claimed, and whoever has come hears of the next.
        """
        for _ in range(MOST_LOOKS):
            decide, directory = self._judge()
            version = None if directory is None else directory.version
            try:
                return await self._queue.append(submission, decide, version, self._targets.version)
            except StaleDirectoryError:
                await self._look_anew(directory)
        return await self._queue.append(submission, self._judge()[0])

    async def _look_anew(self, directory: Directory | None) -> None:
        """At whatever is old: who may be told, or which targets are disabled."""
        await self._targets.refresh()
        if directory is not None and directory.version != await self._directories.version():
            await self._directories.replace(directory)

    def _judge(self) -> tuple[Decide, Directory | None]:
        """Say how to decide now, and by which directory where people are told."""
        book = self._active.rulebook
        decide = partial(book.decide, disabled=self._targets.disabled)
        if not book.routing.tells_people:
            return decide, None
        directory = self._directories.current
        return partial(decide, directory=directory), directory

    def _announce(self, appended: Appended, owner: str) -> None:
        if appended.events:
            self._bus.events.publish(appended.events)
        now = self._clock.now()
        for alert, receipt in appended.receipts:
            self._emit(Decided(alert, receipt, (now - alert.timestamp).total_seconds(), owner))
        for answer in appended.answers:
            if answer["decision"] == Decision.INVALID.value:
                fault, message = fault_of(answer["error"])
                self._emit(AlertInvalid(owner=owner, fault=fault, message=message))
        self._moves.follow(appended.moved, appended.lanes)

    def _announce_closed(self, closed: Closed) -> None:
        self._bus.events.publish(closed.events)
        self._moves.follow(closed.cancelled)

    def _rehearsed(self, plan: Plan, record: AlertRecord, now: datetime) -> Mapping[str, Any]:
        book = self._active.rulebook
        mention = Mention()
        if policy := book.routing.policy_of(plan.target):
            mention = mention_for([record.alert], policy.mentions, {}, now, book.catalog)
        outlook: dict[str, Any] = {
            "target": str(plan.target),
            "route": plan.route,
            "state": plan.state.value,
            "mentions": list(mention.names),
        }
        if plan.why is not None:
            outlook["why"] = plan.why.value
        if isinstance(plan.people, Chosen):
            outlook["recipients"] = plan.people.everybody.bit_count()
            outlook["left_out"] = {reason.value: many for reason, many in plan.people.left_out.items()}
        if plan.fallback:
            outlook["fallback"] = [str(fallback.target) for fallback in plan.fallback]
        if plan.state is DeliveryState.PENDING or plan.why is Why.SHADOW:
            channel = self._active.channels[plan.target.channel]
            outlook["message"] = _message(channel, plan.target, record, mention)
        return outlook


def _message(channel: Channel, target: Target, record: AlertRecord, mention: Mention) -> Mapping[str, Any]:
    if isinstance(channel, RingsOut):
        return channel.render_ringing(target, [record], mention)
    return channel.render(target, [record])


def receipt_of(answer: Mapping[str, Any]) -> Receipt:
    """The answer of `offer` as a value. Raises InvalidAlertError for an invalid one."""
    if answer["decision"] == Decision.INVALID.value:
        raise _invalid(answer["error"])
    return Receipt.from_json(answer)


def _cut_short(problem: LedgerUnavailableError, request: Request, kept: int) -> LedgerUnavailableError:
    again = (
        "it is answered as if nothing had happened" if request.idempotency else "what was kept comes back as repeats"
    )
    message = (
        f"{problem.message}. {kept} of {len(request.values)} alerts were kept: send the same request again, {again}"
    )
    return LedgerUnavailableError(message, problem.retry_after)


def _valid(item: Item) -> Alert:
    if item.alert is None:
        raise _invalid(item.invalid.error if item.invalid and item.invalid.error else {})
    return item.alert


def _invalid(error: Mapping[str, Any]) -> InvalidAlertError:
    details = [Detail(detail["path"], detail["message"]) for detail in error.get("details", ())]
    return InvalidAlertError(error.get("message", "not an alert"), details)
