"""Messages that stand at providers and show something else than they should: sold out, and still shown as in stock."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sqlalchemy import Connection, bindparam, select, update

from tocsin.core.record import AlertRecord
from tocsin.ledger.among import among
from tocsin.ledger.contract import StandingMessage
from tocsin.ledger.rows import DELIVERY, RECORD, delivery_of, record_of, target_of
from tocsin.ledger.schema import EDIT_DUE, alerts, deliveries, messages
from tocsin.ledger.transaction import AnyRow, Transaction

_SHOW = update(messages).where(among(messages.c.delivery, "keys")).values(shown=bindparam("word"))


def due(connection: Connection, lanes: frozenset[str], limit: int) -> tuple[StandingMessage, ...]:
    """Whole messages, the longest standing first: the members of one are edited together."""
    which = (
        select(messages.c.reference)
        .join(deliveries, deliveries.c.key == messages.c.delivery)
        .where(EDIT_DUE, deliveries.c.lane.in_(sorted(lanes)))
        .group_by(messages.c.reference)
        .order_by(messages.c.reference)
        .limit(limit)
    )
    rows = connection.execute(
        select(messages.c.reference, deliveries.c.target, deliveries.c.lane, *DELIVERY, *RECORD)
        .select_from(messages)
        .join(deliveries, deliveries.c.key == messages.c.delivery)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .where(messages.c.reference.in_(which.scalar_subquery()), deliveries.c.lane.in_(sorted(lanes)))
        .order_by(messages.c.reference, deliveries.c.target, deliveries.c.priority.desc(), deliveries.c.key)
    )
    return tuple(_message(list(members)) for _, members in groupby(rows, key=lambda row: (row[0], row[1])))


def note_shown(transaction: Transaction, members: Sequence[tuple[int, AlertRecord]]) -> None:
    """What an edit has shown of each delivery's alert is what stands there now."""
    words: Mapping[str, list[int]] = {"open": [], "closed": []}
    for key, record in members:
        words["open" if record.closed_at is None else "closed"].append(key)
    for word, keys in words.items():
        if keys:
            transaction.write(_SHOW, keys=keys, word=word)


def _message(rows: Sequence[AnyRow]) -> StandingMessage:
    reference, target, lane = rows[0][:3]
    cut = 3 + len(DELIVERY)
    return StandingMessage(
        target=target_of(target),
        lane=lane,
        reference=reference,
        members=tuple((delivery_of(row[3:cut]), record_of(row[cut:])) for row in rows),
    )
