"""A provider calls back: a toy of one proves the way of its word, from the signature to the timeline."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.deadline import DEADLINE_S
from tests.web.house import Board, House, open_house

from tocsin.channels.contract import Attempt, Report
from tocsin.core.callback import Callback
from tocsin.core.facts import CalledBack
from tocsin.core.outcome import Sent
from tocsin.core.signal import Signal, SignalKind

SECRET = b"what the toy signs with"
HOOK = "/hooks/toy/status"
MIB = 1024 * 1024


class Toy(Board):
    """It names each message `toy-1`, `toy-2`, ... and reports later what became of it."""

    provider = "toy"

    async def send(self, attempt: Attempt) -> Report:
        await super().send(attempt)
        return Report((Sent(f"toy-{len(self.written)}"),), status=201)

    def verify(self, callback: Callback) -> str | None:
        told = callback.headers.get("x-toy-signature", "")
        return None if hmac.compare_digest(told, signature(callback.body)) else "the signature does not fit"

    def read(self, callback: Callback) -> Sequence[Signal]:
        said = orjson.loads(callback.body)
        kind = SignalKind(said["status"])
        return [Signal(channel=self.name, event_id=said["id"], kind=kind, reference=said["message"])]

    def thank(self, _callback: Callback) -> tuple[str, bytes]:
        return "text/xml", b"<Response/>"


def signature(body: bytes) -> str:
    return hmac.digest(SECRET, body, "sha256").hex()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, board=Toy()) as made:
        yield made


async def call(house: House, body: bytes | dict[str, Any], path: str = HOOK, **headers: str) -> tuple[int, str]:
    body = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {"x-toy-signature": signature(body)} | headers
    async with house.client.post(path, data=BytesIO(body), headers=headers) as answer:
        return answer.status, await answer.text()


async def sent(house: House) -> str:
    """The id of an alert whose delivery is sent as `toy-1`."""
    alert = await house.send()
    async with asyncio.timeout(DEADLINE_S):
        while (await delivery(house, alert))["state"] != "sent":  # noqa: ASYNC110 - as a client asks
            await asyncio.sleep(0.01)
    return alert


async def delivery(house: House, alert: str) -> Any:
    _, told = await house.call("GET", f"/api/v1/alerts/{alert}")
    return told["deliveries"][0]


def became(house: House) -> list[str]:
    return [fact.became for fact in house.facts if isinstance(fact, CalledBack)]


REACHED = {"id": "e1", "status": "delivered", "message": "toy-1"}


async def test_a_receipt_is_shown_on_the_timeline_and_answered_as_the_provider_expects(house: House):
    alert = await sent(house)
    assert await call(house, REACHED) == (200, "<Response/>")
    _, told = await house.call("GET", f"/api/v1/alerts/{alert}")
    assert told["deliveries"][0]["state"] == "delivered"
    assert told["timeline"][-1]["what"] == "delivered"
    assert await call(house, REACHED) == (200, "<Response/>")
    assert became(house) == ["taken", "known"]


async def test_a_forged_call_is_403_and_changes_nothing(house: House):
    alert = await sent(house)
    forged = {"x-toy-signature": signature(b"something else")}
    status, answer = await call(house, REACHED, **forged)
    assert (status, orjson.loads(answer)["error"]["code"]) == (403, "forged")
    assert (await delivery(house, alert))["state"] == "sent"
    assert became(house) == ["forged"]


async def test_what_cannot_be_read_is_refused_and_changes_nothing(house: House):
    alert = await sent(house)
    for body in (b"", b"{", b"\xff", b'{"id": "e1", "status": "eaten", "message": "toy-1"}'):
        status, _ = await call(house, body)
        assert status == 422, body
    assert (await delivery(house, alert))["state"] == "sent"


async def test_a_receipt_for_a_message_that_nobody_knows_is_kept_until_it_is_known(house: House):
    assert (await call(house, REACHED))[0] == 200
    assert became(house) == ["parked"]
    alert = await house.send()
    async with asyncio.timeout(DEADLINE_S):
        while (await delivery(house, alert))["state"] != "delivered":  # noqa: ASYNC110 - as a client asks
            await asyncio.sleep(0.01)


async def test_a_provider_that_nobody_listens_to_is_not_there(house: House):
    assert (await call(house, REACHED, "/hooks/other/status"))[0] == 404


async def test_a_call_may_be_as_long_as_a_mebibyte(house: House):
    """An open door has a bound of its own for bodies."""
    await sent(house)
    long = orjson.dumps(REACHED | {"padding": "x" * (MIB - 200)})
    assert len(long) < MIB
    assert (await call(house, long))[0] == 200
    status, answer = await call(house, b"x" * (MIB + 1))
    assert (status, orjson.loads(answer)["error"]["code"]) == (413, "too_large")
