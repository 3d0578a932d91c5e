"""What was spent since a moment: by what providers have taken, and by what may have reached them."""

from datetime import datetime

from sqlalchemy import Connection, or_, select

from tocsin.core.delivery import DeliveryState
from tocsin.ledger.contract import SpentRow
from tocsin.ledger.engine.rows import cost_of
from tocsin.ledger.engine.schema import attempt_members, attempts, deliveries, in_any, receipts
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.people.schema import addresses

_IN_DOUBT = in_any((DeliveryState.UNKNOWN, DeliveryState.POSSIBLY_SENT))
_COLUMNS = (
    deliveries.c.key,
    deliveries.c.lane,
    attempts.c.started_at,
    attempts.c.units,
    receipts.c.reference,
    receipts.c.units.label("counted"),
    receipts.c.cost,
    receipts.c.currency,
    addresses.c.contact,
)
# The newest attempt of each delivery alone: its receipt is that one's.
_SPENT = (
    select(*_COLUMNS)
    .select_from(attempts)
    .join(attempt_members, attempt_members.c.attempt == attempts.c.key)
    .join(deliveries, (deliveries.c.key == attempt_members.c.delivery) & (deliveries.c.attempt == attempts.c.key))
    .outerjoin(receipts, receipts.c.delivery == deliveries.c.key)
    .outerjoin(addresses, addresses.c.key == deliveries.c.slot)
    .where(or_(receipts.c.delivery.is_not(None), _IN_DOUBT))
    .order_by(deliveries.c.key)
)


def since(connection: Connection, moment: datetime, lanes: frozenset[str]) -> tuple[SpentRow, ...]:
    where = (attempts.c.started_at >= moment, attempts.c.lane.in_(sorted(lanes)))
    return tuple(map(_row, connection.execute(_SPENT.where(*where))))


def _row(row: AnyRow) -> SpentRow:
    return SpentRow(
        delivery=row.key,
        lane=row.lane,
        at=row.started_at,
        units=row.counted or row.units or 1,
        cost=cost_of(row),
        reference=row.reference,
        contact=row.contact,
    )
