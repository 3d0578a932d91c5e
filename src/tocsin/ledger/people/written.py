"""Addresses that operators wrote down in the configuration: each has a slot, and consents by standing there.

One that belongs to a contact is told as that contact's, and is active by the operator's word. Of the others each has a
contact of its own that nobody sees.
"""

from collections.abc import Sequence

from sqlalchemy import select

from tocsin.core.address import AddressState, AddressValue
from tocsin.ledger.contract.people import AddressDraft, ConsentRule, ContactDraft
from tocsin.ledger.people import addresses, contacts
from tocsin.ledger.people.change import Change
from tocsin.ledger.people.consents import WRITTEN_DOWN, enter
from tocsin.ledger.people.held import ERASED, WRITTEN, touch
from tocsin.ledger.people.schema import contacts as table

_ALL = select(table.c.key).where(table.c.state == WRITTEN)


def write_down(change: Change, values: Sequence[AddressValue], rule: ConsentRule) -> tuple[int, ...]:
    """The slot of each. Those that were written down before and are not any more lose theirs."""
    lookups = [change.vault.lookup(value) for value in values]
    for owner in change.transaction.rows(_ALL):
        for row in addresses.of_contact(change, owner.key):
            if bytes(row.lookup) not in lookups:
                addresses.remove(change, row)
                touch(change, owner.key, state=ERASED)
    return tuple(_slot(change, value, lookup, rule) for value, lookup in zip(values, lookups, strict=True))


def _slot(change: Change, value: AddressValue, lookup: bytes, rule: ConsentRule) -> int:
    """Who has stopped stays so."""
    row = addresses.by_lookup(change, lookup)
    if row is None:
        owner = contacts.make(change, ContactDraft(), state=WRITTEN)
        addresses.add(change, owner, AddressDraft(value=value), WRITTEN_DOWN.author, rule, by_person=True)
        row = addresses.by_lookup(change, lookup)
    assert row is not None, "it is there, or was just written"
    if row.state == AddressState.UNVERIFIED.value:
        enter(change, row, WRITTEN_DOWN, rule)
    return int(row.key)
