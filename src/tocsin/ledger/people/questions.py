"""What people may be asked is kept: a click makes a question of it, and the mail that asks is written down."""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, insert, select, update

from tocsin.core.click import Click
from tocsin.ledger.engine.schema import deliveries
from tocsin.ledger.engine.transaction import Transaction
from tocsin.ledger.people.schema import addresses, questions

# Tests are of no episode.
_WHOSE = (
    select(addresses.c.contact)
    .join(deliveries, deliveries.c.slot == addresses.c.key)
    .where(deliveries.c.key == bindparam("of"), deliveries.c.episode.is_not(None), addresses.c.contact.is_not(None))
)
_CHANGE = update(questions).where(questions.c.contact == bindparam("whose"))
_NEW = insert(questions)
_FORGET = delete(questions).where(questions.c.contact == bindparam("whose"))


def note_click(transaction: Transaction, delivery: int, followed: Click) -> None:
    """The last one counts, of whoever is a person of a list."""
    row = transaction.row(_WHOSE, of=delivery)
    if row is None:
        return
    told = {"about": delivery, "clicked_at": followed.at}
    if transaction.write(_CHANGE, whose=row.contact, **told) == 0:
        transaction.write(_NEW, contact=row.contact, **told)


def note_asked(transaction: Transaction, by_contact: Mapping[int, int]) -> None:
    """Which delivery asks each of these contacts."""
    for contact, delivery in by_contact.items():
        transaction.write(_CHANGE, whose=contact, asked_at=transaction.now, asked_by=delivery)


def forget(transaction: Transaction, contact: int) -> None:
    transaction.write(_FORGET, whose=contact)
