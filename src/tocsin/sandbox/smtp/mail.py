"""A mail as it lies in a mailbox."""

from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from typing import Any


@dataclass(kw_only=True)
class Mail:
    """`raw` is what came over the wire, its dots single again; `sender` and `recipient` are the envelope's."""

    at: datetime
    sender: str
    recipient: str
    raw: bytes = field(repr=False)

    @cached_property
    def message(self) -> EmailMessage:
        """As a mail program reads it."""
        read = message_from_bytes(self.raw, policy=policy.SMTP)
        assert isinstance(read, EmailMessage), "the policy makes these"
        return read

    @property
    def id(self) -> str:
        """What stands in Message-ID, without its brackets."""
        return str(self.message.get("Message-ID", "")).strip().strip("<>")

    @property
    def subject(self) -> str:
        return str(self.message.get("Subject", ""))

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def one_click(self) -> str | None:
        """Where a mail program's button posts to (RFC 8058); None where it shows none."""
        if str(self.message.get("List-Unsubscribe-Post", "")).strip() != "List-Unsubscribe=One-Click":
            return None
        places = str(self.message.get("List-Unsubscribe", "")).split(",")
        bare = (place.strip().removeprefix("<").removesuffix(">") for place in places)
        return next((place for place in bare if place.startswith(("https://", "http://"))), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "from": str(self.message.get("From", "")),
            "to": self.recipient,
            "subject": self.subject,
            "id": self.id,
            "headers": [[name, str(value)] for name, value in self.message.items()],
            "text": self.text,
            "html": self.html,
        }

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return "" if part is None else str(part.get_content())
