"""Whatever happens to people in whatever order: what must hold does, on both databases."""

from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select
from tests.contract.books import Books
from tests.contract.crowd import AUTHOR, RULE, Crowd, device, phone, said

from tocsin.core.address import AddressState, AddressValue, AddressWhy, Consent
from tocsin.core.clock import ManualClock
from tocsin.core.consent import ConsentEvent
from tocsin.core.errors import AddressTakenError, NotFoundError, SuppressedError
from tocsin.ledger.contract.people import AddressDraft, ContactQuery, ImportRow
from tocsin.ledger.people.schema import IN_FORCE, suppressions

REFUSALS = (AddressTakenError, NotFoundError, SuppressedError)
STEPS = 25


class History:
    """Two persons and two numbers that they dispute, with a device that changes hands."""

    def __init__(self, crowd: Crowd, clock: ManualClock, seed: int) -> None:
        self.people = crowd.people
        self.clock = clock
        self.chance = Random(seed)
        self.numbers = [phone(f"+1415{seed:03d}{at:04d}") for at in range(2)]
        self.known: list[UUID] = []
        self.done = 0

    async def step(self) -> None:
        verb = self.chance.choice(
            [self.create, self.add, self.add, self.enter, self.enter, self.hear, self.suppress, self.remove, self.erase,
             self.take, self.write_down, self.put_device]
        )  # fmt: skip
        with suppress(*REFUSALS):
            await verb()
            self.done += 1
        self.clock.advance(1)

    @property
    def whom(self) -> UUID:
        return self.chance.choice(self.known or [UUID(int=1)])

    @property
    def number(self) -> AddressValue:
        return self.chance.choice(self.numbers)

    def word(self) -> Any:
        event = self.chance.choice(list(ConsentEvent))
        return said(event, why=self.chance.choice([None, AddressWhy.STOP, AddressWhy.BOUNCED]))

    async def create(self) -> None:
        self.known.append((await Crowd(self.people).meet("x")).id)

    async def add(self) -> None:
        draft = AddressDraft(value=self.number, consent=self.chance.choice([None, self.word()]))
        await self.people.add(self.whom, draft, AUTHOR, RULE, by_person=self.chance.random() < 0.3)

    async def enter(self) -> None:
        contact = await self.people.contact(self.whom)
        for address in contact.addresses[:1]:
            await self.people.enter(contact.id, address.id, self.word(), RULE)

    async def hear(self) -> None:
        await self.people.hear(self.number, self.word(), RULE)

    async def suppress(self) -> None:
        await self.people.suppress(self.number, "x", AUTHOR, RULE)

    async def remove(self) -> None:
        contact = await self.people.contact(self.whom)
        for address in contact.addresses[:1]:
            await self.people.remove(contact.id, address.id)

    async def erase(self) -> None:
        if self.chance.random() < 0.3:
            await self.people.erase(self.whom, AUTHOR, RULE)

    async def take(self) -> None:
        row = ImportRow(
            row=1, name="y", addresses=(AddressDraft(value=self.number, consent=said(ConsentEvent.IMPORTED)),)
        )
        await self.people.take(f"{self.clock.now()}", [row], AUTHOR, RULE)

    async def write_down(self) -> None:
        await self.people.write_down(self.chance.sample(self.numbers, self.chance.randrange(3)), RULE)

    async def put_device(self) -> None:
        await self.people.put_device(
            self.whom, device(f"{self.numbers[0].shown}-{self.chance.randrange(2)}"), AUTHOR, RULE
        )

    async def picture(self) -> Mapping[int, tuple[Any, ...]]:
        """Who may be told what, as far as this history goes."""
        found = [await self.people.by_value(number) for number in self.numbers]
        mine = {one.slot: (one.contact, one.state, one.consent) for one in found if one is not None}
        for contact in (await self.people.contacts(ContactQuery(limit=500))).items:
            if contact.id in self.known:
                mine |= {one.slot: (one.contact, one.state, one.consent) for one in contact.addresses}
        return mine


@pytest.mark.parametrize("seed", range(6))
async def test_what_must_hold_of_people_holds_in_any_history(books: Books, clock: ManualClock, seed: int):
    people = books.ledger.people
    history = History(Crowd(people), clock, seed)
    before, version = await history.picture(), await people.directory_version()
    owners: dict[int, bytes] = {}
    for _ in range(STEPS):
        await history.step()
        after, now = await history.picture(), await people.directory_version()
        assert after == before or now > version, "a change of who is told that nobody would notice"
        before, version = after, now
        barred = await people._writer.read(lookups_in_force)
        for number in history.numbers:
            found, lookup = await people.by_value(number), people.vault.lookup(number)
            if found is None:
                continue
            assert owners.setdefault(found.slot, lookup) == lookup, "a slot was given out twice"
            assert (found.state is AddressState.SUPPRESSED) == (lookup in barred)
            assert (found.consent is Consent.WITHDRAWN) == (lookup in barred)
            assert found.state is not AddressState.ACTIVE or found.consent is Consent.GRANTED
        for identifier in history.known:
            assert not (await people.check_consents(identifier)).broken
    assert history.done > STEPS // 3


def lookups_in_force(connection: Connection) -> set[bytes]:
    with connection.begin():
        return {bytes(lookup) for lookup in connection.scalars(select(suppressions.c.lookup).where(IN_FORCE))}
