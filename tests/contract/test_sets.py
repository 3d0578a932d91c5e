"""Lists of people, as the ledger keeps them: whole histories, after each step of which everybody who was planned is
there once, waiting in a set or with a row of their own, and nobody has moved whom the step does not concern.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update
from tests.contract.books import Books, opened, plan
from tests.contract.crowd import RESUMED, STOP, Crowd, phone

from tocsin.core.alert import Alert, EpisodeKey
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Chosen, Episode, Hold, Reason, Ruling
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.recipients import Shard, audience_of
from tocsin.ledger.contract import Claim, ClaimRequest, Decide, Move, Settlement
from tocsin.ledger.contract.people import AddressRow, ContactRow
from tocsin.ledger.engine.connections import parse_url, reading_engine, writing_engine
from tocsin.ledger.engine.schema import alerts, deliveries
from tocsin.ledger.people.schema import addresses

VIP = Target("sms", "vip")
PEOPLE = (1, 2, 4095, 4096, 4097)  # in two shards, at their edges; two stand at the same place of theirs
LIFE = timedelta(minutes=10)
HOLD = timedelta(minutes=1)
_S = DeliveryState


class Told(NamedTuple):
    """One person and one alert."""

    alert: UUID
    slot: int


class State(NamedTuple):
    """`row`: the key, where it is a row of that person alone."""

    state: DeliveryState
    why: Why | None
    row: int | None


@dataclass
class Members:
    """Those of the list, by slot; each has a phone, and may leave and come back."""

    crowd: Crowd
    rows: Mapping[int, tuple[ContactRow, AddressRow]]
    gone: set[int] = field(default_factory=set)

    async def leave(self, slot: int) -> None:
        if slot not in self.gone:
            self.gone.add(slot)
            await self.crowd.say(*self.rows[slot], STOP)

    async def come_back(self, slot: int) -> None:
        if slot in self.gone:
            self.gone.discard(slot)
            await self.crowd.say(*self.rows[slot], RESUMED)


async def at_their_slots(place: str, clock: ManualClock) -> dict[int, tuple[ContactRow, AddressRow]]:
    """Members with the slots of `PEOPLE`. Slots are dense: they are made one after the other, and moved."""
    async with opened(place, clock) as books:
        crowd = Crowd(books.ledger.people)
        made = [await crowd.telling(f"member {slot}", phone(f"+1415555{slot:04}")) for slot in PEOPLE]
    engine = writing_engine(parse_url(place))
    with engine.begin() as connection:
        for slot, (_, address) in reversed(list(zip(PEOPLE, made, strict=True))):
            connection.execute(update(addresses).where(addresses.c.key == address.slot).values(key=slot))
    engine.dispose()
    return dict(zip(PEOPLE, made, strict=True))


def everybody_of(engine: Engine, target: Target = VIP) -> dict[Told, State]:
    """Nobody twice."""
    found: dict[Told, State] = {}
    with engine.connect() as connection:
        columns = (
            alerts.c.id,
            *(deliveries.c[name] for name in ("key", "state", "why", "slot", "recipients", "people")),
        )
        rows = connection.execute(
            select(*columns)
            .join(alerts, alerts.c.key == deliveries.c.alert)
            .where(deliveries.c.target == str(target))
            .order_by(deliveries.c.key)
        )
        for alert, key, state, why, slot, recipients, people in rows:
            shard = Shard.of(slot) if recipients is None else Shard.unpack(recipients)
            assert (slot is None) is (recipients is not None)
            assert shard.size == people > 0
            for each in shard.slots():
                told = Told(alert, each)
                assert told not in found, f"{told} is there twice"
                found[told] = State(_S(state), None if why is None else Why(why), None if slot is None else key)
    return found


def for_people(
    books: Books, people: Sequence[int], *, held: Sequence[int] = (), life: timedelta | None = None, **how: Any
) -> Decide:
    """`life`: those who are held gather it for a digest."""

    def decide(alert: Alert, last: Episode | None, now: object) -> Ruling:
        later = (Hold(books.clock.now() + HOLD, "held", audience_of(held), life),) if held else ()
        chosen = Chosen(now=audience_of(people), held=later)
        return Accepted(Reason.NEW, (plan(VIP, clock=books.clock, people=chosen, **how),))

    return decide


@dataclass
class Play:
    """One product and its list, from the first alert on."""

    books: Books
    members: Members
    engine: Engine
    sku: str
    alerts: dict[UUID, Alert] = field(default_factory=dict)  # in the order in which they were accepted
    planned: set[Told] = field(default_factory=set)
    open: list[Claim] = field(default_factory=list)
    sent: set[Told] = field(default_factory=set)

    def now(self) -> dict[Told, State]:
        return {told: state for told, state in everybody_of(self.engine).items() if told.alert in self.alerts}

    async def live(self, steps: Sequence[tuple[Any, ...]]) -> None:
        for verb, *values in steps:
            self.books.clock.advance(0.001)
            before = self.now()
            await getattr(self, verb)(before, *values)
            assert self.now().keys() == self.planned, verb
        await self.end()

    async def alert(
        self, before: dict[Told, State], people: list[int], held: list[int], life: timedelta | None = None
    ) -> None:
        """A newer alert takes the place of the older ones, for those who are told of it."""
        alert = self.books.detected(self.sku)
        later = [slot for slot in held if slot not in people]
        await self.books.append(alert, decide=for_people(self.books, people, held=later, life=life))
        self.alerts[alert.id] = alert
        if life is not None:
            self.lives |= {Told(alert.id, slot): self.books.clock.now() + HOLD + life for slot in later}
        new = {Told(alert.id, slot) for slot in (*people, *later)}
        self.planned |= new
        slots = {told.slot for told in new}
        self.changed(
            before,
            dict.fromkeys(new, (_S.PENDING, None))
            | {
                told: (_S.CANCELLED, Why.SUPERSEDED)
                for told, state in before.items()
                if state.state is _S.PENDING and told.slot in slots
            },
        )

    async def claim(self, before: dict[Told, State], limit: int, attempts: int) -> None:
        claimed = await self.books.ledger.queue.claim(
            ClaimRequest(lane=str(VIP), pack=lambda _, records: len(records), limit=limit, attempts=attempts)
        )
        mine = [claim for claim in claimed.claims if claim.members[0][0].alert_id in self.alerts]
        assert len(mine) == len(claimed.claims), "the products before this one have come to their end"
        taken = [Told(one.alert_id, one.slot or 0) for claim in mine for one, _ in claim.members]
        self.check_claim(before, mine, taken, wanted=limit * attempts)
        allowed = dict.fromkeys(taken, (_S.SENDING, None))
        for told, state in before.items():
            after = self.now()[told]
            if told not in allowed and after.state is not state.state:
                dead = self.dies_at(told) <= self.books.clock.now()
                allowed[told] = (_S.EXPIRED, Why.PAST_LIFE) if dead else (_S.CANCELLED, Why.CONSENT)
                assert dead or told.slot in self.members.gone
        self.changed(before, allowed)
        self.open += mine

    def check_claim(self, before: dict[Told, State], mine: list[Claim], taken: list[Told], wanted: int) -> None:
        assert len(set(taken)) == len(taken) <= wanted
        order = list(self.alerts)
        for claim in mine:
            assert len({one.alert_id for one, _ in claim.members}) == 1, "people go with others of the same alert"
            assert {one.slot for one, _ in claim.members} == claim.recipients.keys()
        for told in taken:
            assert before[told].state is _S.PENDING
            assert told.slot not in self.members.gone
            assert self.dies_at(told) > self.books.clock.now()
            older = [Told(alert, told.slot) for alert in order[: order.index(told.alert)]]
            assert not [each for each in older if each in before and before[each].state is _S.SENDING]
        assert len({told.slot for told in taken}) == len(taken), "of one product each person is told once at a time"

    async def settle(
        self, before: dict[Told, State], number: int, ends: list[tuple[DeliveryState, Why | None]]
    ) -> None:
        if not self.open:
            return
        claim = self.open.pop(number % len(self.open))
        turns = [ends[place % len(ends)] for place in range(len(claim.members))]
        moves = tuple(
            Move(key=one.key, fence=one.fence, to=to, why=why)
            for (one, _), (to, why) in zip(claim.members, turns, strict=True)
        )
        moved = await self.books.ledger.queue.settle(Settlement(attempt=claim.key, outcome="x", moves=moves))
        members = {one.key: Told(one.alert_id, one.slot or 0) for one, _ in claim.members}
        allowed = {}
        for (one, _), (to, why) in zip(claim.members, turns, strict=True):
            told = members[one.key]
            if one.key in moved.lost:
                continue
            allowed[told] = self.back(before, told) if to is _S.PENDING else (to, why)
            if to is _S.SENT:
                assert told not in self.sent, "sent twice"
                self.sent.add(told)
        self.changed(before, allowed)

    def back(self, before: dict[Told, State], told: Told) -> tuple[DeliveryState, Why | None]:
        """What comes back is not wanted where something newer waits for that person, or the product is sold out."""
        order = list(self.alerts)
        newer = [Told(alert, told.slot) for alert in order[order.index(told.alert) + 1 :]]
        if self.is_closed(told.alert):
            return _S.CANCELLED, Why.CLOSED
        if any(each in before and before[each].state is _S.PENDING for each in newer):
            return _S.CANCELLED, Why.SUPERSEDED
        return _S.PENDING, Why.DEFERRED

    async def crash(self, before: dict[Told, State]) -> None:
        await self.books.ledger.queue.recover()
        self.changed(
            before,
            {told: (_S.UNKNOWN, Why.CRASHED) for told, state in before.items() if state.state is _S.SENDING},
        )

    async def doubt(self, before: dict[Told, State], to: DeliveryState, why: Why) -> None:
        """What is in doubt is found, sent again, or held."""
        lost = await self.books.ledger.queue.unknown(frozenset({str(VIP)}))
        for claim in lost:
            moves = [Move(key=one.key, fence=one.fence, to=to, why=why) for one, _ in claim.members]
            await self.books.ledger.queue.move(moves)
        allowed = {}
        for told, state in before.items():
            if state.state is _S.UNKNOWN:
                allowed[told] = (to, why)
                if to is _S.PENDING and (ending := self.back(before, told))[0] is _S.CANCELLED:
                    allowed[told] = ending
        self.changed(before, allowed)

    async def leave(self, before: dict[Told, State], slot: int) -> None:
        """What waits for that person leaves with them, at once."""
        waits = [told for told, state in before.items() if told.slot == slot and state.state is _S.PENDING]
        here = slot not in self.members.gone
        await self.members.leave(slot)
        self.changed(before, dict.fromkeys(waits, (_S.CANCELLED, Why.CONSENT)) if here else {})

    async def come_back(self, before: dict[Told, State], slot: int) -> None:
        await self.members.come_back(slot)
        self.changed(before, {})

    async def wait(self, before: dict[Told, State], seconds: int) -> None:
        self.books.clock.advance(seconds)
        self.changed(before, {})

    async def expire(self, before: dict[Told, State]) -> None:
        moved = await self.books.ledger.queue.expire()
        over = {
            told: (_S.EXPIRED, Why.PAST_LIFE)
            for told, state in before.items()
            if state.state is _S.PENDING and self.dies_at(told) <= self.books.clock.now()
        }
        assert sum(one.size for one in moved.deliveries) == len(over)
        self.changed(before, over)

    async def close(self, before: dict[Told, State]) -> None:
        closed = await self.books.ledger.queue.close(EpisodeKey(self.sku, "bestbuy"))
        waited = [told for told, state in before.items() if state.state is _S.PENDING] if closed.events else []
        assert sum(one.size for one in closed.cancelled) == len(waited)
        self.closed |= {event.record.alert.id for event in closed.events}
        self.changed(before, dict.fromkeys(waited, (_S.CANCELLED, Why.CLOSED)))

    closed: set[UUID] = field(default_factory=set)
    retried: dict[Told, Any] = field(default_factory=dict)
    lives: dict[Told, Any] = field(default_factory=dict)  # of what is gathered for a digest

    def is_closed(self, alert: UUID) -> bool:
        return alert in self.closed

    async def disable(self, before: dict[Told, State]) -> None:
        """The list rests, and is woken again."""
        await self.books.operations.disable(VIP, "operator", "")
        await self.books.operations.enable(VIP)
        self.changed(
            before,
            {told: (_S.REFUSED, Why.NO_TARGET) for told, state in before.items() if state.state is _S.PENDING},
        )

    async def withhold(self, before: dict[Told, State]) -> None:
        await self.books.ledger.queue.withhold(str(VIP))
        self.changed(
            before,
            {told: (_S.CANCELLED, Why.SHADOW) for told, state in before.items() if state.state is _S.PENDING},
        )

    async def retry(self, before: dict[Told, State], chance: int) -> None:
        """An operator wants one that is over sent again: a row, or a whole set."""
        page = await self.books.history.deliveries(limit=1000)
        over = [one for one in page.items if one.state in _OVER and one.alert_id in self.alerts]
        if not over:
            return
        one = over[chance % len(over)]
        moved, *_ = (  # behind it those that give way: itself, where a newer one waits
            await self.books.ledger.queue.move(
                [Move(key=one.key, fence=one.fence, to=_S.PENDING, why=Why.RETRIED, life=LIFE)]
            )
        ).deliveries
        after = self.now()
        for told, state in before.items():
            if after[told] == state:
                continue
            assert told.alert == one.alert_id
            assert state.state is one.state
            self.sent.discard(told)
            self.retried[told] = moved.expires_at
            newer = list(self.alerts)[list(self.alerts).index(told.alert) + 1 :]
            overtaken = any(
                Told(each, told.slot) in before and before[Told(each, told.slot)].state is _S.PENDING for each in newer
            )
            assert after[told][:2] == ((_S.CANCELLED, Why.SUPERSEDED) if overtaken else (_S.PENDING, Why.RETRIED))

    async def end(self) -> None:
        """Everybody wants to be told again, and everything that is open comes to its end."""
        for slot in sorted(self.members.gone):
            await self.members.come_back(slot)
        await self.crash(self.now())
        await self.doubt(self.now(), _S.POSSIBLY_SENT, Why.HELD)
        self.open.clear()
        self.books.clock.advance(61)
        for _ in range(200):
            before = self.now()
            await self.claim(before, 3, 2)
            if not self.open:
                break
            await self.settle(self.now(), 0, [(_S.SENT, None)])
        assert {state.state for state in self.now().values()} <= _ENDED
        assert self.now().keys() == self.planned

    def dies_at(self, told: Told) -> Any:
        return self.retried.get(told, self.lives.get(told, self.alerts[told.alert].timestamp + LIFE))

    def changed(self, before: dict[Told, State], expected: Mapping[Told, tuple[DeliveryState, Why | None]]) -> None:
        """These have moved, and nobody else."""
        after = self.now()
        moved = {
            told: (state.state, state.why)
            for told, state in after.items()
            if told not in before or before[told][:2] != state[:2]
        }
        assert moved == {told: end for told, end in expected.items() if told not in before or before[told][:2] != end}


_OVER = (_S.REFUSED, _S.EXPIRED, _S.CANCELLED, _S.POSSIBLY_SENT)
_ENDED = {_S.SENT, *_OVER}
SLOTS = st.sampled_from(PEOPLE)
SOME = st.lists(SLOTS, unique=True, max_size=len(PEOPLE))
ENDS = st.sampled_from(
    [(_S.SENT, None), (_S.PENDING, Why.DEFERRED), (_S.REFUSED, Why.REFUSED), (_S.UNKNOWN, Why.ANSWER_LOST)]
)
DOUBTS = st.sampled_from(
    [(_S.SENT, Why.FOUND), (_S.PENDING, Why.RESENT), (_S.PENDING, Why.NOT_FOUND), (_S.POSSIBLY_SENT, Why.HELD)]
)
MANY = (  # what happens all the time
    st.tuples(st.just("alert"), SOME, st.just([])),
    st.tuples(st.just("claim"), st.integers(1, 2), st.integers(1, 3)),
    st.tuples(st.just("settle"), st.integers(0, 9), st.lists(ENDS, min_size=1, max_size=3)),
)
STEPS = st.one_of(
    *MANY,
    *MANY,
    *MANY,
    *MANY,
    st.tuples(st.just("alert"), SOME, SOME, st.sampled_from([None, 2 * LIFE])),
    st.tuples(st.just("crash")),
    DOUBTS.map(lambda end: ("doubt", *end)),
    st.tuples(st.just("leave"), SLOTS),
    st.tuples(st.just("come_back"), SLOTS),
    st.tuples(st.just("wait"), st.sampled_from([1, 59, 60, 599])),
    st.tuples(st.just("expire")),
    st.tuples(st.just("close")),
    st.tuples(st.just("disable")),
    st.tuples(st.just("withhold")),
    st.tuples(st.just("retry"), st.integers(0, 20)),
)


@contextmanager
def stage(place: str, clock: ManualClock) -> Iterator[Callable[[Sequence[tuple[Any, ...]]], None]]:
    """One ledger for all examples, each with a product of its own."""
    numbers, engine = count(), reading_engine(parse_url(place))
    with asyncio.Runner() as runner:
        rows = runner.run(at_their_slots(place, clock))
        stack = AsyncExitStack()
        books = runner.run(stack.enter_async_context(opened(place, clock)))
        members = Members(Crowd(books.ledger.people), rows)

        def play(steps: Sequence[tuple[Any, ...]]) -> None:
            runner.run(Play(books, members, engine, f"sku{next(numbers)}").live(steps))

        yield play
        runner.run(stack.aclose())
        engine.dispose()


def test_whatever_happens_everybody_is_there_once(place: str, clock: ManualClock):
    with stage(place, clock) as play:

        @settings(max_examples=25, deadline=None)
        @given(st.lists(STEPS, min_size=10, max_size=30))
        def hold(steps: list[tuple[Any, ...]]) -> None:
            play(steps)

        hold()
