"""Several alerts for one person as one mail: the most important first, and what is over by now at the end, as such."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from zoneinfo import ZoneInfo

from tocsin.channels.contract import Attempt, Link
from tocsin.channels.email.house import House
from tocsin.channels.email.letter import ASKING, LONGEST_SUBJECT, SHEETS, Told, before, foot, why_of
from tocsin.channels.email.mail import Links, Mail
from tocsin.channels.pages import Pages
from tocsin.channels.text import cut, plain, utf16
from tocsin.core.record import AlertRecord

_NAMED = 2  # products in the subject
_NAME = 50
_OVER = "Sold out"


def digest_of(attempt: Attempt, link: Link, pages: Pages, house: House) -> Mail:
    """The mail of an attempt whose members are for one person; `link` leads to each product."""
    recipient = attempt.members[0].recipient
    zone = recipient.zone if recipient is not None else None
    own = replace(Links.of(attempt.members[0], link, pages), answer=None)  # each alert is answered by itself
    entries = sorted(
        (
            _Entry.of(each.record, Told.of(each.record, attempt.target, Links.of(each, link, pages), house), zone)
            for each in attempt.members
        ),
        key=_Entry.place,
    )
    subject = _subject(entries)
    why = f"{why_of(attempt.target, house)} It gathers what may wait; what is urgent comes at once."
    title = "Your digest"
    lead = f"{len(entries)} {'alert' if len(entries) == 1 else 'alerts'} since the last one."
    html = _SHEET.render(subject=subject, title=title, lead=lead, entries=entries, why=why, links=own, house=house)
    text = "\n".join((f"{title}: {lead}", *_lines(entries), "", *foot(why, own, house), ""))
    return Mail(subject=subject, text=text, html=html, headers=own.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One alert among others. `seen` says when, where its reader lives."""

    record: AlertRecord
    told: Told
    seen: str

    @classmethod
    def of(cls, record: AlertRecord, told: Told, zone: str | None) -> "_Entry":
        at = record.began_at.astimezone(ZoneInfo(zone) if zone else UTC)
        return cls(record=record, told=told, seen=f"Seen {at:%a %H:%M}{'' if zone else ' UTC'}")

    @property
    def is_over(self) -> bool:
        return self.record.closed_at is not None

    @property
    def call(self) -> str:
        return _OVER if self.is_over else self.told.call

    def place(self) -> tuple[bool, int, float]:
        return self.is_over, -self.record.alert.priority, -self.record.began_at.timestamp()


def _subject(entries: Sequence[_Entry]) -> str:
    names = list(dict.fromkeys(cut(entry.told.product, _NAME, utf16) for entry in entries))
    more = len(names) - _NAMED
    told = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return cut(plain(f"Your digest: {told}"), LONGEST_SUBJECT, utf16)


def _lines(entries: Sequence[_Entry]) -> Iterator[str]:
    for entry in entries:
        told = entry.told
        yield from ("", f"{entry.call} at {told.shop}", told.product)
        if told.price or told.before:
            yield f"{told.price} {before(told)}".strip()
        yield entry.seen
        if told.links.product and not entry.is_over:
            yield told.links.product
        if told.links.answer:
            yield f"{ASKING}: {told.links.answer}"


_SHEET = SHEETS.get_template("digest.html")
