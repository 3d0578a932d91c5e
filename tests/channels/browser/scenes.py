"""A push to somebody's browser, and the way that sends it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.channels.browser.subscriber import Subscriber
from tests.channels.far_side import FarSide
from tests.channels.scenes import a_record, an_attempt

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.browser.vapid import Vapid
from tocsin.channels.browser.way import BrowserWay
from tocsin.channels.contract import Attempt
from tocsin.channels.transport import Transport
from tocsin.core.address import AddressKind
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.core.networks import networks
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord

EVERYONE = Target("push", "everyone")
PUBLIC = "https://alerts.example"
CODES = Codes(lambda: b"links")
HOME = networks(["127.0.0.0/8"])
CONTACT = "mailto:ops@example.org"


def short_link(delivery: Any, _: Any) -> str:
    return f"{PUBLIC}/r/{CODES.of(delivery.key)}"


def subscriber(side: FarSide) -> Subscriber:
    return Subscriber(f"http://127.0.0.1:{side.port}/wpush/v2/a-very-secret-address")


def a_push(browser: Subscriber, record: AlertRecord | None = None, **changes: Any) -> Attempt:
    attempt = an_attempt([record or a_record()], EVERYONE, **changes)
    recipient = Recipient(slot=1, kind=AddressKind.BROWSER, value=browser.kept, lookup=b"")
    return replace(attempt, members=tuple(replace(member, recipient=recipient) for member in attempt.members))


def way(folder: Path, transport: Transport, clock: Clock, **changes: Any) -> BrowserWay:
    told: dict[str, Any] = {
        "pages": PageAddresses(PUBLIC, Passes(lambda: b"passes"), CODES, clock),
        "shops": {"bestbuy": "Best Buy"},
        "vouched": HOME,
    }
    return BrowserWay(Vapid(folder / "vapid.key", CONTACT), transport, clock, short_link, **(told | changes))


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """The first line, the headers by their names in small letters, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return first, {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body


def read(browser: Subscriber, request: bytes) -> dict[str, Any]:
    return dict(json.loads(browser.read(parts(request)[2])))


def number_of(told: dict[str, Any]) -> UUID:
    return UUID(told["notification"]["data"]["id"])
