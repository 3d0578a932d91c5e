"""What is counted as what, said to a database: the same conditions make the figures, and list what a figure counts.

A delivery belongs to the hour in which its alert was accepted, whenever it ends. Tests by operators are counted
nowhere.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tocsin.core.alert import FLOOR
from tocsin.core.analytics import Dimension
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.response_time import STEPS_MS
from tocsin.ledger.engine.schema import (
    alerts,
    attempt_members,
    attempts,
    deliveries,
    in_any,
    in_state,
    receipts,
)
from tocsin.ledger.history.punctuality import BEGAN, BY_WISH, SENT, TESTED, micros

_S = DeliveryState


class channel_of(FunctionElement[str]):  # noqa: N801 - used as a function of the database
    """The channel of a target."""

    name = "channel_of"
    inherit_cache = True


@compiles(channel_of, "sqlite")
def _on_sqlite(element: channel_of, compiler: SQLCompiler, **how: Any) -> str:
    (target,) = (compiler.process(clause, **how) for clause in element.clauses)
    return f"substr({target}, 1, instr({target}, ':') - 1)"


@compiles(channel_of, "postgresql")
def _on_postgresql(element: channel_of, compiler: SQLCompiler, **how: Any) -> str:
    (target,) = (compiler.process(clause, **how) for clause in element.clauses)
    return f"split_part({target}, ':', 1)"


OF_ALERT: Mapping[Dimension, ColumnElement[str]] = {
    Dimension.ALL: literal(""),
    Dimension.RETAILER: alerts.c.retailer,
    Dimension.PRODUCT: alerts.c.retailer + ":" + alerts.c.sku,
    Dimension.TYPE: alerts.c.type,
    Dimension.BAND: case(*((alerts.c.priority >= floor, literal(band.value)) for band, floor in FLOOR.items())),
}
OF_TARGET: Mapping[Dimension, ColumnElement[str]] = {
    Dimension.CHANNEL: channel_of(deliveries.c.target),
    Dimension.LIST: deliveries.c.target,
}
DIMENSIONS: Mapping[Dimension, ColumnElement[str]] = {**OF_ALERT, **OF_TARGET}

# An alert is named before it is accepted, at most so long: its commit may wait.
NAMED_BEFORE = timedelta(minutes=2)
NOW = bindparam("now", type_=BigInteger)
_SECOND = 1_000_000

_MOVED = micros(deliveries.c.moved_at)
# When its provider took it. What was found later, and what has a receipt, has moved since.
ANSWERED = case((in_state(_S.DELIVERED), func.coalesce(micros(attempts.c.finished_at), _MOVED)), else_=_MOVED)
_IN_TIME = micros(deliveries.c.expires_at) >= ANSWERED
_CANCELLED = in_state(_S.CANCELLED)
_HANDED_ON = deliveries.c.why == Why.FAILED_OVER.value
_UNDER_WAY = in_any((_S.PENDING, _S.SENDING))
# Its life was over before it began: it came too late to be wanted there.
_STILLBORN = and_(in_state(_S.EXPIRED), deliveries.c.attempts == 0, deliveries.c.moved_at == deliveries.c.planned_at)

ACCEPTED = and_(SENT, _IN_TIME)
NOT_SENT = or_(and_(_CANCELLED, ~_HANDED_ON), _STILLBORN)
FIGURES: Mapping[str, ColumnElement[bool]] = {
    "accepted": ACCEPTED,
    "late": and_(SENT, ~_IN_TIME),
    "confirmed": and_(ACCEPTED, in_state(_S.DELIVERED)),
    "receiptable": and_(ACCEPTED, or_(in_state(_S.DELIVERED), receipts.c.delivery.is_not(None))),
    "failed": in_state(_S.REFUSED),
    "expired": and_(in_state(_S.EXPIRED), ~_STILLBORN),
    "failed_over": and_(_CANCELLED, _HANDED_ON),
    "possibly_sent": in_state(_S.POSSIBLY_SENT),
    "doubtful": in_state(_S.UNKNOWN),
    "waiting": _UNDER_WAY,
    "repeated": and_(ACCEPTED, deliveries.c.possibly_repeated),
}
IS_DUE = and_(~and_(_CANCELLED, ~_HANDED_ON), ~_STILLBORN)
# What quiet hours held, and an operator sent again, was late by wish. Who waits counts once it has been too long.
TIMED = and_(IS_DUE, ~BY_WISH, or_(~_UNDER_WAY, NOW - _SECOND > BEGAN))
TOLD = and_(TIMED, SENT)

TOOK = ANSWERED - BEGAN
STEP = case(*((end * 1000 >= TOOK, literal(number)) for number, end in enumerate(STEPS_MS)), else_=len(STEPS_MS))
WITHIN_A_SECOND = and_(TOLD, TOOK <= _SECOND)
OVER_A_SECOND = and_(TIMED, ~WITHIN_A_SECOND)

_first = attempts.alias("first")
# The newest attempt is the first where there was one alone.
FIRST_LEFT = case(
    (
        deliveries.c.attempts > 1,
        select(func.min(type_coerce(_first.c.started_at, BigInteger)))
        .join(attempt_members, attempt_members.c.attempt == _first.c.key)
        .where(attempt_members.c.delivery == deliveries.c.key)
        .scalar_subquery(),
    ),
    else_=micros(attempts.c.started_at),
)
ARRIVED = micros(alerts.c.accepted_at) - BEGAN
QUEUED = FIRST_LEFT - micros(alerts.c.accepted_at)
ANSWERED_AFTER = ANSWERED - FIRST_LEFT
RECEIVED_AFTER = _MOVED - ANSWERED

# Failures are told apart by the reason in the ledger, and where their provider said no by the status of its answer.
FAILURE = case(
    (
        and_(deliveries.c.why == Why.REFUSED.value, attempts.c.status.is_not(None)),
        literal("refused ") + cast(attempts.c.status, String),
    ),
    else_=func.coalesce(deliveries.c.why, literal("refused")),
)

TABLES: FromClause = (
    alerts.join(deliveries, deliveries.c.alert == alerts.c.key)
    .outerjoin(attempts, attempts.c.key == deliveries.c.attempt)
    .outerjoin(receipts, receipts.c.delivery == deliveries.c.key)
)
NO_TEST = ~TESTED
