"""Signing up: somebody writes down an address, and shows with what comes there that it is theirs.

Until then nothing changes for whom it belongs to: it may have been written down by somebody else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.clock import Clock
from tocsin.core.consent import ConsentSource
from tocsin.core.errors import AddressTakenError, LedgerError, NotFoundError, TocsinError, TooManySendsError
from tocsin.core.facts import Emit, Trouble
from tocsin.core.verification import By
from tocsin.core.wording import Wording
from tocsin.ledger.contract.people import AddressDraft, AddressRow, ConsentRule, ContactDraft, People
from tocsin.pipeline.people.verification import Verification

PERSON = "person"
MOST_STARTS, MOST_SENDS = 3, 6  # codes a day for one address, by whomever, and times that they are sent
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody asks for. `chosen` narrows what they hear of, as `match` of the preferences has it. `ip` and
    `user_agent` are of whoever asks.
    """

    address: AddressValue
    wording: Wording
    chosen: Mapping[str, Any]
    ip: str = ""
    user_agent: str = ""

    @property
    def consent(self) -> dict[str, Any]:
        return consent_of(ConsentSource.SIGN_UP_PAGE, self.wording, self.ip, self.user_agent)


class SigningUp:
    """`rule` is the one about consent that is in force; `public_url` is where people reach us."""

    def __init__(
        self,
        people: People,
        verification: Verification,
        *,
        rule: Callable[[], ConsentRule],
        public_url: Callable[[], str | None],
        clock: Clock,
        emit: Emit,
    ) -> None:
        self._people = people
        self._verification = verification
        self._rule = rule
        self._public_url = public_url
        self._clock = clock
        self._emit = emit

    def reaches(self, kind: AddressKind) -> bool:
        """Whether whoever has such an address can show it now."""
        return self._verification.reaches(kind, self._public_url())

    async def begin(self, asked: SignUp, by: By) -> None:
        """Send a code, or a link to a mailbox, unless there were too many. Whoever asks is not told what came of it:
        that would tell whether the address is known.
        """
        try:
            await self._people.keep_wording(asked.wording.version, asked.wording.text)
            address = await self._kept(asked.address)
            if asked.address.kind is AddressKind.PHONE:
                await self.send_code(address, by, asked.consent)
            else:
                url = self._public_url()
                await self._verification.send_link(address.contact, address.id, url, asked.consent, anew=True)
        except LedgerError as problem:
            self._emit(Trouble("sign_up_lost", problem.message))
        except TocsinError:
            return  # too often, a landline, nobody who could send it: that was told as `Verified`, and to nobody else

    async def send_code(self, phone: AddressRow, by: By, consent: Mapping[str, Any] | None) -> None:
        """`consent` is entered with the right code; none: it shows who asks. Raises what `Verification.send_code` does,
        and TooManySendsError after so many a day.
        """
        now = self._clock.now()
        begun = await self._people.verifications(phone.id, now - _DAY)
        waits = bool(begun) and begun[0].ended_at is None and begun[0].expires_at > now
        if (len(begun) >= MOST_STARTS and not waits) or sum(one.sends for one in begun) >= MOST_SENDS:
            raise TooManySendsError("too many codes were sent there today", _DAY.total_seconds())
        await self._verification.send_code(phone.contact, phone.id, by, consent, anew=True)

    async def check_code(self, phone: AddressRow, code: str) -> AddressRow:
        """Raises what `Verification.check_code` does."""
        return await self._verification.check_code(phone.contact, phone.id, code, PERSON)

    async def finish(self, asked: SignUp, code: str) -> AddressRow:
        """The right code: the phone is told from now on. Raises what `check_code` does, and NotFoundError."""
        phone = await self._people.by_value(asked.address)
        if phone is None:
            raise NotFoundError("no code was sent there")
        phone = await self.check_code(phone, code)
        await self._narrow(phone.contact, asked.chosen)
        return phone

    async def take_browser(self, draft: AddressDraft, chosen: Mapping[str, Any]) -> AddressRow:
        """A browser has shown by its subscription that it is there: it is told from now on. One that is known by the
        very same keys is whom it was.
        """
        known = await self._people.by_value(draft.value)
        kept = None if known is None else await self._people.reveal(known.slot)
        if known is None or kept != draft.value.secret:
            contact = (await self._people.create(ContactDraft(), PERSON, self._rule(), by_person=True)).id
        else:
            contact = known.contact
        browser, _ = await self._people.add(contact, draft, PERSON, self._rule(), by_person=True)
        await self._narrow(contact, chosen)
        return browser

    async def _narrow(self, identifier: UUID, chosen: Mapping[str, Any]) -> None:
        """To what was chosen, where anything was."""
        if not chosen:
            return
        contact = await self._people.contact(identifier)
        match = dict(contact.preferences.get("match", {})) | dict(chosen)
        await self._people.prefer(contact.id, dict(contact.preferences) | {"match": match})

    async def follow(self, token: str) -> AddressRow:
        """The mailbox whose link this is. Raises what `Verification.follow` does."""
        return await self._verification.follow(token)

    async def _kept(self, value: AddressValue) -> AddressRow:
        """Each address is a contact of its own: what somebody writes down beside it proves nothing."""
        known = await self._people.by_value(value)
        if known is not None:
            return known
        draft = ContactDraft(addresses=(AddressDraft(value=value),))
        try:
            contact = await self._people.create(draft, PERSON, self._rule(), by_person=True)
        except AddressTakenError:  # by somebody who signed up at the same moment
            known = await self._people.by_value(value)
            if known is None:
                raise
            return known
        return contact.addresses[0]


def consent_of(source: ConsentSource, wording: Wording, ip: str, user_agent: str = "") -> dict[str, Any]:
    """As it is kept until the answer comes."""
    return {"source": source.value, "wording": wording.version, "ip": ip or None, "user_agent": user_agent or None}
