"""Somebody who reads the pages for people, and words for what they do there."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.web.house import House

from tocsin.access.passes import Passes, Purpose
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.ledger.contract.people import AddressDraft, AddressRow, ConsentDraft, ContactDraft, ContactRow
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of
from tocsin.rules.people import PeoplePolicy
from tocsin.rules.signing_up import SigningUp

PHONE, MAILBOX = "+14155550101", "ada@example.com"
OPEN = PeoplePolicy(countries=("US", "CA"), signing_up=SigningUp(open=True, name="Restock Club"))


@dataclass(frozen=True)
class Sheet:
    """A page as it was answered."""

    status: int
    headers: Mapping[str, str]
    source: str

    @property
    def text(self) -> str:
        """What can be read of it."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.source)).split())

    @property
    def place(self) -> str:
        return self.headers["Location"]


async def visit(house: House, path: str, *, headers: Mapping[str, str] | None = None) -> Sheet:
    async with house.client.get(path, headers=headers, allow_redirects=False) as answer:
        return Sheet(answer.status, answer.headers, await answer.text())


async def press(house: House, path: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Sheet:
    """Send a form; a field may have several values."""
    pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
    async with house.client.post(path, data=pairs, headers=headers, allow_redirects=False) as answer:
        return Sheet(answer.status, answer.headers, await answer.text())


def policy(house: House, changed: PeoplePolicy) -> None:
    house.services.active.rulebook = replace(house.services.active.rulebook, people=changed)


async def known(house: House, name: str = "Ada", phone: str = PHONE, mailbox: str = MAILBOX) -> ContactRow:
    """A contact that is told by text and by mail."""
    people, rule = house.services.ledger.people, OPEN.standing_after
    draft = ContactDraft(
        name=name, addresses=(AddressDraft(value=phone_of(phone)), AddressDraft(value=mailbox_of(mailbox)))
    )
    contact = await people.create(draft, "token:test", rule)
    confirmed = ConsentDraft(event=ConsentEvent.CONFIRMED, source=ConsentSource.API, author="token:test", wording="ok")
    for address in contact.addresses:
        await people.enter(contact.id, address.id, confirmed, rule)
    return await people.contact(contact.id)


def me(house: House, contact: ContactRow) -> str:
    return f"/me/{passes(house).make(Purpose.PREFERENCES, contact.id.bytes, house.services.clock.now())}"


def unsubscribing(house: House, address: AddressRow) -> str:
    content = address.contact.bytes + address.id.bytes
    return f"/u/{passes(house).make(Purpose.UNSUBSCRIBING, content, house.services.clock.now())}"


def passes(house: House) -> Passes:
    return house.services.pipeline.passes


async def states(house: House, contact: ContactRow) -> list[tuple[str, str | None]]:
    held = (await house.services.ledger.people.contact(contact.id)).addresses
    return [(one.state.value, one.why and one.why.value) for one in held]
