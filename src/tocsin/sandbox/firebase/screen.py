"""A lock screen: what is shown, what takes the place of what, and what stands together, as Android and iOS do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tocsin.sandbox.firebase.fields import at

STORED_KEYS = 4  # of messages that collapse, for a phone that is off
BUNDLED = 4  # notifications of one app that Android puts into one bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One notification. `tag` takes the place of one of the same; None never does. `rang`: it made a sound."""

    name: str
    at: datetime
    title: str
    body: str
    image: str | None
    tag: str | None
    group: str | None
    sound: str | None
    channel: str | None
    level: str
    data: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__slots__}
        return told | {"at": self.at.isoformat()}


@dataclass(slots=True)
class Waiting:
    """For a phone that is off: until when it is kept, and what collapses with it."""

    card: Card
    until: datetime
    key: str | None


@dataclass(slots=True)
class Screen:
    """`cards` are shown, the newest first; `rang` counts those that made a sound when they came."""

    platform: str
    is_on: bool = True
    cards: list[Card] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    rang: int = 0
    arrived: int = 0

    @property
    def is_apple(self) -> bool:
        return self.platform in ("ios", "ipados")

    def take(self, message: Mapping[str, Any], name: str, now: datetime) -> None:
        card, until, key = self._read(message, name, now)
        if self.is_on:
            self._show(card)
        elif until > now:
            self._keep(Waiting(card, until, key))

    def switch(self, *, on: bool, now: datetime) -> None:
        """Once it is on again, what waited and is still good arrives."""
        self.is_on = on
        if on:
            waiting, self.waiting = self.waiting, []
            for one in waiting:
                if one.until > now:
                    self._show(one.card)

    def groups(self) -> list[list[Card]]:
        """What stands together: on iOS by thread, on Android all of an app once there are enough."""
        if not self.is_apple:
            return [self.cards] if len(self.cards) >= BUNDLED else [[card] for card in self.cards]
        threads: dict[str, list[Card]] = {}
        for number, card in enumerate(self.cards):
            threads.setdefault(card.group or f"{number}", []).append(card)
        return list(threads.values())

    def titles(self) -> Sequence[str]:
        return [card.title for card in self.cards]

    def _show(self, card: Card) -> None:
        self.cards = [card, *(one for one in self.cards if card.tag is None or one.tag != card.tag)]
        self.arrived += 1
        self.rang += card.sound is not None

    def _keep(self, waiting: Waiting) -> None:
        kept = [one for one in self.waiting if waiting.key is None or one.key != waiting.key]
        keys = [one for one in kept if one.key is not None]
        if waiting.key is not None and len(keys) >= STORED_KEYS:
            kept.remove(keys[0])
        self.waiting = [*kept, waiting]

    def _read(self, message: Mapping[str, Any], name: str, now: datetime) -> tuple[Card, datetime, str | None]:
        shown = at(message, "notification") or {}
        data = {str(key): str(text) for key, text in (at(message, "data") or {}).items()}
        if self.is_apple:
            return self._of_apple(message, shown, data, name, now)
        android = at(message, "android") or {}
        own = at(android, "notification") or {}
        seconds = float(str(at(android, "ttl") or f"{4 * 7 * 86400}s").rstrip("s"))
        card = Card(
            name=name,
            at=now,
            title=str(at(own, "title") or at(shown, "title") or ""),
            body=str(at(own, "body") or at(shown, "body") or ""),
            image=at(own, "image") or at(shown, "image"),
            tag=at(own, "tag"),
            group=data.get("group"),
            sound=at(own, "sound"),
            channel=at(own, "channel_id"),
            level=str(at(own, "notification_priority") or "PRIORITY_DEFAULT").removeprefix("PRIORITY_").lower(),
            data=data,
        )
        return card, now + timedelta(seconds=seconds), at(android, "collapse_key")

    def _of_apple(
        self, message: Mapping[str, Any], shown: Mapping[str, Any], data: Mapping[str, str], name: str, now: datetime
    ) -> tuple[Card, datetime, str | None]:
        apns = at(message, "apns") or {}
        headers = at(apns, "headers") or {}
        aps = (at(apns, "payload") or {}).get("aps") or {}
        expires = headers.get("apns-expiration")
        until = now + timedelta(days=30) if expires is None else datetime.fromtimestamp(int(expires), now.tzinfo)
        told = aps.get("alert")
        alert: Mapping[str, Any] = told if isinstance(told, dict) else {}
        card = Card(
            name=name,
            at=now,
            title=str(alert.get("title") or at(shown, "title") or ""),
            body=str(alert.get("body") or at(shown, "body") or ""),
            image=at(at(apns, "fcm_options") or {}, "image"),
            tag=headers.get("apns-collapse-id"),
            group=aps.get("thread-id"),
            sound=aps.get("sound"),
            channel=None,
            level=str(aps.get("interruption-level") or "active"),
            data=data,
        )
        return card, until, card.tag
