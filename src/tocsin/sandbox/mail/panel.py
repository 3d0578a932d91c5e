"""Mailboxes on the page: each mail's HTML in a frame of its own, its text beside it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from tocsin.core.errors import InvalidRequestError
from tocsin.sandbox.exchange import Answer
from tocsin.sandbox.mail.shelf import Arrived, Shelf
from tocsin.sandbox.panel import Order

# A mail is hostile: it runs nothing, loads pictures at most, and what it links to opens elsewhere.
GUARDS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_IN_THE_DARK = "(prefers-color-scheme: dark)"
_SCHEMES = {"dark": "(min-width: 0)", "light": "(max-width: 0)"}  # always, never: whatever the page itself is


class MailPanel:
    name: ClassVar[str] = "mail"

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def shown(self, most: int) -> Mapping[str, Any]:
        return {
            "mailboxes": [
                {"address": address, "mails": [_drawn(name, mail) for name, mail in mails]}
                for address, mails in self._shelf.mailboxes(most).items()
            ]
        }

    def orders(self) -> tuple[Order, ...]:
        return (Order("POST", "/mails", self._act),)

    def document(self, name: str, query: Mapping[str, str]) -> Answer | None:
        """The HTML of a mail, as it looks in the light or in the dark."""
        mail = self._shelf.find(name)
        if mail is None:
            return None
        asked = _SCHEMES.get(query.get("scheme", ""), _IN_THE_DARK)
        return Answer(200, GUARDS, mail.html.replace(_IN_THE_DARK, asked).encode())

    async def _act(self, _: Mapping[str, str], order: Any) -> None:
        """`{"mail", "do"}`: its reader presses the mail program's button (`unsubscribe`), or calls it `spam`."""
        match order:
            case {"mail": str(name), "do": "unsubscribe"} if mail := self._shelf.find(name):
                status = await self._shelf.press(mail)
                if status != 200:  # noqa: PLR2004 - HTTP OK
                    raise InvalidRequestError(f"the button was answered with {status or 'nothing'}")
            case {"mail": str(name), "do": "spam"} if self._shelf.complain(name):
                pass
            case _:
                raise InvalidRequestError("a mail that is there, and unsubscribe or spam")


def _drawn(name: str, mail: Arrived) -> Mapping[str, Any]:
    return {
        "id": name,
        "at": mail.at.isoformat(),
        "from": mail.sender,
        "subject": mail.subject,
        "text": mail.text,
        "status": getattr(mail, "status", "arrived"),
        "button": mail.one_click is not None,
    }
