"""Whoever was not reached by one list is told by another: by contact, whichever addresses of that person it has."""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select

from tocsin.core.decision import Plan
from tocsin.core.delivery import NOT_REACHED, DeliveryState, Target
from tocsin.core.recipients import NOBODY, Audience, Shard, audience_of, first_of, slots_of
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import Held
from tocsin.ledger.engine.schema import IS_SET, audiences, deliveries, in_any
from tocsin.ledger.engine.stream import Stream
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.people.schema import addresses
from tocsin.ledger.queue import sets

_AT = (deliveries.c.alert == bindparam("alert"), deliveries.c.target == bindparam("target"))
_OWNERS = select(addresses.c.key, addresses.c.contact).where(among(addresses.c.key, "slots"))
_ADDRESSES = select(addresses.c.key, addresses.c.contact).where(among(addresses.c.contact, "contacts"))
_RESERVE = select(audiences.c.reserve, audiences.c.most).where(
    audiences.c.alert == bindparam("alert"), audiences.c.target == bindparam("target")
)
_SETS = select(deliveries.c.recipients, deliveries.c.state).where(*_AT, IS_SET)
_ROWS = select(deliveries.c.slot, deliveries.c.state).where(*_AT, among(deliveries.c.slot, "slots"))
_MANY = select(func.coalesce(func.sum(deliveries.c.people), 0)).where(*_AT, ~in_any(NOT_REACHED))

Place = tuple[int, Target]  # an alert and a list


@dataclass(slots=True)
class _Reserve:
    """`room`: how many more it may tell; None: all."""

    audience: Audience
    room: int | None
    plan: Plan | None = None
    behind: Held | None = None
    told: Audience = NOBODY  # from now on


@dataclass(slots=True)
class Handover:
    _transaction: Transaction
    _stream: Stream
    _known: dict[Place, _Reserve] = field(default_factory=dict)
    lanes: set[str] = field(default_factory=set)

    def owners(self, shard: Shard) -> dict[int, int]:
        """By slot: whose it is. Somebody who was erased is nobody."""
        rows = self._transaction.rows(_OWNERS, slots=list(shard.slots()))
        return {row.key: row.contact for row in rows}

    def tell(self, plan: Plan, failed: Held, people: set[int], *, can_take: bool) -> set[int]:
        """Which of these people the list tells: from now on, or already."""
        reserve = self._reserve(failed.alert, plan.target)
        slots: defaultdict[int, Audience] = defaultdict(int)
        for row in self._transaction.rows(_ADDRESSES, contacts=sorted(people)):
            slots[row.contact] |= 1 << row.key & reserve.audience
        there, told = self._there(
            failed.alert, plan.target, [slot for each in slots.values() for slot in slots_of(each)]
        )
        reached = set()
        for contact, own in slots.items():
            if own & (told | reserve.told) or (can_take and self._add(plan, failed, reserve, own & ~there)):
                reached.add(contact)
        return reached

    def tell_all(self, plan: Plan, failed: Held) -> bool:
        """Everybody in reserve, for a target that is no list. False where there is nobody."""
        reserve = self._reserve(failed.alert, plan.target)
        there, told = self._there(failed.alert, plan.target, list(slots_of(reserve.audience)))
        fresh = reserve.audience & ~there & ~reserve.told
        if reserve.room is not None:
            fresh = first_of(fresh, reserve.room)
        return self._add(plan, failed, reserve, fresh) or bool(told | reserve.told)

    def rows(self) -> list[tuple[object, ...]]:
        """The sets of all who are told from now on."""
        made: list[tuple[object, ...]] = []
        for (alert, _), reserve in self._known.items():
            if reserve.plan is not None and reserve.behind is not None:
                priority, episode = reserve.behind.delivery.priority, reserve.behind.episode
                made += sets.rows_of(
                    self._transaction,
                    self._stream,
                    reserve.plan,
                    reserve.told,
                    alert=alert,
                    priority=priority,
                    episode=episode,
                )
        return made

    def _add(self, plan: Plan, failed: Held, reserve: _Reserve, fresh: Audience) -> bool:
        if not fresh or (reserve.room is not None and fresh.bit_count() > reserve.room):
            return False
        reserve.told |= fresh
        if reserve.room is not None:
            reserve.room -= fresh.bit_count()
        reserve.plan, reserve.behind = reserve.plan or plan, reserve.behind or failed
        self.lanes.add(plan.lane)
        return True

    def _reserve(self, alert: int, target: Target) -> _Reserve:
        place = (alert, target)
        if place not in self._known:
            row = self._transaction.row(_RESERVE, alert=alert, target=str(target))
            audience, room = NOBODY, None
            if row is not None and row.reserve is not None:
                audience, room = int.from_bytes(row.reserve, "little"), row.most
            if room is not None:
                many = self._transaction.row(_MANY, alert=alert, target=str(target))
                room = max(0, room - int(many[0] if many else 0))
            self._known[place] = _Reserve(audience, room)
        return self._known[place]

    def _there(self, alert: int, target: Target, slots: list[int]) -> tuple[Audience, Audience]:
        """Who of these has the alert at that list already, and who of them may still hear of it there."""
        everybody = told = NOBODY
        for row in self._transaction.rows(_SETS, alert=alert, target=str(target)):
            audience = Shard.unpack(row.recipients).audience
            everybody |= audience
            told |= NOBODY if DeliveryState(row.state) in NOT_REACHED else audience
        rows = self._transaction.rows(_ROWS, alert=alert, target=str(target), slots=slots)
        everybody |= audience_of(row.slot for row in rows)
        told |= audience_of(row.slot for row in rows if DeliveryState(row.state) not in NOT_REACHED)
        return everybody, told
