"""A mail is what one person gets of an alert; its links are that person's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from tocsin.channels.contract import Link, Member
from tocsin.channels.links import web_address
from tocsin.channels.pages import Pages

LONGEST_ADDRESS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail says the same in `text` as in `html`. No line break is in `subject` or in a header."""

    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the mail of one person leads; None where there is no such place. They are secrets of that person."""

    product: str | None = field(default=None, repr=False)  # what the button opens
    answer: str | None = field(default=None, repr=False)  # the page where one says what one makes of the alert
    leave: str | None = field(default=None, repr=False)  # one click, and no mail comes any more
    wishes: str | None = field(default=None, repr=False)  # the page with what the person wants

    @classmethod
    def of(cls, member: Member, link: Link, pages: Pages) -> Self:
        """Where whoever the member is for is led from its mail."""
        recipient = member.recipient
        return cls(
            product=web_address(link(member.delivery, member.record), LONGEST_ADDRESS),
            answer=pages.alert(member.delivery),
            leave=None if recipient is None else pages.unsubscribe(recipient),
            wishes=None if recipient is None else pages.me(recipient),
        )

    @property
    def headers(self) -> Mapping[str, str]:
        """The button of the mail program itself (RFC 2369, RFC 8058)."""
        if self.leave is None:
            return {}
        return {"List-Unsubscribe": f"<{self.leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
