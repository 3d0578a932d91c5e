"""A newer alert of an episode supersedes what waits with an older one, for one target or one person of a list. Which is
newer, the alerts say: a delivery that took over from another was made later than its alert.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import groupby

from sqlalchemy import bindparam, case, func, select

from tocsin.core.delivery import NOT_REACHED, TAKEN, Delivery, DeliveryState, Why
from tocsin.core.recipients import Shard
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import held_of
from tocsin.ledger.engine.schema import IS_SET, PENDING, alerts, deliveries, in_any
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue import sets
from tocsin.ledger.queue.moves import DELIVERIES, put

_NAMES = ("key", "alert", "episode", "target", "why", "slot", "recipients")
_WAITING = select(*(deliveries.c[name] for name in _NAMES)).where(PENDING, among(deliveries.c.episode, "episodes"))
_PLACE = (deliveries.c.episode, deliveries.c.target, deliveries.c.slot)
_TOLD = (
    select(*_PLACE, func.max(deliveries.c.alert).label("told"))
    .add_columns(func.max(case((in_any(TAKEN), deliveries.c.alert))).label("taken"))
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(among(alerts.c.episode, "episodes"), alerts.c.key > bindparam("oldest"))
    .where(~IS_SET, ~in_any(NOT_REACHED))
    .group_by(*_PLACE)
)
# What another node is claiming at this instant is on its way: it cannot be superseded any more.
_LATE = DELIVERIES.where(PENDING, among(deliveries.c.key, "keys")).with_for_update(of=deliveries, skip_locked=True)

MAYBE_THERE = frozenset((Why.RESENT.value, Why.NOT_FOUND.value))  # why what waits to be sent again may have arrived


def supersede(transaction: Transaction, episodes: Collection[int], asked: Collection[int] = ()) -> list[Delivery]:
    """Cancel what a newer alert of these episodes has overtaken: one that waits at the same place; for what took over
    from another target just now one that was told there, too; and for what may have arrived, and would be sent again,
    one that a provider has taken: on a phone it would take the place of the newer one. What an operator wants sent
    again stays, unless it is `asked` for (by key) only now.
    """
    waiting = transaction.rows(_WAITING, episodes=sorted(episodes)) if episodes else []
    late = _overtaken(waiting, asked)
    for key, bits in _told_already(transaction, waiting).items():
        late[key] = late.get(key, 0) | bits
    found = [held_of(row) for row in transaction.rows(_LATE, keys=sorted(late))] if late else []
    parts = [sets.split_off_alone(transaction, held, late[held.delivery.key]) for held in found]
    gone = [part.delivery for part in parts if part is not None]
    return put(transaction, gone, DeliveryState.CANCELLED, Why.SUPERSEDED)


def _overtaken(waiting: Sequence[AnyRow], asked: Collection[int]) -> dict[int, int]:
    """By their keys: who has a newer one, as bits of a shard."""
    late: dict[int, int] = {}
    newer: defaultdict[tuple[int, str, int], int] = defaultdict(int)
    newest_first = sorted(waiting, key=lambda row: row.alert, reverse=True)
    for _, of_one_alert in groupby(newest_first, key=lambda row: row.alert):
        shards = [(row, sets.shard_of(row)) for row in of_one_alert]
        for row, shard in shards:
            bits = newer[row.episode, row.target, shard.number]
            if shard.bits & bits and (row.why != Why.RETRIED or row.key in asked):
                late[row.key] = bits
        for row, shard in shards:
            newer[row.episode, row.target, shard.number] |= shard.bits
    return late


def _told_already(transaction: Transaction, waiting: Sequence[AnyRow]) -> dict[int, int]:
    """The same of what has never left, where a newer one did or is under way, and of what may have arrived, where a
    newer one did.
    """
    found = [row for row in waiting if row.why is None or row.why in MAYBE_THERE]
    if not found:
        return {}
    episodes, oldest = sorted({row.episode for row in found}), min(row.alert for row in found)
    told: defaultdict[tuple[int, str], list[AnyRow]] = defaultdict(list)
    for row in transaction.rows(_TOLD, episodes=episodes, oldest=oldest):
        told[row.episode, row.target].append(row)
    late = {row.key: _newer_bits(row, told[row.episode, row.target]) for row in found}
    return {key: bits for key, bits in late.items() if bits}


def _newer_bits(row: AnyRow, told: Sequence[AnyRow]) -> int:
    """Who of those that a row is for was told of a newer alert, as bits of its shard."""
    shard, bits = sets.shard_of(row), 0
    for one in told:
        newest, place = one.told if row.why is None else one.taken, Shard.of(one.slot)
        if newest is not None and newest > row.alert and place.number == shard.number:
            bits |= place.bits
    return bits & shard.bits
