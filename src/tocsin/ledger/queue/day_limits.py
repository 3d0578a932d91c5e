"""Counts what people were told today, for those who want only so much: in the transaction that claims the next."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select

from tocsin.core.delivery import DeliveryState
from tocsin.core.recipients import Recipient
from tocsin.ledger.contract import DayLimit, DayLimits
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import place_of, target_of
from tocsin.ledger.engine.schema import GATHERED, OF_PERSON, Moment, alerts, attempts, deliveries, in_any
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.people.schema import addresses

_ALERT, _TARGET, _SLOT, _EPISODE, _DIGEST = (
    place_of(name) for name in ("alert_id", "target", "slot", "episode", "digest")
)

# It has reached the person, or may have.
_TOLD = in_any(
    (
        DeliveryState.SENDING,
        DeliveryState.UNKNOWN,
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.POSSIBLY_SENT,
    )
)
_FIRST_SINCE = (
    select(attempts.c.key)
    .where(attempts.c.started_at >= bindparam("since", type_=Moment))
    .order_by(attempts.c.started_at)
    .limit(1)
    .scalar_subquery()
)
_HEARD = (
    select(addresses.c.contact, deliveries.c.target, alerts.c.id)
    .select_from(addresses)
    .join(deliveries, deliveries.c.slot == addresses.c.key)
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(among(addresses.c.contact, "contacts"), OF_PERSON, _TOLD)
    .where(deliveries.c.episode.is_not(None), deliveries.c.attempt >= _FIRST_SINCE, ~GATHERED)
)

Place = tuple[int | None, str]  # a contact, and a channel


@dataclass(slots=True)
class Beyond:
    """`full`: the rows of those who have heard of enough, with their limits. `later`: what would be too much together
    with what is claimed before it, should that reach the person.
    """

    full: list[tuple[AnyRow, DayLimit]] = field(default_factory=list)
    later: list[AnyRow] = field(default_factory=list)


def beyond(
    transaction: Transaction, rows: Sequence[AnyRow], recipients: Mapping[int, Recipient], limits: DayLimits
) -> Beyond:
    """Find which of these rows are too much for their people today, in the order of importance that the rows have. An
    alert counts once, by however many addresses a person hears of it; a test does not, nor what is in a digest.
    """
    found = Beyond()
    limit_of = {slot: limit for slot, who in recipients.items() if (limit := limits(who)) is not None}
    heard = _heard(transaction, recipients, limit_of)
    taken: defaultdict[Place, set[UUID]] = defaultdict(set)
    for row in rows:
        limit = limit_of.get(row[_SLOT])
        if limit is None or row[_EPISODE] is None or row[_DIGEST] is not None:
            continue
        place = (recipients[row[_SLOT]].contact, target_of(row[_TARGET]).channel)
        before, alert = heard.get((place, limit.since), set()), row[_ALERT]
        if alert in before:
            continue
        if len(before) >= limit.most:
            found.full.append((row, limit))
        elif len(before | taken[place] | {alert}) > limit.most:
            found.later.append(row)
        else:
            taken[place].add(alert)
    return found


def _heard(
    transaction: Transaction, recipients: Mapping[int, Recipient], limit_of: Mapping[int, DayLimit]
) -> Mapping[tuple[Place, datetime], set[UUID]]:
    """Find of which alerts, since their day began."""
    heard: defaultdict[tuple[Place, datetime], set[UUID]] = defaultdict(set)
    for since in {limit.since for limit in limit_of.values()}:
        people = {recipients[slot].contact for slot, limit in limit_of.items() if limit.since == since}
        for row in transaction.rows(_HEARD, contacts=sorted(who for who in people if who), since=since):
            heard[(row.contact, target_of(row.target).channel), since].add(row.id)
    return heard
