"""People as the tests talk about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tocsin.core.address import AddressKind, AddressValue, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.secret import Secret
from tocsin.ledger.contract.people import AddressDraft, AddressRow, ConsentDraft, ContactDraft, ContactRow, People
from tocsin.rules.consent import standing_after

AUTHOR = "token:moderator"
RULE = standing_after


def phone(number: str = "+14155550101") -> AddressValue:
    return AddressValue(
        kind=AddressKind.PHONE,
        secret=Secret(number),
        compared=Secret(number),
        shown=f"+1 *** *** {number[-4:]}",
        zone="America/Los_Angeles",
    )


def mailbox(address: str = "Ada@example.com") -> AddressValue:
    return AddressValue(
        kind=AddressKind.MAILBOX, secret=Secret(address), compared=Secret(address.lower()), shown="a***@example.com"
    )


def device(value: str, app_id: str = "app-1", **more: Any) -> AddressDraft:
    reached = AddressValue(
        kind=AddressKind.DEVICE, secret=Secret(value), compared=Secret(value), shown="Pixel 9, app 2.3"
    )
    return AddressDraft(value=reached, device=app_id, platform="android", app_version="2.3", **more)


def browser(endpoint: str, keys: str = "k") -> AddressDraft:
    return AddressDraft(
        value=AddressValue(
            kind=AddressKind.BROWSER,
            secret=Secret(f'{{"endpoint":"{endpoint}","keys":"{keys}"}}'),
            compared=Secret(endpoint),
            shown="Firefox on Linux",
        )
    )


def said(event: ConsentEvent, source: ConsentSource = ConsentSource.API, **more: Any) -> ConsentDraft:
    return ConsentDraft(**{"event": event, "source": source, "author": AUTHOR} | more)


GRANTED, CONFIRMED, RESUMED = (
    said(event) for event in (ConsentEvent.GRANTED, ConsentEvent.CONFIRMED, ConsentEvent.RESUMED)
)
STOP = said(ConsentEvent.WITHDRAWN, ConsentSource.INBOUND_TEXT, why=AddressWhy.STOP, author="person")


@dataclass
class Crowd:
    """`People` with a moderator who says the same each time."""

    people: People

    async def meet(self, name: str = "Ada", *values: AddressValue, **more: Any) -> ContactRow:
        drafts = tuple(AddressDraft(value=value) for value in values)
        return await self.people.create(ContactDraft(name=name, addresses=drafts, **more), AUTHOR, RULE)

    async def add(
        self, contact: ContactRow, value: AddressValue, consent: ConsentDraft | None = None, **how: Any
    ) -> AddressRow:
        draft = AddressDraft(value=value, consent=consent)
        return (await self.people.add(contact.id, draft, AUTHOR, RULE, **how))[0]

    async def put_device(self, contact: ContactRow, draft: AddressDraft) -> AddressRow:
        return (await self.people.put_device(contact.id, draft, AUTHOR, RULE))[0]

    async def say(self, contact: ContactRow, address: AddressRow, draft: ConsentDraft) -> AddressRow:
        return (await self.people.enter(contact.id, address.id, draft, RULE)).address

    async def telling(self, name: str = "Ada", value: AddressValue | None = None) -> tuple[ContactRow, AddressRow]:
        """A contact with one address that may be told."""
        contact = await self.meet(name)
        address = await self.add(contact, value or phone(), GRANTED)
        return contact, await self.say(contact, address, CONFIRMED)

    async def look(self, contact: ContactRow) -> ContactRow:
        return await self.people.contact(contact.id)

    async def states(self, identifier: UUID) -> Mapping[str, str]:
        contact = await self.people.contact(identifier)
        return {address.kind.value: address.state.value for address in contact.addresses}
