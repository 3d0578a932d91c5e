"""An edit is due where a message at a provider shows something else than it should: sold out, and still shown as in
stock.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from sqlalchemy import Connection, bindparam, delete, exists, select, tuple_, update

from tocsin.core.delivery import UNDER_WAY, Target
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import StandingMessage
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import DELIVERY, RECORD, Held, delivery_of, record_of
from tocsin.ledger.engine.schema import EDIT_DUE, alerts, deliveries, in_any, messages
from tocsin.ledger.engine.transaction import AnyRow, Transaction

Reached = Callable[[Connection, Sequence[int]], Mapping[int, Recipient]]
"""By slot: where people are who were told, or may be."""

UNSURE = "unsure"  # two have written at once: nobody knows who came last

_BEFORE = 3  # columns of a message before those of its delivery

_NAME = (messages.c.reference, deliveries.c.target)  # a provider may number the messages of each place anew

# Rows of whole messages, for `messages_of`.
MEMBERS = (
    select(messages.c.reference, messages.c.sent_at, messages.c.shown, *DELIVERY, *RECORD)
    .select_from(messages)
    .join(deliveries, deliveries.c.key == messages.c.delivery)
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .order_by(*_NAME, deliveries.c.priority.desc(), deliveries.c.key)
)
_SHOW = update(messages).where(among(messages.c.delivery, "keys")).values(shown=bindparam("word"))
_STANDS = (
    select(messages.c.delivery, messages.c.shown)
    .join(deliveries, deliveries.c.key == messages.c.delivery)
    .where(messages.c.reference == bindparam("name"), deliveries.c.target == bindparam("at"))
)
_FORGET_OLDER = delete(messages).where(
    messages.c.delivery.in_(
        select(deliveries.c.key)
        .join(alerts, alerts.c.key == deliveries.c.alert)
        .where(alerts.c.episode == bindparam("episode"), alerts.c.key < bindparam("newest"))
        .where(deliveries.c.target == bindparam("at"), among(deliveries.c.slot, "slots"))
    )
)
_others, _other_messages = deliveries.alias("others"), messages.alias("other_messages")
_BEING_JOINED = exists().where(
    _other_messages.c.reference == messages.c.reference,
    _others.c.target == deliveries.c.target,
    _others.c.key == _other_messages.c.delivery,
    in_any(UNDER_WAY, _others),
)


def due(
    reachable: Reached, connection: Connection, targets: frozenset[Target], limit: int
) -> tuple[StandingMessage, ...]:
    """List whole messages to edit, the longest standing first: the members of one are edited together.

    What somebody has begun to join is left to that one: an alert that our own code dies over is counted by its
    attempts, not by edits.
    """
    at = deliveries.c.target.in_(sorted(map(str, targets)))
    which = (
        select(*_NAME)
        .join(deliveries, deliveries.c.key == messages.c.delivery)
        .where(EDIT_DUE, at, ~_BEING_JOINED)
        .group_by(*_NAME)
        .order_by(*_NAME)
        .limit(limit)
    )
    found = messages_of(connection.execute(MEMBERS.where(tuple_(*_NAME).in_(which))))
    told = reachable(connection, [slot for message in found for slot in _slots(message)])
    return tuple(
        replace(message, recipients={slot: told[slot] for slot in _slots(message) if slot in told}) for message in found
    )


def joined_by(connection: Connection, keys: Sequence[int]) -> Mapping[int, StandingMessage]:
    """Find, by the key of a delivery, the message that it has begun to join, or is in."""
    if not keys:
        return {}
    which = select(messages.c.reference).where(messages.c.delivery.in_(keys))
    standing = messages_of(connection.execute(MEMBERS.where(messages.c.reference.in_(which.scalar_subquery()))))
    return {delivery.key: message for message in standing for delivery, _ in message.members}


def vouch(transaction: Transaction, message: StandingMessage) -> None:
    """Keep that what was shown of each alert is what stands there now, unless somebody else has written since it was
    read.
    """
    stands = shown_of(transaction, message)
    read = {delivery.key: shown for (delivery, _), shown in zip(message.members, message.shown, strict=True)}
    if stands != read:
        _show(transaction, UNSURE, list(stands))
        return
    words: Mapping[str, list[int]] = {"open": [], "closed": []}
    for delivery, record in message.members:
        words[_word(record)].append(delivery.key)
    for word, keys in words.items():
        _show(transaction, word, keys)


def forget_older(transaction: Transaction, sent: Iterable[Held]) -> None:
    """Keep nothing of what a person was shown before of the same episode at the same place: the newest has taken its
    place there, and would be overwritten by an edit of an older one.
    """
    newest: defaultdict[tuple[int, str, int], list[int]] = defaultdict(list)
    for one in sent:
        if one.episode is not None and one.delivery.slot:
            newest[one.episode, str(one.delivery.target), one.alert].append(one.delivery.slot)
    for (episode, target, alert), slots in newest.items():
        transaction.write(_FORGET_OLDER, episode=episode, at=target, newest=alert, slots=slots)


def shown_of(transaction: Transaction, message: StandingMessage) -> dict[int, str]:
    """Read, by the key of each delivery in the message, what is known to be shown of it now."""
    rows = transaction.rows(_STANDS, name=message.reference, at=str(message.target))
    return {row.delivery: row.shown for row in rows}


def messages_of(rows: Iterable[AnyRow]) -> tuple[StandingMessage, ...]:
    """Make messages of the rows of `MEMBERS`."""
    return tuple(_message(list(members)) for _, members in groupby(rows, key=lambda row: (row.reference, row.target)))


def _slots(message: StandingMessage) -> list[int]:
    return [delivery.slot for delivery, _ in message.members if delivery.slot is not None]


def _show(transaction: Transaction, word: str, keys: list[int]) -> None:
    if keys:
        transaction.write(_SHOW, keys=keys, word=word)


def _word(record: AlertRecord) -> str:
    return "open" if record.closed_at is None else "closed"


def _message(rows: Sequence[AnyRow]) -> StandingMessage:
    cut = _BEFORE + len(DELIVERY)
    members = tuple((delivery_of(row[_BEFORE:cut]), record_of(row[cut:])) for row in rows)
    first, _ = members[0]
    return StandingMessage(
        target=first.target,
        lane=first.lane,
        reference=rows[0].reference,
        sent_at=min(row.sent_at for row in rows),
        members=members,
        shown=tuple(row.shown for row in rows),
    )
