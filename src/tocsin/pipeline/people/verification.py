"""Phones are verified by a code that comes back, mailboxes by a link that is followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from tocsin.access.passes import LIFE, Passes, Purpose
from tocsin.channels.abilities import SendsLinks, Verifies
from tocsin.core.address import AddressKind, AddressState
from tocsin.core.clock import Clock
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import (
    AlreadyVerifiedError,
    CodeExpiredError,
    Detail,
    FraudGuardError,
    InvalidMailboxError,
    InvalidPhoneError,
    LandlineError,
    NotFoundError,
    ProviderUnavailableError,
    TocsinError,
    TooManyChecksError,
    TooManySendsError,
    VerificationOffError,
    WrongCodeError,
)
from tocsin.core.facts import Emit, Trouble, Verified
from tocsin.core.secret import Secret
from tocsin.core.verification import Approved, By, Hindered, Hindrance
from tocsin.ledger.contract.people import AddressRow, ConsentDraft, ContactRow, People, VerificationRow
from tocsin.pipeline.active import Active

RESEND_AFTER = timedelta(seconds=30)
MOST_CHECKS = 5  # of one code
LINK_LIFE = LIFE[Purpose.CONFIRMATION] or timedelta.max
MOST_LINKS, LINKS_IN = 3, timedelta(days=1)  # to one mailbox

SHOWS_ONLY: Mapping[str, Any] = MappingProxyType({"enters": "nothing"})

_MAIL = "mail"
_NOT_THERE = {
    Hindrance.INVALID_NUMBER: ("number", "the provider knows no such number"),
    Hindrance.NO_SUCH_MAILBOX: ("address", "the server of that mailbox takes no mail for it"),
}
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Begun:
    """A code or a link is on its way: not sent again before `resend_after`, and `sends_left` times at most."""

    expires_at: datetime
    sends_left: int
    resend_after: timedelta = RESEND_AFTER


class Verification:
    """Raises NotFoundError for a contact or an address that is not there."""

    def __init__(self, people: People, active: Active, passes: Passes, clock: Clock, emit: Emit) -> None:
        self._people = people
        self._active = active
        self._passes = passes
        self._clock = clock
        self._emit = emit

    def reaches(self, kind: AddressKind, public_url: str | None) -> bool:
        """Whether a code or a link could be sent to such an address, as things are configured now."""
        if kind is AddressKind.PHONE:
            return self._verifying() is not None
        return kind is AddressKind.MAILBOX and public_url is not None and self._linking() is not None

    async def send_code(
        self, contact: UUID, phone: UUID, by: By, consent: Mapping[str, Any] | None, *, anew: bool = False
    ) -> Begun:
        """Send a code, or the same again; `consent` is what will be entered with the right one, and none is nothing:
        it shows who asks. `anew`: whoever was verified before may show it again.

        Raises AlreadyVerifiedError, VerificationOffError, LandlineError, FraudGuardError, TooManySendsError,
        InvalidPhoneError and ProviderUnavailableError.
        """
        owner, address = await self._address(contact, phone, AddressKind.PHONE)
        channel = self._verifies()
        if not anew:
            _refuse_verified(address)
        entered = SHOWS_ONLY if consent is None else consent
        open_one = await self._open(address)
        again = open_one is not None and (open_one.way, open_one.consent) == (by, entered)
        if open_one is not None and again:
            self._refuse_soon(open_one)
        answer = await channel.send_code(await self._value(address), by, owner.locale)
        if isinstance(answer, Hindered):
            raise self._hindered(answer, by)
        self._emit(Verified(by, "sent"))
        if open_one is not None and again:
            await self._people.note_verification(open_one.id, sent=True)
        else:
            await self._people.begin_verification(
                address.id, by, reference=None, expires_at=answer.expires_at, consent=entered
            )
        return Begun(answer.expires_at, answer.sends_left)

    async def check_code(self, contact: UUID, phone: UUID, code: str, author: str) -> AddressRow:
        """The phone as it stands with the right code: active, and consented to.

        Raises WrongCodeError, CodeExpiredError, TooManyChecksError, VerificationOffError, ProviderUnavailableError.
        """
        _, address = await self._address(contact, phone, AddressKind.PHONE)
        channel = self._verifies()
        row = await self._open(address)
        if row is None:
            raise _expired()
        if row.checks >= MOST_CHECKS:
            raise TooManyChecksError("too many codes were tried: ask for another later", self._left(row))
        answer = await channel.check_code(await self._value(address), code)
        if isinstance(answer, Approved):
            return await self._approve(row, author)
        if answer.why is Hindrance.WRONG:
            tried = await self._people.note_verification(row.id, checked=True)
            self._emit(Verified(row.way, "wrong"))
            left = max(0, MOST_CHECKS - tried.checks)
            raise WrongCodeError(f"this is not the code that was sent; {left} more may be tried", checks_left=left)
        if answer.why is Hindrance.EXPIRED:
            await self._people.end_verification(row.id, answer.why.value)
            self._emit(Verified(row.way, answer.why.value))
            raise _expired()
        raise self._hindered(answer, row.way)

    async def send_link(
        self, contact: UUID, mailbox: UUID, public_url: str | None, consent: Mapping[str, Any], *, anew: bool = False
    ) -> Begun:
        """Send a link by which the owner of the mailbox confirms it; `anew`: also where that was done before.

        Raises AlreadyVerifiedError, VerificationOffError, TooManySendsError, ProviderUnavailableError.
        """
        owner, address = await self._address(contact, mailbox, AddressKind.MAILBOX)
        channel = self._linking()
        if channel is None:
            raise VerificationOffError("no channel here sends mail: alerts.channels.email says whether")
        if public_url is None:
            raise VerificationOffError("a link leads nowhere before server.public_url says where people reach us")
        if not anew:
            _refuse_verified(address)
        now = self._clock.now()
        before = await self._people.verifications(address.id, now - LINKS_IN)
        if len(before) >= MOST_LINKS:
            wait = before[-1].started_at + LINKS_IN - now
            raise TooManySendsError(f"{MOST_LINKS} links a day go to one mailbox", wait.total_seconds())
        row = await self._people.begin_verification(
            address.id, _MAIL, reference=None, expires_at=now + LINK_LIFE, consent=consent
        )
        link = f"{public_url}/join/{self._passes.make(Purpose.CONFIRMATION, row.id.bytes, now)}"
        hindered = await channel.send_link(await self._value(address), link, owner.locale)
        if hindered is not None:
            await self._people.end_verification(row.id, hindered.why.value)
            raise self._hindered(hindered, _MAIL)
        self._emit(Verified(_MAIL, "sent"))
        return Begun(row.expires_at, MOST_LINKS - len(before) - 1)

    async def follow(self, token: str) -> AddressRow:
        """The mailbox whose link this is, confirmed. Raises CodeExpiredError for one that is over, or was used."""
        found = self._passes.read(Purpose.CONFIRMATION, token, self._clock.now())
        if found is None or found.expired:
            raise _expired()
        try:
            row = await self._people.note_verification(UUID(bytes=found.content), checked=True)
            return await self._approve(row, "person")
        except NotFoundError:
            raise _expired() from None

    async def _approve(self, row: VerificationRow, author: str) -> AddressRow:
        draft = None if row.consent == SHOWS_ONLY else _draft(row.consent, author)
        rule = self._active.rulebook.people.standing_after
        address = await self._people.end_verification(row.id, "approved", draft, rule)
        self._emit(Verified(row.way, "approved"))
        return address

    async def _address(self, contact: UUID, address: UUID, kind: AddressKind) -> tuple[ContactRow, AddressRow]:
        owner = await self._people.contact(contact)
        found = next((one for one in owner.addresses if (one.id, one.kind) == (address, kind)), None)
        if found is None:
            raise NotFoundError(f"this contact has no such {kind}")
        return owner, found

    async def _value(self, address: AddressRow) -> Secret:
        value = await self._people.reveal(address.slot)
        if value is None:
            raise NotFoundError(f"this contact has no such {address.kind}")
        return value

    def _verifies(self) -> Verifies:
        channel = self._verifying()
        if channel is None:
            raise VerificationOffError("no channel here sends codes: alerts.channels.sms.verify_service says whether")
        return channel

    def _verifying(self) -> Verifies | None:
        channels = self._active.channels.values()
        return next((one for one in channels if isinstance(one, Verifies) and one.verifies), None)

    def _linking(self) -> SendsLinks | None:
        return next((one for one in self._active.channels.values() if isinstance(one, SendsLinks)), None)

    async def _open(self, address: AddressRow) -> VerificationRow | None:
        """The newest, where it waits for an answer."""
        now = self._clock.now()
        rows = await self._people.verifications(address.id, now - _A_DAY)
        newest = rows[0] if rows else None
        if newest is None or newest.ended_at is not None or newest.expires_at <= now:
            return None
        return newest

    def _refuse_soon(self, row: VerificationRow) -> None:
        wait = row.sent_at + RESEND_AFTER - self._clock.now()
        if wait > timedelta():
            raise TooManySendsError("a code was sent a moment ago: it may be on its way", wait.total_seconds())

    def _left(self, row: VerificationRow) -> float:
        return (row.expires_at - self._clock.now()).total_seconds()

    def _hindered(self, answer: Hindered, way: str) -> TocsinError:
        self._emit(Verified(way, answer.why.value))
        if answer.why is Hindrance.MISCONFIGURED:
            self._emit(
                Trouble("codes_refused", answer.detail, "Look at the service for codes, its account and its key.")
            )
        wait = answer.after.total_seconds() if answer.after is not None else None
        if answer.why in _NOT_THERE:
            return _not_there(answer.why)
        match answer.why:
            case Hindrance.LANDLINE:
                return LandlineError("this number takes no texts: ask for the code by call")
            case Hindrance.BLOCKED:
                return FraudGuardError("the provider lets no code through to this number, to guard against fraud")
            case Hindrance.TOO_MANY_SENDS:
                return TooManySendsError("too many codes were sent to this number", wait or 60.0)
            case Hindrance.TOO_MANY_CHECKS:
                return TooManyChecksError("too many codes were tried: ask for another later", wait or 60.0)
            case _:
                return ProviderUnavailableError("the provider can send and check no codes now", wait or 30.0)


def _draft(told: Mapping[str, Any], author: str) -> ConsentDraft:
    return ConsentDraft(
        event=ConsentEvent.CONFIRMED,
        source=ConsentSource(told.get("source", ConsentSource.API.value)),
        author=author,
        wording=told.get("wording"),
        ip=told.get("ip"),
        user_agent=told.get("user_agent"),
        evidence=told.get("evidence"),
    )


def _not_there(why: Hindrance) -> TocsinError:
    path, told = _NOT_THERE[why]
    fault = InvalidPhoneError if why is Hindrance.INVALID_NUMBER else InvalidMailboxError
    return fault(told, [Detail(path, told)])


def _refuse_verified(address: AddressRow) -> None:
    """One that an import has proven may be verified all the same."""
    if address.state is AddressState.ACTIVE and address.verified_at is not None:
        raise AlreadyVerifiedError(f"{address.shown} was verified already")


def _expired() -> CodeExpiredError:
    return CodeExpiredError("no code is waited for: it has expired, or was used; ask for another")
