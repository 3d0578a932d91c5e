"""A mail is what one person gets of an alert; its links are that person's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from markupsafe import Markup

from tocsin.channels.contract import Link, Member
from tocsin.channels.links import web_address
from tocsin.channels.pages import Pages
from tocsin.channels.text import cut, plain, utf16
from tocsin.core.recipients import Question

LONGEST_ADDRESS = 2048
_LONGEST_TITLE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail says the same in `text` as in `html`. No line break is in `subject` or in a header."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Asks the reader of a mail what came of an alert before: on `page`, of the product that is called `title`."""

    title: str
    page: str = field(repr=False)

    def __str__(self) -> str:
        return f"You had a look at {self.title}. What came of it? {self.page}"

    def __html__(self) -> str:
        return _QUESTION.format(self)


_QUESTION = Markup(
    '<p class="ink" style="margin:0 0 16px;font-size:14px;line-height:20px;color:#231d15;overflow-wrap:anywhere;">'
    'You had a look at <bdi>{0.title}</bdi>. <a class="ink" href="{0.page}" target="_blank" rel="noopener noreferrer"'
    ' style="color:#231d15;font-weight:700;text-decoration:underline;">What came of it?</a></p>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the mail of one person leads; None where there is no such place. They are secrets of that person."""

    product: str | None = field(default=None, repr=False)  # what the button opens
    answer: str | None = field(default=None, repr=False)  # the page where one says what one makes of the alert
    leave: str | None = field(default=None, repr=False)  # one click, and no mail comes any more
    wishes: str | None = field(default=None, repr=False)  # the page with what the person wants
    question: Asked | str | None = field(default=None, repr=False)  # what came of an alert before, or a mark for it

    @classmethod
    def of(cls, member: Member, link: Link, pages: Pages) -> Self:
        """Where whoever the member is for is led from its mail."""
        recipient = member.recipient
        return cls(
            product=web_address(link(member.delivery, member.record), LONGEST_ADDRESS),
            answer=pages.alert(member.delivery.key),
            leave=None if recipient is None else pages.unsubscribe(recipient),
            wishes=None if recipient is None else pages.me(recipient),
            question=None if member.question is None else _asked(member.question, pages),
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """The button of the mail program itself (RFC 2369, RFC 8058)."""
        if self.leave is None:
            return {}
        return {"List-Unsubscribe": f"<{self.leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _asked(question: Question, pages: Pages) -> Asked | None:
    page = pages.alert(question.about)
    return None if page is None else Asked(cut(plain(question.title), _LONGEST_TITLE, utf16), page)
