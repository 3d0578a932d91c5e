"""Browsers that have subscribed at the simulated push service, and what they show."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tocsin.sandbox.browser.opening import opened
from tocsin.sandbox.journal import PATIENCE_S, Journal


@dataclass(slots=True, kw_only=True)
class Push:
    """A message that the service has taken. It is kept until `until`, for a browser that is not there. `notification`
    is what a browser reads in it.
    """

    id: str
    at: datetime
    until: datetime
    topic: str
    urgency: str
    ttl: int
    content: bytes
    shown: bool = False

    @property
    def notification(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = json.loads(self.content)["notification"]
        return told


@dataclass(slots=True, kw_only=True)
class Browser:
    """Its keys follow from its name, so that a restarted sandbox still reads what is sent to it. `server_key` is that
    of the one who may push to it, where it said so; `online`: what comes is shown at once, else it waits. `gone`: its
    permission was taken back. `notifications` stand on its screen, by tag; `pushes` are all that it was ever shown.
    """

    name: str
    endpoint: str
    server_key: str | None = None
    online: bool = True
    gone: bool = False
    notifications: dict[str, Push] = field(default_factory=dict)
    pushes: list[Push] = field(default_factory=list)
    waiting: list[Push] = field(default_factory=list)

    @property
    def key(self) -> EllipticCurvePrivateKey:
        number = int.from_bytes(hashlib.sha256(f"tocsin sandbox browser {self.name}".encode()).digest(), "big")
        return derive_private_key(number % _ORDER + 1, SECP256R1())

    @property
    def auth(self) -> bytes:
        return hashlib.sha256(f"tocsin sandbox auth {self.name}".encode()).digest()[:16]

    @property
    def subscription(self) -> dict[str, Any]:
        """What its pages are given, as `toJSON()` of the Push API."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": encoded(point), "auth": encoded(self.auth)},
        }

    def open(self, body: bytes) -> bytes:
        """Raises UnreadableError."""
        return opened(body, self.key, self.auth)

    def take(self, push: Push) -> None:
        """Of the same topic only the newest waits (RFC 8030, 5.4). One without a life is for who is there."""
        if self.online:
            self._show(push)
            return
        self.waiting = [one for one in self.waiting if not push.topic or one.topic != push.topic]
        if push.ttl:
            self.waiting.append(push)

    def come(self, now: datetime) -> None:
        """It is started, and gets what has waited and is still alive."""
        self.online = True
        waiting, self.waiting = self.waiting, []
        for push in waiting:
            if push.until > now:
                self._show(push)

    def take_back(self, identifier: str) -> bool:
        """Whether it still waited."""
        left = [push for push in self.waiting if push.id != identifier]
        found, self.waiting = len(left) < len(self.waiting), left
        return found

    def _show(self, push: Push) -> None:
        push.shown = True
        self.pushes.append(push)
        self.notifications[str(push.notification.get("tag", push.id))] = push

    def as_json(self, most: int) -> Mapping[str, Any]:
        return {
            "name": self.name,
            "online": self.online,
            "gone": self.gone,
            "waiting": len(self.waiting),
            "notifications": [
                {"id": push.id, "at": push.at, "urgency": push.urgency, **push.notification}
                for push in list(self.notifications.values())[-most:]
            ],
        }


class Screen:
    """What somebody in front of a browser sees: how a test waits for a notification."""

    def __init__(self, browser: Browser, journal: Journal) -> None:
        self.browser = browser
        self._journal = journal

    @property
    def shown(self) -> list[Mapping[str, Any]]:
        """The notifications that stand there, the oldest first."""
        return [push.notification for push in self.browser.notifications.values()]

    async def expect(self, text: str, deadline_s: float = PATIENCE_S) -> Mapping[str, Any]:
        """The first notification that stands there with this text, now or within so many real seconds."""
        return await self._journal.until(
            lambda: next((one for one in self.shown if text in f"{one.get('title')} {one.get('body')}"), None),
            deadline_s,
        )


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - 1  # of P-256 (FIPS 186-4, D.1.2.3)
