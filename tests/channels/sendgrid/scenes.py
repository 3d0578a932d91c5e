"""A mail to many, the channel that sends it, and SendGrid's key of events."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.channels.far_side import FarSide
from tests.channels.scenes import NOW, a_record, an_attempt

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Passes
from tocsin.channels.contract import Attempt
from tocsin.channels.email.settings import Email
from tocsin.channels.sendgrid.carrier import make
from tocsin.channels.sendgrid.channel import SendGridChannel
from tocsin.channels.spec import Surroundings
from tocsin.channels.transport import Transport
from tocsin.core.address import AddressKind
from tocsin.core.callback import Callback
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.core.recipients import Owner, Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.rules.catalog import Retailer

VIP = Target("email", "vip")
PUBLIC = "https://alerts.example"
CODES = Codes(lambda: b"links")
SENDER = "Restock Club <alerts@club.example>"
EVENTS: EllipticCurvePrivateKey = derive_private_key(20261130, SECP256R1())
SIGNATURE, TIMESTAMP = (f"x-twilio-email-event-webhook-{name}" for name in ("signature", "timestamp"))


def public(key: EllipticCurvePrivateKey = EVENTS) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def a_person(slot: int, *, written: bool = False) -> Recipient:
    owner = None if written else Owner(UUID(int=slot), UUID(int=1000 + slot))
    return Recipient(
        slot=slot, kind=AddressKind.MAILBOX, value=Secret(f"person{slot}@example.com"), lookup=b"", owner=owner
    )


def a_mailing(people: int = 1, record: AlertRecord | None = None, **changes: Any) -> Attempt:
    attempt = an_attempt([record or a_record()] * people, VIP, **changes)
    members = tuple(
        replace(member, recipient=a_person(slot), delivery=replace(member.delivery, slot=slot))
        for slot, member in enumerate(attempt.members, start=1)
    )
    return replace(attempt, members=members)


def short_link(delivery: Any, _: Any) -> str:
    return f"{PUBLIC}/r/{CODES.of(delivery.key)}"


def settings(**changes: Any) -> Email:
    told = {
        "sendgrid_key": "SG.key",
        "from": SENDER,
        "postal_address": "1 Main St\nSpringfield",
        "event_key": public(),
    }
    return Email.model_validate(told | changes)


def channel(
    transport: Transport,
    *,
    link: Any = short_link,
    start: str | None = PUBLIC,
    **changes: Any,
) -> SendGridChannel:
    clock = ManualClock(NOW)
    retailer = Retailer(key="bestbuy", title="Best Buy", icon=None, aliases=(), to=(), link=None)
    around = Surroundings(
        transport=transport,
        clock=clock,
        link=link,
        pages=PageAddresses(start, Passes(lambda: b"passes"), CODES, clock),
        codes=CODES,
        keys=Path(),
        public_url=start,
        retailers={"bestbuy": retailer},
    )
    made = make(settings(**changes), around)
    assert isinstance(made, SendGridChannel)
    return made


def base(side: FarSide) -> str:
    return f"http://127.0.0.1:{side.port}"


def asked(request: bytes) -> tuple[dict[str, str], Any]:
    """The headers, with the first line as that of no name, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return {"": first, **headers}, orjson.loads(body)


def called(
    body: bytes,
    *,
    key: EllipticCurvePrivateKey = EVENTS,
    signed_at: str | None = None,
    kind: str = "events",
) -> Callback:
    """SendGrid calls us with this."""
    timestamp = str(int(NOW.timestamp())) if signed_at is None else signed_at
    signature = base64.b64encode(key.sign(timestamp.encode() + body, ECDSA(SHA256()))).decode()
    headers = {SIGNATURE: signature, TIMESTAMP: timestamp, "content-type": "application/json"}
    return Callback(kind=kind, url=f"{PUBLIC}/hooks/sendgrid/{kind}", headers=headers, body=body, at=NOW)


def events(*told: Any) -> bytes:
    """As SendGrid writes them: with the end of a line behind."""
    return orjson.dumps(told) + b"\r\n"
