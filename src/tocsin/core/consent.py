"""Consent: a history that only grows; the newest entry about an address decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tocsin.core.address import AddressState, AddressWhy, Consent
from tocsin.core.secret import Secret


class ConsentEvent(StrEnum):
    GRANTED = "granted"
    CONFIRMED = "confirmed"  # with a right code or link: it is theirs
    WITHDRAWN = "withdrawn"
    RESUMED = "resumed"  # START: what was withdrawn is granted again
    IMPORTED = "imported"  # with evidence
    REFUSED_BY_PROVIDER = "refused_by_provider"  # opted out there, reported as spam, or dead


class ConsentSource(StrEnum):
    SIGN_UP_PAGE = "sign_up_page"
    API = "api"
    IMPORT = "import"
    INBOUND_TEXT = "inbound_text"
    MAIL_BUTTON = "mail_button"
    PREFERENCE_PAGE = "preference_page"
    PROVIDER = "provider"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with an address."""

    state: AddressState = AddressState.UNVERIFIED
    why: AddressWhy | None = None
    consent: Consent = Consent.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWord:
    """What the newest entry about a number says, as a provider is told it. `id` is the entry's own."""

    id: UUID
    number: Secret
    granted: bool
    source: ConsentSource
    at: datetime


@dataclass(frozen=True, slots=True)
class ConsentTold:
    """`refused`: why a provider did not take an entry, by its id; what is not there it took. `failed`: why it took
    nothing at all, and is to be asked again.
    """

    refused: Mapping[UUID, str] = field(default_factory=dict)
    failed: str = ""
