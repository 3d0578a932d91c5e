"""A text to somebody, the channel that sends it, and what the official library would send in its place."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.channels.far_side import FarSide
from tests.channels.scenes import a_record, an_attempt
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tocsin.channels.contract import Attempt
from tocsin.channels.transport import Transport
from tocsin.channels.twilio.channel import TwilioChannel
from tocsin.channels.twilio.setup import TwilioSettings
from tocsin.core.address import AddressKind
from tocsin.core.clock import Clock
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.sandbox import Sandbox
from tocsin.sandbox.twilio.account import SENDER

ADA = "+15005550100"
VIP = Target("sms", "vip")
PUBLIC = "https://alerts.example"
CODES = Codes(lambda: b"links")
ACCOUNT = "AC" + "0123456789abcdef" * 2
SERVICE = "MG" + "0123456789abcdef" * 2


def a_text(record: AlertRecord | None = None, to: str = ADA, **changes: Any) -> Attempt:
    attempt = an_attempt([record or a_record()], VIP, **changes)
    recipient = Recipient(slot=1, kind=AddressKind.PHONE, value=Secret(to), lookup=b"")
    return replace(attempt, members=tuple(replace(member, recipient=recipient) for member in attempt.members))


def short_link(delivery: Any, _: Any) -> str:
    return f"{PUBLIC}/r/{CODES.of(delivery.key)}"


def settings(**changes: Any) -> TwilioSettings:
    told: dict[str, Any] = {
        "account_sid": ACCOUNT,
        "auth_token": Secret("token"),
        "from_number": SENDER,
        "public_url": PUBLIC,
        "shops": {"bestbuy": "Best Buy"},
    }
    return TwilioSettings(**(told | changes))


def of_sandbox(sandbox: Sandbox, **changes: Any) -> TwilioSettings:
    account = sandbox.twilio.account
    told = {"account_sid": account.sid, "auth_token": Secret(account.token), "api_base": sandbox.url}
    return settings(**(told | {"verify_service": account.verify_service} | changes))


def channel(made: TwilioSettings, transport: Transport, clock: Clock, link: Any = short_link) -> TwilioChannel:
    return TwilioChannel(made, transport, clock, link, CODES)


class Recorder(HttpClient):
    """Keeps what would be sent, and sends nothing."""

    def __init__(self) -> None:
        super().__init__(None, is_async=False, timeout=None)
        self.asked: Mapping[str, Any] = {}

    def request(self, method: str, url: str, params: Any = None, data: Any = None, **more: Any) -> Response:
        place = urlsplit(url)
        query = [(name, str(value)) for name, value in (params or {}).items()]
        form = sorted((name, str(value)) for name, value in (data or {}).items())
        self.asked = {
            "method": method,
            "host": place.netloc,
            "path": place.path,
            "query": sorted([*query, *parse_qsl(place.query)]),
            "form": form,
            "login": tuple(more["auth"]),
            "kind": more["headers"].get("Content-Type"),
        }
        return Response(201 if method == "POST" else 200, '{"messages": []}')


def base(side: FarSide) -> str:
    return f"http://127.0.0.1:{side.port}"


def seen(request: bytes) -> Mapping[str, Any]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    method, target, _ = first.split(" ")
    place = urlsplit(target)
    login = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().split(":")
    return {
        "method": method,
        "path": place.path,
        "query": sorted(parse_qsl(place.query)),
        "form": sorted(parse_qsl(body.decode())),
        "login": tuple(login),
        "kind": headers.get("content-type"),
    }


def official(ask: Callable[[Client], Any], user: str = ACCOUNT, password: str = "token") -> Mapping[str, Any]:
    recorder = Recorder()
    ask(Client(user, password, ACCOUNT, http_client=recorder))
    return recorder.asked
