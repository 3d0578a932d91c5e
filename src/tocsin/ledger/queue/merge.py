"""A delivery joins a message about the same product that stands at its target already.

With the claim it has its row among the messages: from then on it belongs to that one, whatever becomes of the process,
and may be shown on it as often as is needed. Only what was surely not shown lets go of it again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import bindparam, delete, select, update

from tocsin.core.alert import AlertType
from tocsin.core.delivery import DeliveryState
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import ClaimRequest, Joins, MoveResult, Settlement, StandingMessage
from tocsin.ledger.engine.in_list import among
from tocsin.ledger.engine.rows import DELIVERY, record_of, target_of
from tocsin.ledger.engine.schema import alerts, deliveries, messages
from tocsin.ledger.engine.transaction import AnyRow, Transaction
from tocsin.ledger.queue.message_edits import MEMBERS, messages_of, shown_of, vouch

JOINING = "joining"  # on its way for the first time
AGAIN = "again"  # an earlier try may have been shown
LOOKED_AT = 50  # of the newest deliveries about a product

Standing = Mapping[int, StandingMessage]
"""By the key of a delivery: the message that it is to join, as it stands."""

NOTHING: Standing = {}

_NOT_SHOWN = (DeliveryState.PENDING, DeliveryState.REFUSED)

_OWN = select(messages.c.delivery, messages.c.reference).where(among(messages.c.delivery, "keys"))
_NEWEST = (
    select(deliveries.c.key)
    .where(deliveries.c.product == bindparam("product"), deliveries.c.target == bindparam("target"))
    .order_by(deliveries.c.key.desc())
    .limit(LOOKED_AT)
)
_ABOUT = (
    select(messages.c.reference)
    .join(deliveries, deliveries.c.key == messages.c.delivery)
    .join(alerts, alerts.c.key == deliveries.c.alert)
    .where(messages.c.delivery.in_(_NEWEST), messages.c.wanted == "open")
    .where(alerts.c.type.in_([kind.value for kind in AlertType if kind.buyable]))
)
_NAMED = MEMBERS.where(among(messages.c.reference, "references"), deliveries.c.target == bindparam("target"))
_AGAIN = update(messages).where(among(messages.c.delivery, "keys")).values(shown=AGAIN)
_UNSHOWN = select(messages.c.delivery).where(among(messages.c.delivery, "keys"), messages.c.shown == JOINING)
_LEAVE = delete(messages).where(among(messages.c.delivery, "keys"))
_ALONE = update(deliveries).where(among(deliveries.c.key, "keys")).values(product=None)


def find(transaction: Transaction, request: ClaimRequest, candidates: Sequence[AnyRow]) -> Standing:
    """Find the message that each delivery joins: what once began to join one goes on doing so, the others look for one
    that they may join.
    """
    named = [row for row in candidates if row.product is not None]
    if not named:
        return NOTHING
    found = _begun(transaction, named)
    fresh = [row for row in named if row.key not in found]
    return found if request.joins is None else found | _looked_for(transaction, request, request.joins, fresh)


def beside(message: StandingMessage | None, keys: Collection[int]) -> Sequence[AlertRecord]:
    """Read what stands in the message beside these deliveries."""
    members = () if message is None else message.members
    return [record for delivery, record in members if delivery.key not in keys]


def begin(transaction: Transaction, message: StandingMessage, keys: Sequence[int]) -> StandingMessage:
    """Let deliveries belong to the message from now on; it comes back with all that it is to show."""
    known = {delivery.key for delivery, _ in message.members}
    fresh = [key for key in keys if key not in known]
    transaction.insert(messages, [(key, message.reference, JOINING, "open", transaction.micros) for key in fresh])
    transaction.write(_AGAIN, keys=[key for key in keys if key in known])
    (whole,) = _read(transaction, str(message.target), [message.reference])
    return whole


def end(transaction: Transaction, settlement: Settlement, message: StandingMessage, moved: MoveResult) -> None:
    """Write down what the answer says of the message itself. Who has lost a member to somebody else says nothing."""
    if moved.lost:
        return
    if any(one.to is DeliveryState.SENT for one in settlement.moves):
        vouch(transaction, message)
    elif settlement.gone:
        transaction.write(_LEAVE, keys=list(shown_of(transaction, message)))
    else:
        _let_go(transaction, settlement)


def _let_go(transaction: Transaction, settlement: Settlement) -> None:
    """What may have been shown by an earlier try stays where it is."""
    failed = [one.key for one in settlement.moves if one.to in _NOT_SHOWN]
    unshown = {row.delivery for row in transaction.rows(_UNSHOWN, keys=failed)}
    transaction.write(_ALONE, keys=[one.key for one in settlement.moves if one.alone and one.key in unshown])
    transaction.write(_LEAVE, keys=sorted(unshown))


def leave(transaction: Transaction, keys: Sequence[int]) -> None:
    """Take deliveries out of their messages: the next edit is made without them."""
    if keys:
        transaction.write(_LEAVE, keys=list(keys))


def _begun(transaction: Transaction, named: Sequence[AnyRow]) -> dict[int, StandingMessage]:
    """By an earlier attempt, of which nobody knows whether it was shown: it may only be shown there again."""
    rows = {row.key: row for row in named}
    found: dict[int, StandingMessage] = {}
    for key, reference in transaction.rows(_OWN, keys=list(rows)):
        known = next((message for message in found.values() if message.reference == reference), None)
        found[key] = known or _read(transaction, rows[key].target, [reference])[0]
    return found


def _looked_for(
    transaction: Transaction, request: ClaimRequest, joins: Joins, rows: Sequence[AnyRow]
) -> dict[int, StandingMessage]:
    """Of those that an alert may join, the newest."""
    found: dict[int, StandingMessage] = {}
    standing: dict[tuple[str, str], Sequence[StandingMessage]] = {}
    for row in rows:
        record = record_of(row[len(DELIVERY) + 1 :])
        within = joins(target_of(row.target), record)
        if within is None or record.closed_at is not None:
            continue
        place = (row.product, row.target)
        if place not in standing:
            standing[place] = _about(transaction, *place)
        young = _younger(standing[place], within, transaction)
        message = next((each for each in young if _takes(each, record, request)), None)
        if message is not None:
            found[row.key] = message
    return found


def _about(transaction: Transaction, product: str, target: str) -> Sequence[StandingMessage]:
    """Messages that show of this product something that can be bought, the newest first."""
    references = {row.reference for row in transaction.rows(_ABOUT, product=product, target=target)}
    found = _read(transaction, target, references)
    return sorted(found, key=lambda message: message.sent_at, reverse=True)


def _younger(
    standing: Sequence[StandingMessage], within: timedelta, transaction: Transaction
) -> Iterator[StandingMessage]:
    return (message for message in standing if transaction.now - message.sent_at < within)


def _takes(message: StandingMessage, record: AlertRecord, request: ClaimRequest) -> bool:
    """It has room, and tells nothing yet of the same product in the same shop: what is news there is a message."""
    shown = [member for _, member in message.members]
    told = any(member.alert.episode == record.alert.episode for member in shown)
    return not told and request.pack(message.target, [*shown, record]) > len(shown)


def _read(transaction: Transaction, target: str, references: Collection[str]) -> tuple[StandingMessage, ...]:
    if not references:
        return ()
    return messages_of(transaction.rows(_NAMED, references=sorted(references), target=target))
