"""Consent as the ledger keeps it: what is entered, what stands in the history, and to which words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tocsin.core.address import AddressKind, AddressValue, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource, ConsentWord, Standing
from tocsin.core.record import rfc3339
from tocsin.core.signal import Signal

ConsentRule = Callable[[Standing, ConsentEvent, AddressWhy | None], Standing]
"""What an entry makes of an address that stands so: `rules.consent.standing_after`."""


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
