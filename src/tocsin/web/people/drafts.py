"""What a request says of people becomes what is to be kept, or a word on everything that is wrong with it."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field

from tocsin.core.address import AddressValue, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import Detail, InvalidRequestError, TocsinError
from tocsin.ledger.contract.people import AddressDraft, ConsentDraft, ContactDraft
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of
from tocsin.pipeline.people.zone import zone_of
from tocsin.web.people.words import MOST_ADDRESSES, Asked, Label, Line, Locale, Moment, Prose, Tags, Written

T = TypeVar("T")


class Said(Asked):
    """`wording`: what the person was shown, in full, or the version of one that is kept. `at`: when they said so, not
    in the future; without it, now. `evidence`: whatever else shows it.
    """

    source: ConsentSource
    wording: Prose | None = None
    at: Moment | None = None
    evidence: Any = None


class AskedConsent(Said):
    """That it is given needs the wording."""

    wording: Prose


class AskedPhone(Asked):
    """`number` as people write it; without a country code where all of `people.countries` share one."""

    number: Written
    consent: AskedConsent | None = None


class AskedMailbox(Asked):
    address: Written
    consent: AskedConsent | None = None


class Described(Asked):
    """Whatever is said of a person beside the ways to reach them."""

    name: Line = ""
    external_id: Label | None = None
    zone: Written | None = None
    locale: Locale | None = None
    tags: Tags = ()


class AskedContact(Described):
    """`external_id` is how your own system knows the person."""

    phones: Annotated[list[AskedPhone], Field(max_length=MOST_ADDRESSES)] | None = None
    mailboxes: Annotated[list[AskedMailbox], Field(max_length=MOST_ADDRESSES)] | None = None


class Reading:
    """Reads one request, and goes on where something is wrong: `done` tells of all of it. `countries`: whose numbers
    are taken; `author`: on whose word it is.
    """

    def __init__(self, countries: Collection[str], author: str, now: datetime) -> None:
        self._countries = countries
        self._author = author
        self._now = now
        self._problems: list[TocsinError] = []

    def contact(self, asked: AskedContact) -> ContactDraft:
        phones = [self.phone(one, f"phones.{at}.") for at, one in enumerate(asked.phones or ())]
        mailboxes = [self.mailbox(one, f"mailboxes.{at}.") for at, one in enumerate(asked.mailboxes or ())]
        silent = asked.phones is None and asked.mailboxes is None
        return ContactDraft(
            name=asked.name,
            external_id=asked.external_id,
            zone=self.zone(asked.zone),
            locale=locale_of(asked.locale),
            tags=frozenset(asked.tags),
            addresses=None if silent else tuple(one for one in (*phones, *mailboxes) if one is not None),
        )

    def phone(self, asked: AskedPhone, path: str = "") -> AddressDraft | None:
        value = self._read(path + "number", lambda: phone_of(asked.number, self._countries))
        return self._address(value, asked.consent, path)

    def mailbox(self, asked: AskedMailbox, path: str = "") -> AddressDraft | None:
        return self._address(self._read(path + "address", lambda: mailbox_of(asked.address)), asked.consent, path)

    def zone(self, written: str | None) -> str | None:
        return self._read("zone", lambda: zone_of(written)) if written else None

    def consent(
        self,
        asked: Said,
        path: str = "",
        *,
        event: ConsentEvent = ConsentEvent.GRANTED,
        why: AddressWhy | None = None,
    ) -> ConsentDraft:
        self.past(asked.at, path + "at")
        return ConsentDraft(
            event=event,
            source=asked.source,
            author=self._author,
            at=asked.at,
            wording=asked.wording,
            why=why,
            evidence=asked.evidence,
        )

    def past(self, at: datetime | None, path: str) -> None:
        if at is not None and at > self._now:
            self._problems.append(wrong(path, "lies in the future"))

    def done(self) -> None:
        """Raises what is wrong, by the word of the first, with the details of all."""
        if not self._problems:
            return
        first = self._problems[0]
        more = f" (and {len(self._problems) - 1} more)" if len(self._problems) > 1 else ""
        raise type(first)(first.message + more, [detail for each in self._problems for detail in each.details])

    def _address(self, value: AddressValue | None, asked: AskedConsent | None, path: str) -> AddressDraft | None:
        consent = None if asked is None else self.consent(asked, f"{path}consent.")
        return None if value is None else AddressDraft(value=value, consent=consent)

    def _read(self, path: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except InvalidRequestError as problem:
            told = [Detail(path, detail.message) for detail in problem.details]
            self._problems.append(type(problem)(problem.message, told))
        return None


def locale_of(written: str | None) -> str | None:
    return written.replace("_", "-") if written else None


def wrong(path: str, message: str) -> InvalidRequestError:
    return InvalidRequestError.at(Detail(path, message))
