"""Contacts and their addresses: as they are to be kept, as they are kept, and which are looked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict
from uuid import UUID

from tocsin.core.address import AddressKind, AddressState, AddressValue, AddressWhy, Consent
from tocsin.core.consent import Standing
from tocsin.core.record import rfc3339
from tocsin.ledger.contract.consents import ConsentDraft, ConsentRow


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


@dataclass(frozen=True, slots=True)
class Erased:
    at: datetime
    kept: tuple[str, ...] = ("suppression", "consent hashes")


@dataclass(frozen=True, slots=True)
class Entered:
    """What an entry did: it stands in the history, and so the address stands now."""

    consent: ConsentRow
    address: AddressRow
    moved: bool = False
