"""One notification as a message of Firebase: what Android and iOS make of it, and what the app gets to read.

Firebase, "Message" of the HTTP v1 REST reference; Apple, "Sending notification requests to APNs" and "Generating a
remote notification". Both platforms are told in every message: an app need not say what it runs on.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.links import web_address
from tocsin.channels.push.notification import ADDRESS, DETAIL, Notification, size_of
from tocsin.channels.push.settings import SOUND
from tocsin.channels.text import cut, plain
from tocsin.core.alert import Band
from tocsin.core.record import AlertRecord, money, rfc3339

MOST_BYTES = 4096  # of a message: FCM counts texts and data, we count all but the address it goes to
LONGEST_TTL = timedelta(weeks=4)
REPLACED_WITHIN = timedelta(hours=1)  # a phone that was off for so long still has its notification replaced

DEFAULT_SOUND = "default"

# Apple, UNNotificationInterruptionLevel: what is worth breaking through a focus, and what only lies there.
_LEVELS: Mapping[Band, str] = MappingProxyType(
    {Band.HIGH: "time-sensitive", Band.MEDIUM: "active", Band.LOW: "passive"}
)
# For Android before its notification channels.
_PRIORITIES: Mapping[Band, str] = MappingProxyType(
    {Band.HIGH: "PRIORITY_HIGH", Band.MEDIUM: "PRIORITY_DEFAULT", Band.LOW: "PRIORITY_LOW"}
)
# An address of a shop's app: a scheme of its own. Those that a browser would run are none.
_DEEP_LINK = re.compile(
    r"(?!javascript:|data:|vbscript:|file:|content:|intent:)[a-z][a-z0-9+.-]{1,40}:\S+", re.IGNORECASE
)
_PLATFORMS = ("android", "ios")
# What is left out where a message would be too long, the least missed first.
_SPARED = ("image", "url", "answer", "link_android", "link_ios")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a message gets there and is heard. `sound` is None where it makes none; `collapses`: of those that wait for
    a phone that is off, the newest takes the place of the others.
    """

    deadline: datetime
    sound: str | None = DEFAULT_SOUND
    collapses: bool = True


def message_of(
    record: AlertRecord,
    shown: Notification,
    link: str | None,
    manner: Manner,
    now: datetime,
    *,
    page: str | None = None,
) -> dict[str, Any]:
    """The message without its address. `link` is that of the person whom it is for; to `page` the app sends what the
    person says of the alert.
    """
    draft = _Draft(record, shown, manner, now)
    data, image = _data(record, shown, link, page), shown.picture
    message = draft.written(data, image)
    for spared in _SPARED:
        if len(orjson.dumps(message)) <= MOST_BYTES:
            break
        image = None if spared == "image" else image
        data.pop(spared, None)
        message = draft.written(data, image)
    return message


def sound_for(wish: str | None, usual: str | None, brought: tuple[str, ...]) -> str:
    """The sound that the person wants, else that of the band, as the app has it; the phone's own where it has others.

    `brought` are those that the app says it has, none where it does not say it.
    """
    wanted = next((each for each in (wish, usual) if each and SOUND.fullmatch(each)), DEFAULT_SOUND)
    if not brought or wanted == DEFAULT_SOUND:
        return wanted
    found = (one for one in brought if one == wanted or _stem(one) == _stem(wanted))
    return next((one for one in found if SOUND.fullmatch(one)), DEFAULT_SOUND)


def channel_of(band: Band, sound: str | None) -> str:
    """The notification channel that an app makes for it: `alerts_siren`, `alerts_high`, `alerts_silent`."""
    if sound is None:
        return "alerts_silent"
    return f"alerts_{band.value}" if sound == DEFAULT_SOUND else f"alerts_{_stem(sound)}"


@dataclass(frozen=True, slots=True)
class _Draft:
    record: AlertRecord
    shown: Notification
    manner: Manner
    now: datetime

    def written(self, data: Mapping[str, str], image: str | None) -> dict[str, Any]:
        notification = {"title": self.shown.title, "body": self.shown.body}
        return {
            "notification": notification | ({"image": image} if image else {}),
            "data": dict(data),
            "android": self._android(),
            "apns": self._apns() | ({"fcm_options": {"image": image}} if image else {}),
            "fcm_options": {"analytics_label": self.record.alert.type.value},
        }

    def _android(self) -> dict[str, Any]:
        """Android plays the sound of a channel of the app: each sound is one. Older ones play that of the message."""
        told: dict[str, Any] = {
            "priority": "HIGH" if self._urgent else "NORMAL",
            "ttl": f"{int(self._left.total_seconds())}s",
            "notification": {
                "tag": self.shown.tag,
                "channel_id": channel_of(self._band, self._sound),
                "event_time": rfc3339(self.record.alert.timestamp),
                "notification_priority": _PRIORITIES[self._band if self._sound else Band.LOW],
                **({"sound": self._sound} if self._sound else {}),
            },
        }
        return told | ({"collapse_key": self.shown.tag} if self.manner.collapses else {})

    def _apns(self) -> dict[str, Any]:
        """The texts are those of the message. The app's extension may fetch the picture: iOS shows none by itself."""
        aps = {
            "thread-id": self.shown.group,
            "interruption-level": _LEVELS[self._band if self._sound else Band.LOW],
            "mutable-content": 1,
            **({"sound": self._sound} if self._sound else {}),
        }
        return {
            "headers": {
                "apns-priority": "10" if self._urgent else "5",
                "apns-expiration": str(int((self.now + self._left).timestamp())),
                "apns-collapse-id": self.shown.tag,
            },
            "payload": {"aps": aps},
        }

    @property
    def _band(self) -> Band:
        return self.record.alert.band

    @property
    def _sound(self) -> str | None:
        """What is over makes none."""
        return None if self.shown.is_over else self.manner.sound

    @property
    def _urgent(self) -> bool:
        """Worth waking a phone."""
        return not self.shown.is_over and self._band is not Band.LOW

    @property
    def _left(self) -> timedelta:
        """How long a phone that is off is waited for: the rest of its life."""
        least = REPLACED_WITHIN if self.shown.is_over else timedelta()
        return min(max(self.manner.deadline - self.now, least), LONGEST_TTL)


def _stem(sound: str) -> str:
    return sound.rpartition(".")[0] or sound


def _data(record: AlertRecord, shown: Notification, link: str | None, page: str | None) -> dict[str, str]:
    """What the app reads: texts alone, and nothing where nothing is known."""
    alert = record.alert
    told = {
        "alert_id": str(alert.id),
        "type": alert.type.value,
        "state": "sold_out" if shown.is_over else "open",
        "priority": str(alert.priority),
        "band": alert.band.value,
        "product": shown.product,
        "retailer": shown.retailer,
        "sku": cut(plain(alert.sku), DETAIL, size_of),
        "price": "" if alert.price is None else money(alert.price),
        "currency": alert.currency if alert.price is not None else "",
        "group": shown.group,
        "tag": shown.tag,
        "detected_at": rfc3339(alert.timestamp),
        "link": web_address(link, ADDRESS) or "",
        "url": web_address(alert.url, ADDRESS) or "",
        "answer": web_address(page, ADDRESS) or "",
        "test": "true" if record.is_test else "",
        **dict(_deep_links(alert.metadata.get("deep_links"))),
    }
    if told["url"] == told["link"]:
        told["url"] = ""
    return {name: text for name, text in told.items() if text}


def _deep_links(told: object) -> Iterator[tuple[str, str]]:
    """Into the shop's app, by platform, where the detector knows them."""
    if not isinstance(told, Mapping):
        return
    for platform in _PLATFORMS:
        address = told.get(platform)
        fits = isinstance(address, str) and address.isascii() and address.isprintable() and len(address) <= ADDRESS
        if fits and _DEEP_LINK.fullmatch(str(address)):
            yield f"link_{platform}", str(address)
