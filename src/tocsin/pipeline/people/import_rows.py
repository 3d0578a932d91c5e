"""A row of a file of people becomes what is to be kept, or a word on everything that is wrong with it."""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from tocsin.core.address import AddressValue
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import Detail, InvalidRequestError, TocsinError
from tocsin.ledger.contract.people import AddressDraft, ConsentDraft, ImportedRow, ImportResult, ImportRow
from tocsin.pipeline.people.bounds import LOCALE, LONGEST_LINE, LONGEST_LOCALE, LONGEST_TAG, LONGEST_WORDING, MOST_TAGS
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import AS_TEXT, phone_of
from tocsin.pipeline.people.table import TableRow
from tocsin.pipeline.people.zone import zone_of

T = TypeVar("T")

CONSENT = ("consent_at", "consent_source", "consent_text")

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_BETWEEN_TAGS = re.compile(r"[;|,]")


class RowReader:
    """`countries` are those whose numbers are taken; `author` on whose word the file is."""

    def __init__(self, countries: Collection[str], author: str, now: datetime) -> None:
        self._countries = countries
        self._author = author
        self._now = now

    def read(self, row: TableRow) -> ImportRow | ImportedRow:
        """The latter where it is invalid, with every detail that is."""
        if row.problem:
            return _invalid(row.row, InvalidRequestError(row.problem))
        reading = _Reading(row)
        addresses = [
            value
            for value in (
                reading.cell("phone", lambda text: phone_of(text, self._countries)),
                reading.cell("email", mailbox_of),
            )
            if value is not None
        ]
        made = ImportRow(
            row=row.row,
            external_id=reading.cell("external_id", _line),
            name=reading.cell("name", _line),
            zone=reading.cell("zone", zone_of),
            locale=reading.cell("locale", _locale),
            tags=reading.tags(),
            addresses=self._drafts(reading, addresses),
        )
        if not (addresses or made.external_id or reading.problems):
            reading.problems.append(InvalidRequestError("it has neither phone nor email nor external_id"))
        return _invalid(row.row, *reading.problems) if reading.problems else made

    def _drafts(self, reading: "_Reading", values: Iterable[AddressValue]) -> tuple[AddressDraft, ...]:
        consent = self._consent(reading)
        return tuple(AddressDraft(value=value, consent=consent) for value in values)

    def _consent(self, reading: "_Reading") -> ConsentDraft | None:
        """It speaks for every address of the row. Without all that proves it there is none."""
        at = reading.cell("consent_at", self._past)
        source = reading.cell("consent_source", _line)
        wording = reading.cell("consent_text", _wording)
        if not (at and source and wording):
            return None
        return ConsentDraft(
            event=ConsentEvent.IMPORTED,
            source=ConsentSource.IMPORT,
            author=self._author,
            at=at,
            wording=wording,
            evidence={"source": source, "row": reading.row.row},
        )

    def _past(self, text: str) -> datetime:
        moment = _moment(text)
        if moment > self._now:
            raise _wrong("consent_at", "lies in the future")
        return moment


class _Reading:
    """Reads one row, cell by cell, and gathers what is wrong."""

    def __init__(self, row: TableRow) -> None:
        self.row = row
        self.problems: list[TocsinError] = []

    def cell(self, column: str, read: Callable[[str], T]) -> T | None:
        value = self.row.cells.get(column)
        if value is None:
            return None
        try:
            return read(_text(column, value))
        except TocsinError as problem:
            told = [Detail(column, detail.message) for detail in problem.details] or [Detail(column, problem.message)]
            self.problems.append(type(problem)(problem.message, told))
        return None

    def tags(self) -> frozenset[str]:
        """From one cell by `;`, `|` or commas, or from a JSON array."""
        value = self.row.cells.get("tags", "")
        words = _BETWEEN_TAGS.split(value) if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.problems.append(_wrong("tags", "must be text, or a list of texts"))
            return frozenset()
        tags = frozenset(word.strip() for word in words if word.strip())
        if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG or not tag.isprintable() for tag in tags):
            told = f"are at most {MOST_TAGS} words of up to {LONGEST_TAG} printable characters"
            self.problems.append(_wrong("tags", told))
        return tags


def _text(column: str, value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if column == "external_id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if column == "phone" and isinstance(value, float):
        raise _wrong(column, AS_TEXT)
    raise _wrong(column, "must be text, in quotes")


def _line(text: str) -> str:
    if len(text) > LONGEST_LINE or not text.isprintable():
        raise _wrong("", f"has at most {LONGEST_LINE} printable characters")
    return text


def _wording(text: str) -> str:
    if len(text) > LONGEST_WORDING:
        raise _wrong("", f"has at most {LONGEST_WORDING:,} characters")
    return text


def _locale(text: str) -> str:
    if len(text) > LONGEST_LOCALE or not re.fullmatch(LOCALE, text):
        raise _wrong("locale", 'is a language, like "en" or "pt-BR"')
    return text.replace("_", "-")


def _moment(text: str) -> datetime:
    """A day, or a time; in UTC where it names no zone: it says how old the consent is, not to the hour."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong("consent_at", "is a day or a time, like 2026-11-20 or 2026-11-20T14:00:00Z") from None


def _wrong(column: str, problem: str) -> InvalidRequestError:
    return InvalidRequestError.at(Detail(column, problem))


def _invalid(row: int, *problems: TocsinError) -> ImportedRow:
    """By the word of the first, with the details of all."""
    first = problems[0]
    details = [detail for problem in problems for detail in problem.details]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    error = type(first)(first.message + more, details).as_json()["error"]
    return ImportedRow(row=row, result=ImportResult.INVALID, error=error)
