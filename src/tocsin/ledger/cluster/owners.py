"""A lane has one owner at most. Its fence grows with every change of it, and is looked at by every claim."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from tocsin.ledger.cluster.schema import lane_owners, nodes
from tocsin.ledger.contract import Hold, OwnerRow
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.transaction import Transaction

_AMONG = among(lane_owners.c.lane, "lanes")
_HELD_BY = lane_owners.c.node == bindparam("holder")
_GROWN = lane_owners.c.fence + 1

_ALL = select(lane_owners).order_by(lane_owners.c.lane)
_NEW = insert(lane_owners).on_conflict_do_nothing()
# Always in the order of their names: two nodes that change the same lanes wait for each other, and never in a circle.
_LOCKED = select(lane_owners.c.lane).order_by(lane_owners.c.lane).with_for_update()
_FREE = _LOCKED.where(_AMONG, lane_owners.c.node.is_(None))
_OWNED = _LOCKED.where(_AMONG, lane_owners.c.node.is_not(None))
_HIS = _LOCKED.where(_HELD_BY)
_TAKE = (
    update(lane_owners)
    .where(_AMONG, lane_owners.c.node.is_(None))
    .values(node=bindparam("to"), wanted_by=None, fence=_GROWN)
    .returning(lane_owners.c.lane, lane_owners.c.fence)
)
_WANT = update(lane_owners).where(_AMONG, lane_owners.c.node.is_not(None)).values(wanted_by=bindparam("who"))
_GIVE = (
    update(lane_owners)
    .where(lane_owners.c.lane == bindparam("of"), _HELD_BY)
    .values(node=bindparam("to"), wanted_by=None, fence=_GROWN)
)
_FREE_ALL = update(lane_owners).where(_HELD_BY).values(node=None, wanted_by=None, fence=_GROWN)
_THERE = (
    select(nodes.c.id).where(among(nodes.c.id, "nodes")).order_by(nodes.c.id).with_for_update(read=True, key_share=True)
)
# Shared, so that claims wait for no claim: only for who changes the owner, and he for them.
_HOLDS = (
    select(lane_owners.c.lane, lane_owners.c.node, lane_owners.c.fence)
    .where(_AMONG)
    .order_by(lane_owners.c.lane)
    .with_for_update(read=True)
)


def listed(connection: Connection) -> tuple[OwnerRow, ...]:
    return tuple(OwnerRow(row.lane, row.node, row.fence, row.wanted_by) for row in connection.execute(_ALL))


def take(transaction: Transaction, node: str, lanes: Collection[str]) -> Mapping[str, int]:
    """Who is not there any more, buried a moment ago, owns nothing."""
    if not _there(transaction, [node]):
        return {}
    names = sorted(lanes)
    transaction.write_each(_NEW, [{"lane": name, "fence": 0} for name in names])
    free = [row.lane for row in transaction.rows(_FREE, lanes=names)]
    return {row.lane: row.fence for row in transaction.rows(_TAKE, lanes=free, to=node)} if free else {}


def want(transaction: Transaction, node: str, lanes: Collection[str]) -> None:
    owned = [row.lane for row in transaction.rows(_OWNED, lanes=sorted(lanes))]
    transaction.write(_WANT, lanes=owned, who=node)


def give(transaction: Transaction, node: str, lanes: Mapping[str, str | None]) -> None:
    """What was to go to a node that has gone is free."""
    there = _there(transaction, [to for to in lanes.values() if to is not None])
    given = {lane: to if to in there else None for lane, to in lanes.items()}
    transaction.write_each(_GIVE, [{"of": lane, "holder": node, "to": given[lane]} for lane in sorted(given)])


def free_all(transaction: Transaction, node: str) -> None:
    transaction.rows(_HIS, holder=node)
    transaction.write(_FREE_ALL, holder=node)


def held(transaction: Transaction, holds: Mapping[str, Hold]) -> frozenset[str]:
    """Those of these lanes that are still held so; they stay that until the end of the transaction."""
    if not holds:
        return frozenset()
    rows = transaction.rows(_HOLDS, lanes=sorted(holds))
    return frozenset(row.lane for row in rows if holds[row.lane] == (row.node, row.fence))


def _there(transaction: Transaction, ids: Collection[str]) -> frozenset[str]:
    """Those of these nodes that are there, and are not buried before this transaction ends."""
    return frozenset(row.id for row in transaction.rows(_THERE, nodes=sorted(set(ids)))) if ids else frozenset()
