"""A glance costs one row, and where deliveries are new their lanes: keys of deliveries follow the order of commits."""

from sqlalchemy import Connection, bindparam, select

from tocsin.ledger.contract import Glance
from tocsin.ledger.engine.schema import PENDING, deliveries, stream
from tocsin.ledger.engine.versions import versions

_NEWEST = select(stream.c.delivery_key)
_LANES = select(deliveries.c.lane).where(PENDING, deliveries.c.key > bindparam("newest")).distinct()


def glance(connection: Connection, newest: int | None) -> Glance:
    """The row is read first: what is committed in between is seen once more by the next."""
    with connection.begin():
        known = versions(connection)
        last = connection.scalar(_NEWEST) or 0
        fresh = newest is not None and last > newest
        lanes = connection.scalars(_LANES, {"newest": newest}).all() if fresh else ()
        return Glance(known, last, frozenset(lanes))
