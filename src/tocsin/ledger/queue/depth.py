"""The depth of a lane is what stands in it now, and what left it lately."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, select

from tocsin.core.alert import Band, id_of_key
from tocsin.core.delivery import DeliveryState
from tocsin.core.recipients import Recipient
from tocsin.ledger.contract import AttemptRow, Claim, LaneRow
from tocsin.ledger.engine.rows import DELIVERY, RECORD, delivery_of, record_of, target_of
from tocsin.ledger.engine.schema import PENDING, alerts, attempts, deliveries, in_any, in_state
from tocsin.ledger.engine.transaction import AnyRow
from tocsin.ledger.queue.message_edits import Reached, joined_by

ATTEMPT = tuple(column for column in attempts.columns if column is not attempts.c.node)

_BEGUN = (attempts.c.key, attempts.c.target, attempts.c.lane, attempts.c.started_at, attempts.c.node)
_UNKNOWN = in_state(DeliveryState.UNKNOWN)
_UNDER_WAY = in_any((DeliveryState.SENDING, DeliveryState.UNKNOWN))


def attempt_of(values: Sequence[Any]) -> AttemptRow:
    """Make an attempt of the columns of `ATTEMPT`."""
    key, target, lane, started_at, finished_at, outcome, status, answer, mentioned, members, units = values
    return AttemptRow(
        id=id_of_key(started_at, key),
        target=target_of(target),
        lane=lane,
        started_at=started_at,
        finished_at=finished_at,
        outcome=outcome,
        status=status,
        answer=answer,
        mentioned=mentioned,
        members=members,
        units=units or 1,
    )


def lanes(connection: Connection) -> tuple[LaneRow, ...]:
    rows: dict[str, LaneRow] = {}
    waiting = _waiting(connection)
    under_way = _under_way(connection)
    for lane in sorted(waiting.keys() | under_way.keys()):
        pending, next_due, oldest = waiting.get(lane, ({}, None, None))
        counts = under_way.get(lane, {})
        rows[lane] = LaneRow(
            lane=lane,
            pending=pending,
            sending=counts.get(DeliveryState.SENDING.value, 0),
            unknown=counts.get(DeliveryState.UNKNOWN.value, 0),
            next_due=next_due,
            oldest=oldest,
        )
    return tuple(rows.values())


def unknown(reached: Reached, connection: Connection, lanes: frozenset[str], limit: int) -> tuple[Claim, ...]:
    """Read whole attempts: the members of one are read together, however many there are."""
    which = (
        select(deliveries.c.attempt)
        .where(_UNKNOWN, deliveries.c.lane.in_(sorted(lanes)))
        .group_by(deliveries.c.attempt)
        .order_by(deliveries.c.attempt)
        .limit(limit)
    )
    rows = connection.execute(
        select(*_BEGUN, *DELIVERY, *RECORD)
        .select_from(deliveries)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .join(attempts, attempts.c.key == deliveries.c.attempt)
        .where(_UNKNOWN, deliveries.c.attempt.in_(which.scalar_subquery()))
        .order_by(attempts.c.key, deliveries.c.priority.desc(), deliveries.c.key)
    )
    claims = [_claim(list(members)) for _, members in groupby(rows, key=lambda row: row[0])]
    members = [delivery for claim in claims for delivery, _ in claim.members]
    joined = joined_by(connection, [delivery.key for delivery in members])
    told = reached(connection, [delivery.slot for delivery in members if delivery.slot is not None])
    return tuple(
        replace(claim, joins=joined.get(claim.members[0][0].key), recipients=_those_of(claim, told)) for claim in claims
    )


def _those_of(claim: Claim, told: Mapping[int, Recipient]) -> Mapping[int, Recipient]:
    return {slot: told[slot] for delivery, _ in claim.members if (slot := delivery.slot) in told and slot is not None}


def recent_attempts(connection: Connection, since: datetime) -> tuple[AttemptRow, ...]:
    rows = connection.execute(select(*ATTEMPT).where(attempts.c.started_at >= since).order_by(attempts.c.started_at))
    return tuple(attempt_of(row) for row in rows)


def _claim(members: Sequence[AnyRow]) -> Claim:
    key, target, lane, started_at, node = members[0][: len(_BEGUN)]
    begin, cut = len(_BEGUN), len(_BEGUN) + len(DELIVERY)
    return Claim(
        key,
        target_of(target),
        lane,
        started_at,
        tuple((delivery_of(row[begin:cut]), record_of(row[cut:])) for row in members),
        node=node,
    )


def _waiting(connection: Connection) -> dict[str, tuple[dict[Band, int], datetime, datetime]]:
    """Per lane: how many of each band, when the next is due, and since when the oldest waits."""
    found: dict[str, tuple[dict[Band, int], datetime, datetime]] = {}
    columns = (deliveries.c.lane, deliveries.c.priority, func.sum(deliveries.c.people).label("n"))
    times = (func.min(deliveries.c.due).label("due"), func.min(deliveries.c.planned_at).label("oldest"))
    grouped = select(*columns, *times).where(PENDING).group_by(deliveries.c.lane, deliveries.c.priority)
    for row in connection.execute(grouped):
        bands, due, oldest = found.get(row.lane, ({}, row.due, row.oldest))
        band = Band.of(row.priority)
        bands[band] = bands.get(band, 0) + int(row.n)
        found[row.lane] = (bands, min(due, row.due), min(oldest, row.oldest))
    return found


def _under_way(connection: Connection) -> dict[str, dict[str, int]]:
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    columns = (deliveries.c.lane, deliveries.c.state, func.count().label("n"))
    for row in connection.execute(select(*columns).where(_UNDER_WAY).group_by(deliveries.c.lane, deliveries.c.state)):
        counts[row.lane][row.state] = row.n
    return counts
