"""A notification as one browser is sent it: in the form that Safari shows by itself, and our service worker everywhere
else (W3C Push API, "Declarative push messages").
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tocsin.channels.links import web_address
from tocsin.channels.push.notification import ADDRESS, Notification
from tocsin.core.alert import Band
from tocsin.core.clock import epoch_micros
from tocsin.core.record import AlertRecord

LARGEST = 2048  # bytes: a push service that hands a message on to another one takes no more than 2,744

_DECLARATIVE = 8030  # what marks the form


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one browser is shown. `delivery` is what this one is called; `link` leads to the shop, `page` to where the
    person says what came of it. `silent`: without a sound, and nothing moves.
    """

    record: AlertRecord
    notification: Notification
    delivery: str
    link: str | None = None
    page: str | None = None
    silent: bool = False


def payload_of(shown: Shown) -> bytes:
    """Write what is to be encrypted. Where it is too long, the picture goes first, then the buttons, and at last the
    link: the texts are bounded, and cut between what a reader takes for one character.
    """
    return next(written for told in _ever_shorter(shown) if len(written := _json(told)) <= LARGEST)


def _ever_shorter(shown: Shown) -> Iterator[Mapping[str, Any]]:
    told, picture = _told(shown), shown.notification.picture
    link, page = web_address(shown.link, ADDRESS), web_address(shown.page, ADDRESS)
    navigate = {"navigate": link} if link else {}
    buttons = {"actions": list(_buttons(shown, link, page))}
    yield told | navigate | buttons | ({"image": picture} if picture else {})
    yield told | navigate | buttons
    yield told | navigate
    yield told


def _told(shown: Shown) -> dict[str, Any]:
    alert, notification = shown.record.alert, shown.notification
    quiet = shown.silent or notification.is_over
    return {
        "title": notification.title,
        "body": notification.body,
        "dir": "auto",
        "tag": notification.tag,
        "timestamp": epoch_micros(alert.timestamp) // 1000,
        "silent": quiet,
        "renotify": not quiet,
        "requireInteraction": alert.band is Band.HIGH and not quiet,
        "data": {"id": shown.delivery, "band": alert.band.value, "over": notification.is_over},
    }


def _buttons(shown: Shown, link: str | None, page: str | None) -> Iterator[Mapping[str, str]]:
    """Two: no browser shows more. Nothing is for sale once it is over, and in a test."""
    if shown.record.is_test:
        return
    if link and not shown.notification.is_over:
        yield {"action": "buy", "title": "Buy", "navigate": link}
    if page:
        yield {"action": "bought", "title": "Bought it", "navigate": page}


def _json(told: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"web_push": _DECLARATIVE, "notification": told})
