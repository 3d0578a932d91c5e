"""A lease lets a node count as alive for a while; whoever let it end is buried by the others, with what it left."""

from datetime import timedelta

from sqlalchemy import BigInteger, Connection, bindparam, delete, insert, literal_column, select, update

from tocsin.core.clock import from_micros
from tocsin.ledger.cluster import owners
from tocsin.ledger.cluster.schema import nodes
from tocsin.ledger.contract import MoveResult, Node, NodeRow, View
from tocsin.ledger.engine.connections import DATABASE_NOW
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.queue import expiry

_MICROSECOND = timedelta(microseconds=1)
# The instant itself, not that of the transaction's begin: a lease is as long as was said.
_NOW = literal_column(DATABASE_NOW, BigInteger)
_UNTIL = _NOW + bindparam("lease", type_=BigInteger)
_ME = nodes.c.id == bindparam("of")

_ENTER = insert(nodes).values(started_at=_NOW, lease_until=_UNTIL)
_EXTEND = update(nodes).where(_ME).values(lease_until=_UNTIL)
_RETIRE = update(nodes).where(_ME).values(leaving=True)
_DESCRIBE = update(nodes).where(_ME)
_DEAD = select(nodes.c.id).where(_ME, nodes.c.lease_until < _NOW).with_for_update(skip_locked=True)
_MINE = select(nodes.c.id).where(_ME).with_for_update()
_FORGET = delete(nodes).where(_ME)
_ALL = select(nodes, _NOW.label("now")).order_by(nodes.c.started_at, nodes.c.id)
_CLOCK = select(_NOW)


def enter(transaction: Transaction, node: Node, lease: timedelta) -> MoveResult:
    """Begin to count as alive, and put in doubt what was sent by nobody's attempt: no process that does not know of
    nodes has this ledger open now.
    """
    transaction.write(
        _ENTER,
        id=node.id,
        name=node.name,
        version=node.version,
        config_digest=node.config_digest,
        leaving=False,
        lease=lease // _MICROSECOND,
    )
    return expiry.recover_nobodys(transaction)


def extend(connection: Connection, node: str, lease: timedelta) -> View | None:
    """Write and read in one go: what is seen is as young as the lease."""
    with connection.begin():
        if connection.execute(_EXTEND, {"of": node, "lease": lease // _MICROSECOND}).rowcount == 0:
            return None
        return view(connection)


def view(connection: Connection) -> View:
    rows = connection.execute(_ALL).all()
    now = from_micros(rows[0].now if rows else connection.scalar(_CLOCK) or 0)
    return View(
        nodes=tuple(
            NodeRow(
                node=Node(id=row.id, name=row.name, version=row.version, config_digest=row.config_digest),
                started_at=row.started_at,
                lease_left=row.lease_until - now,
                leaving=row.leaving,
            )
            for row in rows
        ),
        owners=owners.listed(connection),
        now=now,
    )


def describe(transaction: Transaction, node: str, config_digest: str) -> None:
    transaction.write(_DESCRIBE, of=node, config_digest=config_digest)


def retire(transaction: Transaction, node: str) -> None:
    transaction.write(_RETIRE, of=node)


def bury(transaction: Transaction, node: str) -> MoveResult | None:
    """Its lanes are freed before its attempts are put in doubt: a claim of its own that is on its way is waited for,
    and is among them; a later one finds another fence.
    """
    if transaction.row(_DEAD, of=node) is None:
        return None
    return _end(transaction, node)


def leave(transaction: Transaction, node: str) -> MoveResult:
    transaction.row(_MINE, of=node)
    return _end(transaction, node)


def _end(transaction: Transaction, node: str) -> MoveResult:
    owners.free_all(transaction, node)
    left = expiry.recover(transaction, node)
    transaction.write(_FORGET, of=node)
    return left
