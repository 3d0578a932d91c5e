"""Punctuality is counted minute by minute: how many deliveries ended lately, and how many of those too late or in vain.

`rules.objective.told_in_time` says in words what counts; here it is said to a database.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, bindparam, case, func, or_, select, type_coerce

from tocsin.core.alert import id_of_key
from tocsin.core.clock import from_micros
from tocsin.core.decision import Reason
from tocsin.core.delivery import TAKEN, WENT_WRONG, DeliveryState, Why
from tocsin.ledger.contract import EndedRow
from tocsin.ledger.engine.rows import target_of
from tocsin.ledger.engine.schema import GATHERED, alerts, attempts, deliveries, in_any, in_state

MOST = 100_000  # deliveries read: a burst beyond that says enough
_MINUTE = 60_000_000  # microseconds

SENT = in_any(TAKEN)
_DEAD_TARGET = and_(in_state(DeliveryState.REFUSED), deliveries.c.why == Why.NO_TARGET.value)
_NEVER_ALIVE = and_(deliveries.c.attempts == 0, deliveries.c.moved_at == deliveries.c.planned_at)
_LEAVING = in_any((DeliveryState.SENDING, DeliveryState.UNKNOWN))
_LEFT_BEFORE = deliveries.c.attempts - case((or_(SENT, _LEAVING), 1), else_=0)
TESTED = alerts.c.reason == Reason.TEST.value
BY_WISH = or_(GATHERED, and_(_LEFT_BEFORE == 0, deliveries.c.due > deliveries.c.planned_at))
NOBODY_WAITED = or_(TESTED, _DEAD_TARGET, _NEVER_ALIVE, BY_WISH)


def micros(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    return type_coerce(moment, BigInteger)


BEGAN = case(
    (alerts.c.detected_at < alerts.c.accepted_at, micros(alerts.c.detected_at)), else_=micros(alerts.c.accepted_at)
)
# What the provider reported later does not make it late.
_ENDED = case((in_state(DeliveryState.DELIVERED), micros(attempts.c.finished_at)), else_=micros(deliveries.c.moved_at))
_took = _ENDED - BEGAN
_MISSED = case((and_(SENT, _took <= bindparam("within", type_=BigInteger)), 0), else_=1)

# Alerts are named by the time of their acceptance, so that their names are an index of it.
LATELY = (
    select(deliveries.c.target, (_ENDED // _MINUTE).label("minute"), _MISSED.label("missed"), deliveries.c.people)
    .select_from(alerts)
    .join(deliveries, deliveries.c.alert == alerts.c.key)
    .outerjoin(attempts, attempts.c.key == deliveries.c.attempt)
    .where(alerts.c.id >= bindparam("oldest"), or_(SENT, in_any(WENT_WRONG)), ~NOBODY_WAITED)
    .order_by(alerts.c.id.desc())
    .limit(bindparam("most"))
)
_EACH = LATELY.subquery()
_BY_MINUTE = select(
    _EACH.c.target,
    _EACH.c.minute,
    func.sum(_EACH.c.people).label("ended"),
    func.sum(_EACH.c.missed * _EACH.c.people).label("missed"),
).group_by(_EACH.c.target, _EACH.c.minute)


def ended(connection: Connection, since: datetime, within: timedelta) -> tuple[EndedRow, ...]:
    rows = connection.execute(
        _BY_MINUTE, {"oldest": id_of_key(since, 0), "within": within // timedelta(microseconds=1), "most": MOST}
    )
    counts: defaultdict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        count = counts[target_of(row.target).channel, row.minute]
        count[0] += int(row.ended)
        count[1] += int(row.missed)
    return tuple(
        EndedRow(channel=channel, minute=from_micros(minute * _MINUTE), ended=both[0], missed=both[1])
        for (channel, minute), both in sorted(counts.items())
    )
