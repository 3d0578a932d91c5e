"""What stands in the simulated SendGrid: an account, its senders, and to whom it does not write. No HTTP here."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SENDER = "alerts@tocsin.example"

# Lists of those to whom nothing goes, and what an event says of a mail that was not even tried.
REASONS: Mapping[str, str] = {
    "bounces": "Bounced Address",
    "spam_reports": "Spam Reporting Address",
    "unsubscribes": "Unsubscribed Address",
    "invalid_emails": "Invalid",
}


@dataclass(slots=True, kw_only=True)
class Mail:
    """A mail to one person, with that person's links in it; `status` is the last event about it."""

    id: str
    at: datetime
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    args: Mapping[str, Any]
    status: str = "processed"
    arrived: bool = False

    @property
    def one_click(self) -> str | None:
        """Where a mail program's button posts to (RFC 8058); None where it shows none."""
        if self.headers.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
            return None
        return self.headers.get("List-Unsubscribe", "").partition("<")[2].partition(">")[0] or None


@dataclass(slots=True)
class Account:
    """Keys follow from names, so that a restarted sandbox keeps them. `credits`: so many mails are left; None is no
    bound. `templates` are dynamic ones that stand there.
    """

    key: str = field(default_factory=lambda: f"SG.{_hex('key')[:22]}.{_hex('secret')[:43]}")
    signer: EllipticCurvePrivateKey = field(
        default_factory=lambda: derive_private_key(int(_hex("events"), 16) >> 1, SECP256R1())
    )
    senders: set[str] = field(default_factory=lambda: {SENDER})
    credits: int | None = None
    templates: set[str] = field(default_factory=lambda: {f"d-{_hex('template')[:32]}"})
    suppressed: dict[str, dict[str, datetime]] = field(default_factory=lambda: {name: {} for name in REASONS})
    mails: list[Mail] = field(default_factory=list)

    @property
    def event_key(self) -> str:
        """The public key of its events, as SendGrid shows it."""
        public = self.signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(public).decode()

    def block(self) -> Mapping[str, str]:
        """By the keys that a configuration has for it."""
        return {
            "sendgrid_key": self.key,
            "event_key": self.event_key,
            "from": f"Tocsin <{min(self.senders)}>",
        }

    def may_write_as(self, address: str) -> bool:
        return address.casefold() in self.senders

    def why_not_to(self, address: str) -> str | None:
        """Why nothing goes there; None where it does."""
        known = address.casefold()
        return next((REASONS[name] for name, listed in self.suppressed.items() if known in listed), None)

    def suppress(self, name: str, address: str, at: datetime) -> None:
        self.suppressed[name].setdefault(address.casefold(), at)


def _hex(name: str) -> str:
    return sha256(f"tocsin sandbox sendgrid {name}".encode()).hexdigest()
