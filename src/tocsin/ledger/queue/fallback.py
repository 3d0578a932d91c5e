"""A fallback takes over from a target that cannot or does not take an alert: one after the other, never two at once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, or_, select, update

from tocsin.core.alert import FLOOR, Band
from tocsin.core.decision import Plan
from tocsin.core.delivery import NOT_REACHED, Delivery, DeliveryState, Target, Why
from tocsin.core.recipients import Shard, audience_of
from tocsin.ledger.contract import MoveResult
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import Held, delivery_row, held_of, target_of, unpacked
from tocsin.ledger.engine.schema import LATER, OF_NOBODY, PENDING, Moment, deliveries, targets
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue import sets
from tocsin.ledger.queue.handover import Handover
from tocsin.ledger.queue.moves import DELIVERIES, put
from tocsin.ledger.queue.superseding import supersede

AT_ONCE = 1000
ABOVE_ALL = 1000  # a priority that no alert has

_WAITED_ENOUGH = (
    DELIVERIES.where(PENDING, deliveries.c.fail_over_at <= bindparam("now", type_=Moment))
    .order_by(deliveries.c.fail_over_at)
    .limit(AT_ONCE)
    .with_for_update(of=deliveries, skip_locked=True)
)
_IN_LANES = (
    DELIVERIES.where(PENDING, among(deliveries.c.lane, "lanes"), deliveries.c.fallback.is_not(None))
    .order_by(deliveries.c.priority.desc(), deliveries.c.key)
    .limit(AT_ONCE)
    .with_for_update(of=deliveries, skip_locked=True)
)
_IN_LANE = (
    DELIVERIES.where(PENDING, deliveries.c.lane == bindparam("lane"))
    .order_by(deliveries.c.key)
    .limit(AT_ONCE)
    .with_for_update(of=deliveries)
)
_IS_DUE = deliveries.c.due <= bindparam("now", type_=Moment)
_DUE_IN_LANE = (
    DELIVERIES.where(PENDING, deliveries.c.lane == bindparam("lane"), deliveries.c.priority < bindparam("spared"))
    .where(or_(~LATER, _IS_DUE))
    .order_by(deliveries.c.key)
    .limit(AT_ONCE)
    .with_for_update(of=deliveries)
)
_STAY = update(deliveries).where(among(deliveries.c.key, "keys"))
_SIBLINGS = select(deliveries.c.alert, deliveries.c.target, deliveries.c.state).where(
    among(deliveries.c.alert, "alerts"), OF_NOBODY
)
_RESTING = select(targets.c.target)


def fail_over(transaction: Transaction, lanes: frozenset[str], shadow: frozenset[Target]) -> MoveResult:
    """Hand what waited long enough, or stands in a lane that is named, to its fallback where one can take it."""
    held = {one.delivery.key: one for one in map(held_of, transaction.rows(_WAITED_ENOUGH, now=transaction.now))}
    if lanes:
        held |= {one.delivery.key: one for one in map(held_of, transaction.rows(_IN_LANES, lanes=sorted(lanes)))}
    taken, woken = take_over(transaction, list(held.values()), shadow)
    gone = [one if bits is None else sets.split_off_alone(transaction, one, bits) for one, bits in taken]
    left = [one.delivery for one in gone if one is not None]
    moved = put(transaction, left, DeliveryState.CANCELLED, Why.FAILED_OVER)
    stay = [key for key in held if key not in {one.key for one in left}]
    if stay:
        transaction.write(_STAY, keys=stay, fallback=None, fail_over_at=None)
    moved += supersede(transaction, episodes_of(taken))
    return MoveResult(tuple(moved), lanes=woken)


def withhold(transaction: Transaction, lane: str) -> MoveResult:
    """Cancel what waited when its lane went into shadow, or was handed to it after that."""
    return _give_up(transaction, [held_of(row) for row in transaction.rows(_IN_LANE, lane=lane)], Why.SHADOW)


def curtail(transaction: Transaction, lane: str, spared: Band | None) -> MoveResult:
    """Cancel what may not be paid for any more today. What falls due later may fall into another day."""
    floor = ABOVE_ALL if spared is None else FLOOR[spared]
    due = transaction.rows(_DUE_IN_LANE, lane=lane, spared=floor, now=transaction.now)
    return _give_up(transaction, [held_of(row) for row in due], Why.SPEND_CAP)


def _give_up(transaction: Transaction, pending: Sequence[Held], why: Why) -> MoveResult:
    moved = put(transaction, [one.delivery for one in pending], DeliveryState.CANCELLED, why)
    taken, woken = take_over(transaction, pending)
    moved += supersede(transaction, episodes_of(taken))
    return MoveResult(tuple(moved), lanes=woken)


def take_over(
    transaction: Transaction, failed: Sequence[Held], shadow: frozenset[Target] = frozenset()
) -> tuple[list[tuple[Held, int | None]], frozenset[str]]:
    """Hand failed deliveries to their fallbacks.

    Returns those for which somebody else tells the alert now (of a list, which of its people, by their bits), and the
    lanes that got a new delivery for it. A target in `shadow` tells nobody. The oldest alerts go first: in this order
    they are claimed there. What newer alerts have overtaken there is left to `supersede`, once the failed have moved.
    """
    handing_on = sorted(
        (one for one in failed if one.fallback is not None), key=lambda one: (one.alert, one.delivery.key)
    )
    if not handing_on:
        return [], frozenset()
    relay = _Relay(transaction, handing_on, shadow)
    taken: list[tuple[Held, int | None]] = []
    for one in handing_on:
        if one.shard is not None:
            taken.append((one, relay.pass_on_people(one, one.shard)))
        elif relay.pass_on(one):
            taken.append((one, None))
    relay.write()
    return [(one, bits) for one, bits in taken if bits != 0], frozenset(relay.lanes)


def episodes_of(taken: Sequence[tuple[Held, int | None]]) -> set[int]:
    """Where something new may wait since then."""
    return {one.episode for one, _ in taken if one.episode is not None}


class _Relay:
    def __init__(self, transaction: Transaction, failed: Sequence[Held], shadow: frozenset[Target]) -> None:
        siblings = transaction.rows(_SIBLINGS, alerts=sorted({one.alert for one in failed}))
        self._transaction = transaction
        self._states = {(row.alert, target_of(row.target)): DeliveryState(row.state) for row in siblings}
        self._resting = shadow.union(target_of(row.target) for row in transaction.rows(_RESTING))
        self._stream = Stream(transaction)
        self._rows: list[tuple[object, ...]] = []
        self._people = Handover(transaction, self._stream)
        self.lanes: set[str] = set()

    def pass_on(self, failed: Held) -> bool:
        return any(self._takes(plan, failed) for plan in self._ways(failed))

    def pass_on_people(self, failed: Held, shard: Shard) -> int:
        """Which of them are told by somebody else: each person by the first way that there is for this one."""
        if failed.closed:
            return 0
        left = self._people.owners(shard)
        for plan in self._ways(failed):
            if not left:
                break
            people = set(left.values())
            if plan.people is not None:
                told = self._people.tell(plan, failed, people, can_take=self._can_take(plan))
            else:
                told = people if self._told_by(plan, failed) else set()
            left = {slot: contact for slot, contact in left.items() if contact not in told}
        return shard.bits & ~shard.within(audience_of(left))

    def write(self) -> None:
        rows = self._people.rows()
        self.lanes |= self._people.lanes
        self._transaction.insert(deliveries, [*self._rows, *rows])
        self._stream.save()

    def _ways(self, failed: Held) -> Iterator[Plan]:
        """Its fallbacks in turn, each with those behind it; none once its product is sold out."""
        plans: tuple[Plan, ...] = ()
        if not failed.closed and failed.fallback is not None:
            plans = unpacked(failed.fallback, failed.delivery.expires_at, self._transaction.now)
        for tried, plan in enumerate(plans, start=1):
            yield replace(plan, fallback=plans[tried:], route=failed.delivery.route)

    def _takes(self, plan: Plan, failed: Held) -> bool:
        if plan.people is not None:
            return self._can_take(plan) and self._people.tell_all(plan, failed)
        return self._told_by(plan, failed)

    def _told_by(self, plan: Plan, failed: Held) -> bool:
        """By a target that is no list: from now on, or already."""
        state = self._states.get((failed.alert, plan.target))
        if state is None and self._can_take(plan):
            self._add(plan, failed)
            return True
        return state is not None and state not in NOT_REACHED

    def _can_take(self, plan: Plan) -> bool:
        return plan.target not in self._resting and plan.expires_at > self._transaction.now

    def _add(self, plan: Plan, failed: Held) -> None:
        priority = failed.delivery.priority
        row = delivery_row(
            self._transaction,
            self._stream.next_delivery(),
            plan,
            alert=failed.alert,
            priority=priority,
            episode=failed.episode,
        )
        self._rows.append(row)
        self._states[failed.alert, plan.target] = DeliveryState.PENDING
        self.lanes.add(plan.lane)


def refuse(transaction: Transaction, unwanted: Sequence[Held]) -> tuple[list[Delivery], frozenset[str]]:
    """Refuse deliveries whose target rests, and hand them on."""
    moved = put(transaction, [one.delivery for one in unwanted], DeliveryState.REFUSED, Why.NO_TARGET)
    taken, woken = take_over(transaction, unwanted)
    return moved + supersede(transaction, episodes_of(taken)), woken
