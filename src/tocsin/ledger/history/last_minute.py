"""The last minute is read for the figures of a service that has just started, with who waits now."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, literal, or_, select, union_all

from tocsin.core.alert import Band, id_of_key
from tocsin.core.clock import from_micros
from tocsin.core.decision import Decision
from tocsin.core.delivery import UNDER_WAY, DeliveryState
from tocsin.ledger.contract import MOST_WAITING, Past, WaitingRow
from tocsin.ledger.engine.schema import alerts, attempt_members, attempts, deliveries, in_state
from tocsin.ledger.history.punctuality import BEGAN, BY_WISH, NOBODY_WAITED, SENT, TESTED, micros

LONGEST_REQUEST = timedelta(minutes=1)  # what ended in a minute began no earlier than this before it
_SECOND, _TENTH, _HUNDREDTH, _THOUSANDTH = 1_000_000, 100_000, 10_000, 1000  # microseconds

_ACCEPTED = micros(alerts.c.accepted_at)


def _waiting_in(state: DeliveryState) -> Select[*tuple[Any, ...]]:
    """From the index that holds nobody but who waits: it is small however many alerts come and go."""
    found = (
        select(
            (_ACCEPTED // _TENTH).label("accepted"),
            ((_ACCEPTED - BEGAN) // _TENTH).label("late"),
            deliveries.c.priority,
            literal(int(state is DeliveryState.PENDING)).label("queued"),
            case((or_(TESTED, BY_WISH), 0), else_=1).label("awaited"),
            deliveries.c.people,
        )
        .select_from(deliveries)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .where(in_state(state))
        .order_by(deliveries.c.expires_at)
        .limit(MOST_WAITING)
        .subquery()
    )
    return select(*found.c)


_EACH = union_all(*map(_waiting_in, UNDER_WAY)).subquery()
_ALIKE = [column for column in _EACH.c if column.name != "people"]
WAITING = select(*_ALIKE, func.sum(_EACH.c.people).label("n")).group_by(*_ALIKE)


def _by_second(moment: ColumnElement[int], *others: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    second = moment // _SECOND
    return select(second.label("second"), *others, func.count().label("n")).group_by(second, *others).order_by(second)


# Alerts are named by the time of their acceptance, so that their names are an index of it.
ACCEPTED = _by_second(_ACCEPTED).where(
    alerts.c.id >= bindparam("oldest"), alerts.c.decision == Decision.ACCEPTED.value, ~TESTED
)
_FINISHED = micros(attempts.c.finished_at)
_TOOK = _FINISHED - BEGAN
# As fine as anybody reads it, and few to count.
_TOOK_ABOUT = case((_TOOK < _TENTH, _TOOK // _THOUSANDTH * _THOUSANDTH), else_=_TOOK // _HUNDREDTH * _HUNDREDTH)
_RECENT = select(attempts.c.key).where(attempts.c.started_at >= bindparam("started"))
_CARRIED = select(attempt_members.c.delivery).where(attempt_members.c.attempt.in_(_RECENT))
TOLD = (
    _by_second(_FINISHED, _TOOK_ABOUT.label("took"))
    .select_from(deliveries)
    .join(attempts, attempts.c.key == deliveries.c.attempt)
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(deliveries.c.key.in_(_CARRIED), attempts.c.finished_at >= bindparam("since"), SENT, ~NOBODY_WAITED)
)


def waiting(connection: Connection) -> tuple[WaitingRow, ...]:
    return tuple(
        WaitingRow(
            accepted_at=from_micros(row.accepted * _TENTH),
            late=timedelta(microseconds=row.late * _TENTH),
            band=Band.of(row.priority),
            queued=bool(row.queued),
            awaited=bool(row.awaited),
            count=int(row.n),
        )
        for row in connection.execute(WAITING)
    )


def happened(connection: Connection, since: datetime) -> Past:
    accepted = connection.execute(ACCEPTED, {"oldest": id_of_key(since, 0)})
    told = connection.execute(TOLD, {"since": since, "started": since - LONGEST_REQUEST})
    return Past(
        accepted=tuple((from_micros(row.second * _SECOND), row.n) for row in accepted),
        sent=tuple((from_micros(row.second * _SECOND), _span(row.took), row.n) for row in told),
    )


def _span(took: int) -> timedelta:
    """Never negative: the wall clock may have been set back in between."""
    return max(timedelta(0), timedelta(microseconds=took))
