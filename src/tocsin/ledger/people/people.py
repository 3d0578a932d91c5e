"""The verbs of people. Writes share the commits of everybody else; reads have connections of their own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.clock import Clock
from tocsin.core.consent import ConsentSource
from tocsin.core.errors import InvalidRequestError
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal
from tocsin.ledger.contract import Page
from tocsin.ledger.contract.people import (
    AddressDraft,
    AddressRow,
    ChainCheck,
    ConsentDraft,
    ConsentRow,
    ConsentRule,
    ConsentsToTell,
    ContactChange,
    ContactDraft,
    ContactQuery,
    ContactRow,
    Entered,
    Erased,
    ImportedRow,
    ImportRow,
    LeavingListener,
    ListRow,
    Picture,
    Said,
    SuppressionRow,
    VerificationRow,
    WordingRow,
)
from tocsin.ledger.engine.reader import Reader
from tocsin.ledger.engine.writer import Rank, Turn, Writer
from tocsin.ledger.people import (
    addresses,
    consents,
    contacts,
    export,
    imports,
    lists,
    picture,
    retention,
    search,
    suppressions,
    telling,
    values,
    verifications,
    wordings,
    written,
)
from tocsin.ledger.people.change import Change, Changed, Changing
from tocsin.ledger.people.held import held, held_by_key
from tocsin.ledger.people.vault import Vault

T = TypeVar("T")

MOST_ROWS = 100  # of a file in one commit: whoever waits for the next one does so for tens of milliseconds
_COST = 10  # rows written for one that is imported


class SqlPeople:
    """`People` of the contract, for SQLite and PostgreSQL alike."""

    def __init__(self, writer: Writer, reader: Reader, vault: Vault, clock: Clock) -> None:
        self._writer = writer
        self._reader = reader
        self.vault = vault
        self._clock = clock
        self._work = Changing(vault)
        self._hear_of_leaving: LeavingListener = lambda _: None

    def on_leaving(self, listener: LeavingListener) -> None:
        self._hear_of_leaving = listener

    async def create(
        self, draft: ContactDraft, author: str, rule: ConsentRule, *, by_person: bool = False
    ) -> ContactRow:
        return await self._do(lambda change: contacts.create(change, draft, author, rule, by_person=by_person))

    async def put(
        self, external_id: str, draft: ContactDraft, author: str, rule: ConsentRule
    ) -> tuple[ContactRow, bool]:
        return await self._do(lambda change: contacts.put(change, external_id, draft, author, rule))

    async def change(self, identifier: UUID, change: ContactChange, *, version: int | None = None) -> ContactRow:
        return await self._do(lambda begun: contacts.alter(begun, identifier, change, version))

    async def of_token(self, token: str, name: str) -> ContactRow:
        return await self._do(lambda change: contacts.of_token(change, token, name))

    async def add(
        self, identifier: UUID, draft: AddressDraft, author: str, rule: ConsentRule, *, by_person: bool = False
    ) -> tuple[AddressRow, bool]:
        return await self._do(
            lambda change: addresses.add(change, held(change, identifier), draft, author, rule, by_person=by_person)
        )

    async def put_device(
        self, identifier: UUID, draft: AddressDraft, author: str, rule: ConsentRule
    ) -> tuple[AddressRow, bool]:
        return await self._do(
            lambda change: addresses.put_device(change, held(change, identifier), draft, author, rule)
        )

    async def remove(self, identifier: UUID, address: UUID) -> None:
        def verb(change: Change) -> None:
            contact = held(change, identifier)
            addresses.remove(change, addresses.by_id(change, contact, address))

        await self._do(verb)

    async def erase(
        self, identifier: UUID, author: str, rule: ConsentRule, *, source: ConsentSource = ConsentSource.API
    ) -> Erased:
        return await self._do(lambda change: contacts.erase(change, identifier, author, rule, source))

    async def enter(self, identifier: UUID, address: UUID, draft: ConsentDraft, rule: ConsentRule) -> Entered:
        def verb(change: Change) -> Entered:
            contact = held(change, identifier)
            return consents.enter(change, addresses.by_id(change, contact, address), draft, rule)

        return await self._do(verb)

    async def enter_all(self, identifier: UUID, draft: ConsentDraft, rule: ConsentRule) -> tuple[Entered, ...]:
        def verb(change: Change) -> tuple[Entered, ...]:
            contact = held(change, identifier)
            there = addresses.of_contact(change, contact.key)
            return tuple(consents.enter(change, row, draft, rule) for row in there)

        return await self._do(verb)

    async def hear(self, value: AddressValue, draft: ConsentDraft, rule: ConsentRule) -> Entered | None:
        return await self._do(lambda change: values.hear(change, value, draft, rule))

    async def listen(self, said: Sequence[Said], rule: ConsentRule) -> tuple[Signal, ...]:
        return await self._do(lambda change: values.listen(change, said, rule), max(1, len(said)))

    async def refuse(self, slot: int, lookup: bytes, draft: ConsentDraft, rule: ConsentRule) -> Entered | None:
        def verb(change: Change) -> Entered | None:
            row = addresses.by_slot(change, slot)
            if row is None or bytes(row.lookup) != lookup:
                return None
            held_by_key(change, row.contact)
            return consents.enter(change, row, draft, rule)

        return await self._do(verb)

    async def keep_wording(self, version: str, text: str) -> WordingRow:
        return await self._do(lambda change: wordings.keep(change, version, text))

    async def prefer(self, identifier: UUID, preferences: Mapping[str, Any]) -> ContactRow:
        return await self._do(lambda change: contacts.prefer(change, identifier, preferences))

    async def keep_list(self, kept: ListRow) -> bool:
        return await self._do(lambda change: lists.keep(change, kept))

    async def forget_list(self, channel: str, name: str) -> bool:
        return await self._do(lambda change: lists.forget(change, channel, name))

    async def suppress(self, value: AddressValue, reason: str, author: str, rule: ConsentRule) -> SuppressionRow:
        return await self._do(lambda change: values.suppress(change, value, reason, author, rule))

    async def lift(self, identifier: UUID, reason: str, author: str) -> SuppressionRow:
        return await self._do(lambda change: values.lift(change, identifier, reason, author))

    async def write_down(self, addresses: Sequence[AddressValue], rule: ConsentRule) -> tuple[int, ...]:
        if not addresses and self.vault.empty:
            return ()
        return await self._do(lambda change: written.write_down(change, addresses, rule))

    async def begin_verification(
        self, address: UUID, way: str, *, reference: str | None, expires_at: datetime, consent: Mapping[str, Any]
    ) -> VerificationRow:
        return await self._do(
            lambda change: verifications.begin(
                change, address, way, reference=reference, expires_at=expires_at, consent=consent
            )
        )

    async def note_verification(
        self, identifier: UUID, *, sent: bool = False, checked: bool = False
    ) -> VerificationRow:
        return await self._do(lambda change: verifications.note(change, identifier, sent=sent, checked=checked))

    async def end_verification(
        self, identifier: UUID, result: str, draft: ConsentDraft | None = None, rule: ConsentRule | None = None
    ) -> AddressRow:
        return await self._do(lambda change: verifications.end(change, identifier, result, draft, rule))

    async def take(
        self,
        file: str,
        rows: Sequence[ImportRow],
        author: str,
        rule: ConsentRule,
        *,
        dry_run: bool = False,
        announce: bool | None = None,
    ) -> tuple[ImportedRow, ...]:
        if len(rows) > MOST_ROWS:
            raise InvalidRequestError(f"at most {MOST_ROWS} rows at a time")
        verb = partial(imports.take, file=file, rows=rows, author=author, rule=rule, dry_run=dry_run, announce=announce)
        return await self._do(verb, max(1, len(rows)) * _COST)

    async def prune(self, before: datetime, limit: int = 1000) -> int:
        if self.vault.empty:
            return 0
        return await self._do(lambda change: retention.prune(change, before, limit), limit)

    async def contact(self, identifier: UUID) -> ContactRow:
        return await self._reader.read(search.contact, identifier, self._clock.now())

    async def by_external_id(self, external_id: str) -> ContactRow | None:
        return await self._reader.read(search.by_external_id, external_id, self._clock.now())

    async def by_value(self, value: AddressValue) -> AddressRow | None:
        if self.vault.empty:
            return None
        return await self._reader.read(addresses.found, self.vault.lookup(value))

    async def by_slots(self, slots: Sequence[int]) -> Mapping[int, tuple[AddressRow, ContactRow]]:
        return await self._reader.read(search.by_slots, slots, self._clock.now())

    async def reveal(self, slot: int) -> Secret | None:
        return await self._reader.read(addresses.reveal, self.vault, slot)

    async def contacts(self, query: ContactQuery) -> Page[ContactRow]:
        known = query.value is not None and not self.vault.empty
        lookup = self.vault.lookup(query.value) if known and query.value is not None else None
        return await self._reader.read(search.contacts_page, query, lookup, self._clock.now())

    async def tags(self) -> Mapping[str, int]:
        return await self._reader.read(search.tags)

    async def consents(self, identifier: UUID) -> tuple[ConsentRow, ...]:
        return await self._reader.read(consents.of_contact, identifier)

    async def consents_since(
        self, since: datetime | None, *, limit: int = 1000, page: str | None = None
    ) -> Page[ConsentRow]:
        return await self._reader.read(consents.since, since, limit, page)

    async def consents_to_tell(self, channel: str, limit: int) -> ConsentsToTell:
        if self.vault.empty:
            return ConsentsToTell(upto=0, nobody=True)
        return await self._reader.read(telling.to_tell, self.vault, channel, limit)

    async def note_told(self, channel: str, upto: int, again: Mapping[int, int]) -> None:
        await self._do(lambda change: telling.note(change, channel, upto, again))

    async def check_consents(self, identifier: UUID) -> ChainCheck:
        return await self._reader.read(consents.checked, self.vault, identifier)

    async def wording(self, sha256: str) -> WordingRow | None:
        return await self._reader.read(wordings.wording, sha256)

    async def export(self, identifier: UUID) -> Mapping[str, Any]:
        return await self._reader.read(export.exported, self.vault, identifier, self._clock.now())

    async def lists(self) -> tuple[ListRow, ...]:
        return await self._reader.read(lists.listed)

    async def suppressions(
        self, kind: AddressKind | None = None, *, limit: int = 50, page: str | None = None
    ) -> Page[SuppressionRow]:
        return await self._reader.read(suppressions.listed, kind, limit, page)

    async def verifications(self, address: UUID, since: datetime) -> tuple[VerificationRow, ...]:
        return await self._reader.read(verifications.of_address, address, since)

    async def directory_version(self) -> int:
        return await self._reader.read(picture.version)

    async def picture(self) -> Picture:
        return await self._reader.read(picture.picture)

    async def _do(self, verb: Callable[[Change], T], rows: int = _COST) -> T:
        """What changes people needs their key."""
        if self.vault.empty:
            await asyncio.to_thread(self.vault.need)
        changed: Changed = await self._writer.do(Turn(Rank.PEOPLE, rows, lasts=True), self._work, verb)
        if changed.cancelled:
            self._hear_of_leaving(changed.cancelled)
        answer: T = changed.answer
        return answer
