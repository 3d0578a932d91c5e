"""People: who is kept, by which ways they are reached, and what they have said to that.

Times are UTC. Values that reach a person go in and come out as secrets; what may be seen of them is `shown`. Every verb
that changes who may be told raises the directory's version in its transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.consent import ConsentSource
from tocsin.core.delivery import Delivery
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal
from tocsin.ledger.contract.consents import (
    ChainCheck,
    ConsentDraft,
    ConsentRow,
    ConsentRule,
    ConsentsToTell,
    Said,
    SuppressionRow,
    WordingRow,
)
from tocsin.ledger.contract.contacts import (
    AddressDraft,
    AddressRow,
    ContactChange,
    ContactDraft,
    ContactQuery,
    ContactRow,
    ContactState,
    Entered,
    Erased,
)
from tocsin.ledger.contract.directory import ListRow, Picture
from tocsin.ledger.contract.history import Page
from tocsin.ledger.contract.imports import ImportedRow, ImportResult, ImportRow
from tocsin.ledger.contract.verifications import VerificationRow

__all__ = [
    "AddressDraft",
    "AddressRow",
    "ChainCheck",
    "ConsentDraft",
    "ConsentRow",
    "ConsentRule",
    "ConsentsToTell",
    "ContactChange",
    "ContactDraft",
    "ContactQuery",
    "ContactRow",
    "ContactState",
    "Entered",
    "Erased",
    "ImportResult",
    "ImportRow",
    "ImportedRow",
    "LeavingListener",
    "ListRow",
    "People",
    "Picture",
    "Said",
    "SuppressionRow",
    "VerificationRow",
    "WordingRow",
]

LeavingListener = Callable[[Sequence[Delivery]], None]
"""Hears which deliveries were cancelled since whom they waited for may not be told any more."""


class People(Protocol):
    """The verbs return after their commit, or raise LedgerUnavailableError, PeopleKeyError or what each says, having
    changed nothing. NotFoundError is raised for a contact or address that is not there or was erased.

    Whatever takes somebody's leave to be told cancels in its transaction what waits for them.
    """

    def on_leaving(self, listener: LeavingListener) -> None:
        """Have this called in the event loop, after the commit, in place of whoever was before."""
        ...

    async def create(
        self, draft: ContactDraft, author: str, rule: ConsentRule, *, by_person: bool = False
    ) -> ContactRow:
        """Raises AddressTakenError, ExternalIdTakenError, and SuppressedError unless it is asked for `by_person`."""
        ...

    async def put(
        self, external_id: str, draft: ContactDraft, author: str, rule: ConsentRule
    ) -> tuple[ContactRow, bool]:
        """Create, or replace what the caller says of a contact: name, zone, locale, tags; phones and mailboxes where
        the draft has any. Devices, browsers, preferences and consents stay. Whether it was created.

        Raises as `create` does; an address that stays is not asked whether it is suppressed.
        """
        ...

    async def change(self, identifier: UUID, change: ContactChange, *, version: int | None = None) -> ContactRow:
        """Raises ChangedMeanwhileError where it is not at `version`, ExternalIdTakenError."""
        ...

    async def of_token(self, token: str, name: str) -> ContactRow:
        """The contact that this token's owner is, made at first use and named so."""
        ...

    async def add(
        self, identifier: UUID, draft: AddressDraft, author: str, rule: ConsentRule, *, by_person: bool = False
    ) -> tuple[AddressRow, bool]:
        """A phone, mailbox or browser; whether it was added. Its `consent` is entered either way.

        Raises AddressTakenError (a browser moves here instead), and SuppressedError unless it is asked for `by_person`:
        it is kept then, and stays suppressed until a code or link comes back.
        """
        ...

    async def put_device(
        self, identifier: UUID, draft: AddressDraft, author: str, rule: ConsentRule
    ) -> tuple[AddressRow, bool]:
        """The device that the draft names gets this value, in its own slot; whether it is new. The same value at
        another device or contact moves here. One that is suppressed stays so without a `consent` of the draft.
        """
        ...

    async def remove(self, identifier: UUID, address: UUID) -> None: ...

    async def erase(
        self, identifier: UUID, author: str, rule: ConsentRule, *, source: ConsentSource = ConsentSource.API
    ) -> Erased:
        """Name, values, devices, preferences, and what consents tell of the person are gone; keyed hashes of phones and
        mailboxes stay suppressed, so that no import brings the person back; entries of consent stay, and their chain.
        """
        ...

    async def enter(self, identifier: UUID, address: UUID, draft: ConsentDraft, rule: ConsentRule) -> Entered:
        """One entry of consent for an address of this contact."""
        ...

    async def enter_all(self, identifier: UUID, draft: ConsentDraft, rule: ConsentRule) -> tuple[Entered, ...]:
        """One for each of its addresses: "stop everything"."""
        ...

    async def hear(self, value: AddressValue, draft: ConsentDraft, rule: ConsentRule) -> Entered | None:
        """What came from this address. None where it is nobody's; what is withdrawn is suppressed all the same."""
        ...

    async def listen(self, said: Sequence[Said], rule: ConsentRule) -> tuple[Signal, ...]:
        """Keep each signal once, and enter what it means in the same transaction; those that had not been heard
        before.
        """
        ...

    async def refuse(self, slot: int, lookup: bytes, draft: ConsentDraft, rule: ConsentRule) -> Entered | None:
        """What a provider says of the value that was used; None where the slot has another one by now, or none."""
        ...

    async def keep_wording(self, version: str, text: str) -> WordingRow:
        """By its hash, once; from now on the version stands for this text."""
        ...

    async def prefer(self, identifier: UUID, preferences: Mapping[str, Any]) -> ContactRow:
        """In place of what was preferred before; they were judged by `rules.preferences` before."""
        ...

    async def keep_list(self, kept: ListRow) -> bool:
        """In place of what was known of it; whether it is new."""
        ...

    async def forget_list(self, channel: str, name: str) -> bool: ...

    async def suppress(self, value: AddressValue, reason: str, author: str, rule: ConsentRule) -> SuppressionRow:
        """By an operator; one that is in force already is given back as it is."""
        ...

    async def lift(self, identifier: UUID, reason: str, author: str) -> SuppressionRow:
        """By an operator: the address may be added again, and one that is there is unverified until a new consent.
        Raises NotFoundError where none is in force.
        """
        ...

    async def write_down(self, addresses: Sequence[AddressValue], rule: ConsentRule) -> tuple[int, ...]:
        """All phones and mailboxes that operators have written into the configuration, in their order; the slot of
        each. They have consented by standing there, whoever has stopped excepted; what was written down before and is
        not any more loses its slot. At each start and reload; nothing changes where nothing has changed.
        """
        ...

    async def begin_verification(
        self, address: UUID, way: str, *, reference: str | None, expires_at: datetime, consent: Mapping[str, Any]
    ) -> VerificationRow:
        """In place of one that is open."""
        ...

    async def note_verification(
        self, identifier: UUID, *, sent: bool = False, checked: bool = False
    ) -> VerificationRow:
        """It was sent once more, or an answer was tried."""
        ...

    async def end_verification(
        self, identifier: UUID, result: str, draft: ConsentDraft | None = None, rule: ConsentRule | None = None
    ) -> AddressRow:
        """With what came of it; with the right answer its entry of consent is written in the same transaction."""
        ...

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
        """Rows of one file (its SHA-256), at most 100: each is taken or refused by itself, and one that was taken
        before is passed by. `dry_run` says what would be, and changes nothing.

        Nobody is told less by what a file says, and each change of the directory costs every alert that it is read
        anew: so a file in many parts is announced once, with the last of them. `announce`: whether the version is
        raised; none: where these rows change who may be told.
        """
        ...

    async def prune(self, before: datetime, limit: int = 1000) -> int:
        """Forget codes that were asked for and rows that were imported before then, so many of each at most."""
        ...

    async def contact(self, identifier: UUID) -> ContactRow: ...

    async def by_external_id(self, external_id: str) -> ContactRow | None: ...

    async def by_value(self, value: AddressValue) -> AddressRow | None: ...

    async def by_slots(self, slots: Sequence[int]) -> Mapping[int, tuple[AddressRow, ContactRow]]:
        """Those that are still there, for timelines: at most 1,000."""
        ...

    async def reveal(self, slot: int) -> Secret | None:
        """The value itself, for whoever has to send to it."""
        ...

    async def contacts(self, query: ContactQuery) -> Page[ContactRow]:
        """Newest first. Raises InvalidRequestError."""
        ...

    async def tags(self) -> Mapping[str, int]:
        """How many contacts have each."""
        ...

    async def consents(self, identifier: UUID) -> tuple[ConsentRow, ...]:
        """Of one contact, oldest first; of an erased one too."""
        ...

    async def consents_since(
        self, since: datetime | None, *, limit: int = 1000, page: str | None = None
    ) -> Page[ConsentRow]:
        """Of everybody, in the order in which they were entered."""
        ...

    async def consents_to_tell(self, channel: str, limit: int) -> ConsentsToTell:
        """Read the newest entries of addresses of a channel that its provider does not know yet, so many at most."""
        ...

    async def note_told(self, channel: str, upto: int, again: Mapping[int, int]) -> None:
        """Keep how far its provider was told. `again`: which entries it refused, by their keys, and how often."""
        ...

    async def check_consents(self, identifier: UUID) -> ChainCheck:
        """Whether the contact's entries are all there, and as they were entered."""
        ...

    async def wording(self, sha256: str) -> WordingRow | None: ...

    async def export(self, identifier: UUID) -> Mapping[str, Any]:
        """Everything that is held of a contact, as JSON, values in the clear: for the person."""
        ...

    async def lists(self) -> tuple[ListRow, ...]: ...

    async def suppressions(
        self, kind: AddressKind | None = None, *, limit: int = 50, page: str | None = None
    ) -> Page[SuppressionRow]:
        """Newest first, lifted ones too."""
        ...

    async def verifications(self, address: UUID, since: datetime) -> tuple[VerificationRow, ...]:
        """Newest first: the open one, if any, and how many were begun since then."""
        ...

    async def directory_version(self) -> int: ...

    async def picture(self) -> Picture:
        """All people, as far as it decides who is told."""
        ...
