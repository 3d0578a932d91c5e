"""A push leaves as the RFCs want it, is answered for what the answer means, and goes nowhere it must not."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from py_vapid import Vapid02
from pywebpush import WebPusher
from requests import Response
from tests.channels.browser.scenes import EVERYONE, a_push, parts, read, subscriber, way
from tests.channels.browser.subscriber import Subscriber
from tests.channels.far_side import Behaviour, answers, far_side, says_then_resets
from tests.channels.scenes import NOW, a_record

from tocsin.channels.abilities import Message
from tocsin.channels.browser.vapid import LIFE
from tocsin.channels.transport import Transport
from tocsin.core.address import AddressWhy
from tocsin.core.clock import ManualClock
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as made:
        yield made


async def sent(
    folder: Path, transport: Transport, behaviour: Behaviour, record: AlertRecord | None = None, **changes: Any
) -> tuple[Outcome, Subscriber, list[bytes]]:
    async with far_side(behaviour) as side:
        browser = subscriber(side)
        report = await way(folder, transport, ManualClock(NOW)).send(a_push(browser, record, **changes))
        return report.outcomes[0], browser, side.requests


async def test_a_push_is_encrypted_signed_and_says_how_it_is_meant(tmp_path: Path, transport: Transport):
    outcome, browser, (request,) = await sent(tmp_path, transport, answers(201, Location="/m/1"))
    first, headers, _ = parts(request)
    origin = browser.endpoint.removesuffix("/wpush/v2/a-very-secret-address")
    assert outcome == Sent(f"{origin}/m/1")
    assert first == "POST /wpush/v2/a-very-secret-address HTTP/1.1"
    assert (headers["ttl"], headers["urgency"]) == ("600", "high")
    assert headers["content-encoding"] == "aes128gcm"
    assert 0 < len(headers["topic"]) <= 32
    assert Vapid02.verify(headers["authorization"])
    told = read(browser, request)
    assert told["web_push"] == 8030
    assert told["notification"]["tag"] == headers["topic"]
    assert "RTX 5090" in told["notification"]["title"]


async def test_a_repeat_has_the_same_topic_and_another_product_has_not(tmp_path: Path, transport: Transport):
    topics = []
    for record in (a_record(), a_record(price=None), a_record(sku="other"), a_record(retailer="newegg")):
        _, _, (request,) = await sent(tmp_path, transport, answers(201), record)
        topics.append(parts(request)[1]["topic"])
    assert topics[0] == topics[1]
    assert len(set(topics)) == 3


@pytest.mark.parametrize(("priority", "urgency"), [(10, "high"), (5, "normal"), (1, "low")])
async def test_the_band_is_the_urgency(tmp_path: Path, transport: Transport, priority: int, urgency: str):
    _, _, (request,) = await sent(tmp_path, transport, answers(201), a_record(priority=priority))
    assert parts(request)[1]["urgency"] == urgency


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        (answers(404), Refused(Refusal.TARGET_GONE, "", AddressWhy.GONE)),
        (answers(410), Refused(Refusal.TARGET_GONE, "", AddressWhy.GONE)),
        (answers(400, b"errno 110"), Refused(Refusal.INVALID_REQUEST, "errno 110")),
        (answers(413), Refused(Refusal.TOO_LARGE)),
        (answers(307, Location="https://else.example"), Refused(Refusal.INVALID_REQUEST)),
        (says_then_resets(b"HTTP/1.1 2"), Unknown(Doubt.ANSWER_LOST)),
    ],
    ids=["404", "410", "400", "413", "307", "reset"],
)
async def test_what_an_answer_means(tmp_path: Path, transport: Transport, behaviour: Behaviour, outcome: Outcome):
    got, _, _ = await sent(tmp_path, transport, behaviour)
    detail = outcome.detail or got.detail
    assert got == replace(outcome, detail=detail)  # the words are whatever the service said


@pytest.mark.parametrize(
    ("behaviour", "why", "after"),
    [
        (answers(401), Delay.CREDENTIALS, None),
        (answers(403, b'{"reason":"BadJwtToken"}'), Delay.CREDENTIALS, None),
        (answers(429, Retry_After="120"), Delay.RATE_LIMITED, 120),
        (answers(503, Retry_After="120"), Delay.RATE_LIMITED, 120),
        (answers(500), Delay.PROVIDER_TROUBLE, None),
        (answers(502), Delay.PROVIDER_TROUBLE, None),
        (answers(504), Delay.PROVIDER_TROUBLE, None),
    ],
    ids=["401", "apple", "429", "503", "500", "502", "504"],
)
async def test_what_puts_it_off_is_about_that_push_service_alone(
    tmp_path: Path, transport: Transport, behaviour: Behaviour, why: Delay, after: float | None
):
    got, browser, _ = await sent(tmp_path, transport, behaviour)
    assert isinstance(got, Deferred)
    assert (got.why, got.after) == (why, after and timedelta(seconds=after))
    assert browser.endpoint.startswith(f"{got.part}/")


async def test_what_a_service_repeats_of_the_address_is_told_to_nobody(tmp_path: Path, transport: Transport):
    echo = b"no such subscription: /wpush/v2/a-very-secret-address"
    got, _, _ = await sent(tmp_path, transport, answers(410, echo))
    assert "a-very-secret-address" not in got.detail
    assert got.detail.startswith("no such subscription")


@pytest.mark.parametrize("location", ["https://else.example/m/1", "//else.example/m/1", "http://[", "/" + "m" * 2000])
async def test_nobody_else_is_called_on_the_word_of_a_push_service(tmp_path: Path, transport: Transport, location: str):
    got, _, _ = await sent(tmp_path, transport, answers(201, Location=location))
    assert isinstance(got, Sent)
    assert "://" not in (got.reference or "")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/1",
        "https://[::1]/1",
        "https://10.1.2.3/1",
        "https://2130706433/1",
        "http://push.example/1",
        "https://push.example:25/1",
    ],
)
async def test_no_private_address_is_called(tmp_path: Path, transport: Transport, endpoint: str):
    made = way(tmp_path, transport, ManualClock(NOW), vouched=())
    (got,) = (await made.send(a_push(Subscriber(endpoint)))).outcomes
    assert isinstance(got, Refused)
    assert got.why is Refusal.TARGET_FORBIDDEN
    assert got.shuts is None


async def test_a_name_that_leads_into_a_private_network_is_not_followed(tmp_path: Path, transport: Transport):
    async def inside(_host: str, _port: int) -> list[str]:
        return ["192.168.1.1"]

    made = way(tmp_path, transport, ManualClock(NOW), vouched=(), resolve=inside)
    (got,) = (await made.send(a_push(Subscriber("https://push.example/1")))).outcomes
    assert isinstance(got, Deferred)
    assert got.why is Delay.UNREACHABLE
    assert "192.168.1.1 is not called" in got.detail
    assert got.part == "https://push.example"


async def test_a_browser_whose_keys_are_none_is_forgotten(tmp_path: Path, transport: Transport):
    kept = {**Subscriber().told, "keys": {"p256dh": "AA", "auth": "AA"}}
    attempt = a_push(Subscriber())
    (member,) = attempt.members
    assert member.recipient is not None
    broken = replace(member, recipient=replace(member.recipient, value=Secret(json.dumps(kept))))
    (got,) = (await way(tmp_path, transport, ManualClock(NOW)).send(replace(attempt, members=(broken,)))).outcomes
    assert got == Refused(Refusal.TARGET_GONE, "its keys are those of no browser", AddressWhy.GONE)


async def test_without_its_key_nothing_leaves_and_the_way_rests(tmp_path: Path, transport: Transport):
    (tmp_path / "vapid.key").write_text("broken")
    got, _, requests = await sent(tmp_path, transport, answers(201))
    assert isinstance(got, Deferred)
    assert (got.why, got.part, requests) == (Delay.CREDENTIALS, "", [])
    with pytest.raises(ValueError, match="put back the one of your backup"):
        await way(tmp_path, transport, ManualClock(NOW)).browser_key()


@pytest.mark.parametrize(("status", "life"), [(204, "0"), (404, "3600"), (405, "3600"), (400, "3600")])
async def test_sold_out_is_taken_back_and_said_quietly_to_who_is_there(
    tmp_path: Path, transport: Transport, status: int, life: str
):
    """What could be taken back was seen by nobody, so nobody has to be told later."""
    async with far_side(answers(status), answers(201)) as side:
        browser = subscriber(side)
        (member,) = a_push(browser, a_record(closed_after=192)).members
        reference = f"http://127.0.0.1:{side.port}/m/1"
        message = Message(target=EVERYONE, reference=reference, members=(member,))
        report = await way(tmp_path, transport, ManualClock(NOW)).edit(message)
        taking, telling = side.requests
    assert isinstance(report.outcomes[0], Sent)
    first, headers, _ = parts(taking)
    assert first == "DELETE /m/1 HTTP/1.1"
    assert Vapid02.verify(headers["authorization"])
    assert parts(telling)[1]["ttl"] == life
    shown = read(browser, telling)["notification"]
    assert (shown["silent"], shown["renotify"]) == (True, False)
    assert "Sold out" in f"{shown['title']} {shown['body']}"


@pytest.mark.parametrize("reference", ["https://else.example/m/1", "0198-an-id"])
async def test_what_has_no_place_at_the_service_is_not_asked_for(tmp_path: Path, transport: Transport, reference: str):
    async with far_side(answers(410)) as side:
        (member,) = a_push(subscriber(side), a_record(closed_after=192)).members
        message = Message(target=EVERYONE, reference=reference, members=(member,))
        report = await way(tmp_path, transport, ManualClock(NOW)).edit(message)
        (telling,) = side.requests
    assert parts(telling)[0].startswith("POST ")
    assert isinstance(report.outcomes[0], Refused)
    assert not report.outcomes[0].why.disables_target  # a list has nothing to do with one browser that is gone


async def test_the_official_library_sends_the_same_request(tmp_path: Path, transport: Transport):
    """Each draws its own key and salt, so that the bodies differ, and read the same."""
    _, browser, (ours,) = await sent(tmp_path, transport, answers(201))
    theirs = Recorder()
    signed = Vapid02.from_file(str(tmp_path / "vapid.key")).sign(
        {"aud": "https://push.example", "sub": "mailto:ops@example.org", "exp": int((NOW + LIFE).timestamp())}
    )
    WebPusher(browser.told, requests_session=theirs).send(
        json.dumps(read(browser, ours)),
        {"topic": "t", "urgency": "high", **signed},
        ttl=600,
        content_encoding="aes128gcm",
    )
    _, headers, _ = parts(ours)
    told = {name.lower(): str(value) for name, value in theirs.headers.items()}
    for name in ("ttl", "urgency", "content-encoding"):
        assert headers[name] == told[name]
    assert told.keys() <= headers.keys()
    assert headers["authorization"].partition(",k=")[2] == told["authorization"].partition(",k=")[2]
    assert json.loads(browser.read(theirs.body)) == read(browser, ours)


class Recorder:
    """Keeps what the library would send, and sends nothing."""

    def post(self, _endpoint: str, *, data: bytes, headers: dict[str, Any], **_: Any) -> Response:
        self.body, self.headers = data, headers
        made = Response()
        made.status_code = 201
        return made
