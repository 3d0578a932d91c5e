"""A newer alert of an episode supersedes what waits with an older one, for one target or one person of a list. Which is
newer, the alerts say: a delivery that took over from another was made later than its alert.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import groupby

from sqlalchemy import bindparam, func, select

from tocsin.core.delivery import NOT_REACHED, Delivery, DeliveryState, Why
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import held_of
from tocsin.ledger.engine.schema import OF_NOBODY, PENDING, alerts, deliveries, in_any
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue import sets
from tocsin.ledger.queue.moves import DELIVERIES, put

_NAMES = ("key", "alert", "episode", "target", "why", "slot", "recipients")
_WAITING = select(*(deliveries.c[name] for name in _NAMES)).where(PENDING, among(deliveries.c.episode, "episodes"))
_TOLD = (
    select(deliveries.c.episode, deliveries.c.target, func.max(deliveries.c.alert))
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(among(alerts.c.episode, "episodes"), alerts.c.key > bindparam("oldest"))
    .where(OF_NOBODY, ~in_any(NOT_REACHED))
    .group_by(deliveries.c.episode, deliveries.c.target)
)
# What another node is claiming at this instant is on its way: it cannot be superseded any more.
_LATE = DELIVERIES.where(PENDING, among(deliveries.c.key, "keys")).with_for_update(of=deliveries, skip_locked=True)


def supersede(transaction: Transaction, episodes: Collection[int], asked: Collection[int] = ()) -> list[Delivery]:
    """Cancel what a newer alert of these episodes has overtaken: one that waits at the same place, and for what took
    over from another target just now one that was told there, too. What an operator wants sent again stays, unless it
    is `asked` for (by key) only now.
    """
    waiting = transaction.rows(_WAITING, episodes=sorted(episodes)) if episodes else []
    late = _overtaken(waiting, asked) | _told_already(transaction, waiting)
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
    """The same of what has never left, where a newer one did, or is under way: of targets that are no lists."""
    fresh = [row for row in waiting if row.why is None and row.slot == 0]
    if not fresh:
        return {}
    episodes, oldest = sorted({row.episode for row in fresh}), min(row.alert for row in fresh)
    rows = transaction.rows(_TOLD, episodes=episodes, oldest=oldest)
    newest = {(episode, target): alert for episode, target, alert in rows}
    late = [row for row in fresh if newest.get((row.episode, row.target), 0) > row.alert]
    return {row.key: sets.shard_of(row).bits for row in late}
