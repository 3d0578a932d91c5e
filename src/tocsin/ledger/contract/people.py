"""People: who is kept, by which ways they are reached, and what they have said to that.

Times are UTC. Values that reach a person go in and come out as secrets; what may be seen of them is `shown`. Every verb
that changes who may be told raises the directory's version in its transaction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypedDict
from uuid import UUID

from tocsin.core.address import AddressKind, AddressState, AddressValue, AddressWhy, Consent
from tocsin.core.consent import ConsentEvent, ConsentSource, ConsentWord, Standing
from tocsin.core.delivery import Delivery
from tocsin.core.recipients import Audience
from tocsin.core.record import rfc3339
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal
from tocsin.ledger.contract.history import Page

ConsentRule = Callable[[Standing, ConsentEvent, AddressWhy | None], Standing]
"""What an entry makes of an address that stands so: `rules.consent.standing_after`."""

LeavingListener = Callable[[Sequence[Delivery]], None]
"""Hears which deliveries were cancelled since whom they waited for may not be told any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDraft:
    """What is to be entered. `at`: when it was said, never later than now; none is now. `wording`: what the person was
    shown, in full, or the version of one that is kept. `why` goes with what is withdrawn or refused. `author`: on whose
    word, `token:moderator`, `person`, `provider:twilio`. `provider`: what it said, with nothing of the person in it.
    """

    event: ConsentEvent
    source: ConsentSource
    author: str
    at: datetime | None = None
    wording: str | None = None
    why: AddressWhy | None = None
    ip: str | None = None
    user_agent: str | None = None
    evidence: Any = None
    provider: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDraft:
    """An address to be kept. `device` is the app's own id of it (devices alone). A device or browser needs no
    `consent`: its person allowed it there.
    """

    value: AddressValue
    consent: ConsentDraft | None = None
    device: str | None = None
    platform: str | None = None
    app_version: str | None = None
    sounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """A contact to be kept. `addresses` are all of its phones and mailboxes; none leaves those that are there."""

    name: str = ""
    external_id: str | None = None
    zone: str | None = None
    locale: str | None = None
    tags: frozenset[str] = frozenset()
    addresses: tuple[AddressDraft, ...] | None = None


class ContactChange(TypedDict, total=False):
    """What is not there stays as it is."""

    name: str
    external_id: str | None
    zone: str | None
    locale: str | None
    tags: frozenset[str]
    paused_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """An address as it is kept. `slot` is its key: never given to another. `zone`: where a number belongs."""

    slot: int
    id: UUID
    contact: UUID
    kind: AddressKind
    shown: str
    state: AddressState
    why: AddressWhy | None
    consent: Consent
    zone: str | None
    device: str | None
    platform: str | None
    app_version: str | None
    sounds: tuple[str, ...]
    last_seen_at: datetime | None
    verified_at: datetime | None
    created_at: datetime

    @property
    def standing(self) -> Standing:
        return Standing(self.state, self.why, self.consent)

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": str(self.id),
            "kind": self.kind.value,
            "shown": self.shown,
            "state": self.state.value,
            "why": self.why and self.why.value,
            "consent": self.consent.value,
            "verified_at": self.verified_at and rfc3339(self.verified_at),
            "created_at": rfc3339(self.created_at),
        }
        if self.kind in (AddressKind.DEVICE, AddressKind.BROWSER):
            told["last_seen_at"] = self.last_seen_at and rfc3339(self.last_seen_at)
        if self.kind is AddressKind.DEVICE:
            told |= {"device": self.device, "platform": self.platform, "app_version": self.app_version}
            told["sounds"] = list(self.sounds)
        return told


class ContactState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"  # until `paused_until`


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """A contact as it is kept. `version` grows with each change of it."""

    id: UUID
    external_id: str | None
    name: str
    tags: tuple[str, ...]
    zone: str | None
    locale: str | None
    state: ContactState
    paused_until: datetime | None
    addresses: tuple[AddressRow, ...]
    preferences: Mapping[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "external_id": self.external_id,
            "name": self.name,
            "tags": list(self.tags),
            "zone": self.zone,
            "locale": self.locale,
            "state": self.state.value,
            "paused_until": self.paused_until and rfc3339(self.paused_until),
            "addresses": [address.as_json() for address in self.addresses],
            "preferences": dict(self.preferences),
            "version": self.version,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQuery:
    """Which contacts. `text`: every word of it in the name or the external id, or the address `value` that it reads as.

    `state`: `active` or `paused` contacts, or those with an address (of that `kind`, where given) that is `unverified`,
    `suppressed` or `dead`. `limit` is 1 to 1000.
    """

    text: str = ""
    value: AddressValue | None = None
    tag: str | None = None
    state: str | None = None
    kind: AddressKind | None = None
    limit: int = 50
    page: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """One entry. `hash` covers all of it and `previous`, the hash of the entry before for that contact."""

    id: UUID
    contact: UUID
    at: datetime
    address: UUID
    lookup: bytes
    channel: str
    event: ConsentEvent
    source: ConsentSource
    wording: str | None  # its SHA-256
    wording_version: str | None
    ip: str | None
    user_agent: str | None
    evidence: Any
    private: str  # the keyed hash of the three before, which erasing takes out
    provider: Any
    author: str
    previous: str | None
    hash: str

    def as_json(self) -> dict[str, Any]:
        wording = {"version": self.wording_version, "sha256": self.wording} if self.wording else None
        return {
            "id": str(self.id),
            "at": rfc3339(self.at),
            "contact": str(self.contact),
            "address": str(self.address),
            "channel": self.channel,
            "event": self.event.value,
            "source": self.source.value,
            "wording": wording,
            "ip": self.ip,
            "user_agent": self.user_agent,
            "evidence": self.evidence,
            "provider": self.provider,
            "by": self.author,
            "previous": self.previous,
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came from an address, or was reported of it, and what is to be entered of it; nothing where it says nothing
    of consent.
    """

    signal: Signal
    value: AddressValue
    draft: ConsentDraft | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentsToTell:
    """What a channel's provider is to be told next, with the ledger's key of each entry and how often it was refused.
    `upto` is where the cursor stands after these. `begins`: it stood nowhere, since nobody was to be told before;
    `moved`: it has to be kept anew. `nobody` is kept at all yet.
    """

    upto: int
    nobody: bool = False
    begins: bool = False
    words: tuple[ConsentWord, ...] = ()
    keys: Mapping[UUID, int] = field(default_factory=dict)
    tries: Mapping[UUID, int] = field(default_factory=dict)
    moved: bool = False


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Of a contact's entries: how many there are, and the first that does not fit; `broken` without one: the newest was
    taken away.
    """

    entries: int
    broken: bool = False
    at: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingRow:
    """What people were asked or told, kept once by its hash."""

    sha256: str
    version: str | None
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRow:
    """Somebody who is not to be told, whether there is such a contact or not. In force while it was not lifted."""

    id: UUID
    kind: AddressKind
    shown: str
    why: AddressWhy
    reason: str
    author: str
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "kind": self.kind.value,
            "shown": self.shown,
            "why": self.why.value,
            "reason": self.reason,
            "by": self.author,
            "at": rfc3339(self.at),
            "lifted_at": self.lifted_at and rfc3339(self.lifted_at),
            "lifted_by": self.lifted_by,
            "lifted_reason": self.lifted_reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """A list that is kept by calls: everybody with `tag`, or these `contacts`. No `max_recipients`: the channel's."""

    channel: str
    name: str
    tag: str | None = None
    contacts: tuple[UUID, ...] = ()
    max_recipients: int | None = None

    def as_json(self) -> dict[str, Any]:
        whom: dict[str, Any] = {"tag": self.tag} if self.tag else {"contacts": [str(each) for each in self.contacts]}
        return {
            "channel": self.channel,
            "name": self.name,
            **whom,
            "max_recipients": self.max_recipients,
            "fair": "rotate",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRow:
    """A code or a link that was asked for. `way`: sms, call or mail. `ended_at` and `result` are none while it is open;
    `consent` is what will be entered with the right answer.
    """

    id: UUID
    address: UUID
    way: str
    reference: str | None
    started_at: datetime
    sent_at: datetime
    expires_at: datetime
    sends: int
    checks: int
    ended_at: datetime | None
    result: str | None
    consent: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "address": str(self.address),
            "by": self.way,
            "started_at": rfc3339(self.started_at),
            "sent_at": rfc3339(self.sent_at),
            "expires_at": rfc3339(self.expires_at),
            "sends": self.sends,
            "checks": self.checks,
            "ended_at": self.ended_at and rfc3339(self.ended_at),
            "result": self.result,
        }


class ImportResult(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """A row of a file, read. What is none leaves what is there. `tags` are added."""

    row: int
    external_id: str | None = None
    name: str | None = None
    zone: str | None = None
    locale: str | None = None
    tags: frozenset[str] = frozenset()
    addresses: tuple[AddressDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """A row of a file was imported: `note` says what was left out; `error`, in the form of all errors, why nothing was
    taken. `again`: it was taken before, and passed by now.
    """

    row: int
    result: ImportResult
    contact: UUID | None = None
    addresses: tuple[UUID, ...] = ()  # added by it, and not verified
    note: str = ""
    error: Mapping[str, Any] | None = None
    again: bool = False

    def as_json(self) -> dict[str, Any]:
        told = {"row": self.row, "result": self.result.value, "contact": self.contact and str(self.contact)}
        return told | {"note": self.note, "error": self.error}


@dataclass(frozen=True, slots=True)
class Erased:
    at: datetime
    kept: tuple[str, ...] = ("suppression", "consent hashes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All people at one version of the directory, as sets of slots: by kind, by tag, by what they prefer (as JSON, with
    the zone that holds for the address), by the end of a pause. `lists` are those that calls keep, each with all
    addresses of the contacts whom it names. `willing` may be told; `contacts` has at each slot whose it is, 0 where it
    is nobody's any more. `zones`: who lives where, as far as that is known.
    """

    version: int
    kinds: Mapping[AddressKind, Audience]
    tags: Mapping[str, Audience]
    suppressed: Audience
    willing: Audience
    paused: tuple[tuple[datetime, Audience], ...]
    wishes: Mapping[tuple[str, str | None], Audience]
    lists: tuple[tuple[ListRow, Audience], ...]
    zones: Mapping[str, Audience]
    contacts: Sequence[int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entered:
    """What an entry did: it stands in the history, and so the address stands now."""

    consent: ConsentRow
    address: AddressRow
    moved: bool = False


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
