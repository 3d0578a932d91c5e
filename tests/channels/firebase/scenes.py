"""A push to somebody's app, and the way that sends it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.channels.scenes import a_record, an_attempt

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.contract import Attempt
from tocsin.channels.firebase.account import ServiceAccount, read_account
from tocsin.channels.firebase.way import FirebaseSettings, FirebaseWay
from tocsin.channels.spec import Surroundings
from tocsin.channels.transport import Transport
from tocsin.core.address import AddressKind
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.sandbox import Sandbox
from tocsin.sandbox.firebase.phone import LockScreen

FID = "eK0aXvPq8Qm3bZ5tYwR7dE"
TOKEN = f"{FID}:APA91b" + "x" * 134
VIP = Target("push", "vip")
PUBLIC = "https://alerts.example"
CODES = Codes(lambda: b"links")


def a_push(
    record: AlertRecord | None = None, to: str = TOKEN, *, app: Mapping[str, Any] | None = None, **changes: Any
) -> Attempt:
    attempt = an_attempt([record or a_record()], VIP, **changes)
    person = Recipient(slot=1, kind=AddressKind.DEVICE, value=Secret(to), lookup=to.encode(), **(app or {}))
    return replace(attempt, members=tuple(replace(member, recipient=person) for member in attempt.members))


def to_phone(phone: LockScreen, record: AlertRecord | None = None, **changes: Any) -> Attempt:
    return a_push(record, phone.address, app={"platform": phone.device.platform}, **changes)


def short_link(delivery: Any, _: Any) -> str:
    return f"{PUBLIC}/r/{CODES.of(delivery.key)}"


def account_of(sandbox: Sandbox, folder: Any) -> ServiceAccount:
    return read_account(sandbox.firebase.project.write_account(folder / "firebase.json"))


def way(account: ServiceAccount, transport: Transport, clock: Clock, **changes: Any) -> FirebaseWay:
    told: dict[str, Any] = {"account": account, "sounds": {}, "templates": {}, "shops": {"bestbuy": "Best Buy"}}
    return FirebaseWay(FirebaseSettings(**(told | changes)), around(transport, clock))


def around(transport: Transport, clock: Clock, **changes: Any) -> Surroundings:
    told: dict[str, Any] = {
        "transport": transport,
        "clock": clock,
        "link": short_link,
        "pages": PageAddresses(PUBLIC, Passes(lambda: b"passes"), CODES, clock),
        "codes": CODES,
        "public_url": PUBLIC,
        "keys": Path(),
        "retailers": {},
    }
    return Surroundings(**(told | changes))
