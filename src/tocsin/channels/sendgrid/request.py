"""One alert for many mailboxes as one request (SendGrid, "Mail Send").

The content is the same for all, with marks in it; SendGrid puts each person's own links in their places. Headers know
no marks, so each person has headers of their own. What SendGrid keeps of a mail for good is the opaque code of the
delivery and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parseaddr
from itertools import count
from typing import Any

from markupsafe import escape

from tocsin.channels.email.mail import Links, Mail
from tocsin.core.secret import Secret

CODE = "tocsin_delivery"  # in `custom_args`: whose delivery an event is about

# Our links count clicks by themselves, and there is a way out of our own: a second one would be another promise.
TRACKING: Mapping[str, Any] = {
    "click_tracking": {"enable": False, "enable_text": False},
    "subscription_tracking": {"enable": False},
}

_PLACES = ("product", "answer", "leave", "wishes", "question")

Write = Callable[[Links], Mail]


@dataclass(frozen=True, slots=True)
class Person:
    """Who gets the mail. `code` is what the delivery is called outside."""

    mailbox: Secret
    code: str
    links: Links

    @property
    def personalization(self) -> dict[str, Any]:
        headers = {"headers": dict(self.links.headers)} if self.links.headers else {}
        return {"to": [{"email": self.mailbox.reveal()}], "custom_args": {CODE: self.code}, **headers}


class Mark(str):
    """Stands where a link of a person belongs. In HTML it is another one: there the link is written otherwise."""

    __slots__ = ()

    @property
    def in_html(self) -> str:
        return f"{self[:-1]}h-"

    def __html__(self) -> str:
        return self.in_html


@dataclass(frozen=True, slots=True)
class Sheet:
    """A mail for all with its marks, by the names of the links that they stand for."""

    mail: Mail
    marks: Mapping[str, Mark]

    def substitutions(self, own: Links, otherwise: str) -> dict[str, str]:
        """What one person's mail has in place of the marks. Somebody without such a place writes to us; who is asked
        nothing finds nothing there.
        """
        told: dict[str, str] = {}
        for name, mark in self.marks.items():
            place = getattr(own, name) or ("" if name == "question" else otherwise)
            told |= {str(mark): str(place), mark.in_html: str(escape(place))}
        return told


def body_of(name: str, write: Write, sender: str, people: Sequence[Person]) -> dict[str, Any]:
    """`name` is the attempt's, and in no other mail; `write` makes the mail with the links that it is given."""
    sheet = sheet_for(name, write, [person.links for person in people])
    otherwise = f"mailto:{parseaddr(sender)[1]}"
    told = [person.personalization for person in people]
    if sheet.marks:
        for one, person in zip(told, people, strict=True):
            one["substitutions"] = sheet.substitutions(person.links, otherwise)
    return {"personalizations": told, **message_of(sheet.mail, sender)}


def templated_body_of(
    template: str, fill: Callable[[Links], Mapping[str, Any]], sender: str, people: Sequence[Person]
) -> dict[str, Any]:
    """`fill` says what the template, which stands at SendGrid, speaks of to somebody with these links."""
    told = [person.personalization | {"dynamic_template_data": fill(person.links)} for person in people]
    return {"personalizations": told, **templated(template, sender)}


def message_of(mail: Mail, sender: str) -> dict[str, Any]:
    """What is the same for all. Plain text comes first."""
    return {
        **sender_of(sender),
        "subject": mail.subject,
        "content": [{"type": "text/plain", "value": mail.text}, {"type": "text/html", "value": mail.html}],
        "tracking_settings": TRACKING,
    }


def templated(template: str, sender: str) -> dict[str, Any]:
    return {**sender_of(sender), "template_id": template, "tracking_settings": TRACKING}


def sender_of(sender: str) -> dict[str, Any]:
    name, address = parseaddr(sender)
    return {"from": {"email": address, **({"name": name} if name else {})}}


def sheet_for(name: str, write: Write, links: Sequence[Links]) -> Sheet:
    """What all share is in it; where they differ stands a mark that nothing else in the mail has, whatever the alert
    and the templates say. `name` is the attempt's.
    """
    shared, own = _parted(links)
    for number in count():
        marks, others = _marks(f"{name}.{number}", own), _marks(f"{name}.{number + 1}", own)
        mail, other = write(replace(shared, **marks)), write(replace(shared, **others))
        if not any(mark[:-1] in told for mark in marks.values() for told in (other.subject, other.text, other.html)):
            return Sheet(mail, marks)
    raise AssertionError("there are more numbers than a mail has characters")


def _parted(links: Sequence[Links]) -> tuple[Links, list[str]]:
    """The links that are the same for all, and the names of those that are not."""
    own = [name for name in _PLACES if len({getattr(one, name) for one in links}) > 1]
    return replace(links[0], **dict.fromkeys(own)), own


def _marks(prefix: str, names: Sequence[str]) -> dict[str, Mark]:
    return {name: Mark(f"-{prefix}.{name}-") for name in names}
