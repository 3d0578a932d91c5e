"""Consent: a history that only grows; the newest entry about an address decides."""

from dataclasses import dataclass
from enum import StrEnum

from tocsin.core.address import AddressState, AddressWhy, Consent


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
