"""A provider calls back: a toy of one proves the way of its word, from the signature to the timeline."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.deadline import DEADLINE_S
from tests.web.house import Board, House, open_house

from tocsin.channels.contract import Attempt, Report
from tocsin.core.address import AddressState, AddressValue, AddressWhy
from tocsin.core.callback import Callback
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.facts import CalledBack
from tocsin.core.outcome import Sent
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal, SignalKind
from tocsin.ledger.contract.people import AddressDraft, ConsentDraft, ContactDraft
from tocsin.pipeline.people.phone import phone_of
from tocsin.rules.consent import standing_after

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
        if kind.is_of_person:
            why = (
                AddressWhy.STOP if kind is SignalKind.OPTED_OUT else AddressWhy(said["why"]) if "why" in said else None
            )
            person = Secret(said["person"])
            return [Signal(channel=self.name, event_id=said["id"], kind=kind, person=person, why=why, detail="words")]
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


async def ada(house: House) -> tuple[UUID, AddressValue]:
    """Somebody who is told by text."""
    value, people = phone_of("+14155550101"), house.services.ledger.people
    drafts = (AddressDraft(value=value),)
    contact = await people.create(ContactDraft(name="Ada", addresses=drafts), "token:admin", standing_after)
    (address,) = contact.addresses
    code = ConsentDraft(event=ConsentEvent.CONFIRMED, source=ConsentSource.SIGN_UP_PAGE, author="person")
    await people.enter(contact.id, address.id, code, standing_after)
    return contact.id, value


async def stands(house: House, value: AddressValue) -> tuple[AddressState, AddressWhy | None]:
    row = await house.services.ledger.people.by_value(value)
    assert row is not None
    return row.state, row.why


async def test_who_says_stop_is_told_nothing_more_until_start(house: House):
    contact, value = await ada(house)
    stop = {"id": "m1", "status": "opted_out", "person": "+14155550101"}
    start = {"id": "m2", "status": "opted_in", "person": "+14155550101"}
    assert (await call(house, stop))[0] == 200
    assert await stands(house, value) == (AddressState.SUPPRESSED, AddressWhy.STOP)
    assert (await call(house, start))[0] == 200
    assert await stands(house, value) == (AddressState.ACTIVE, None)
    assert (await call(house, stop))[0] == 200
    assert await stands(house, value) == (AddressState.ACTIVE, None)
    assert became(house) == ["taken", "taken", "known"]
    entries = await house.services.ledger.people.consents(contact)
    assert [(entry.event, entry.source, entry.author) for entry in entries][-2:] == [
        (ConsentEvent.WITHDRAWN, ConsentSource.INBOUND_TEXT, "person"),
        (ConsentEvent.RESUMED, ConsentSource.INBOUND_TEXT, "person"),
    ]
    assert "+14155550101" not in repr(entries)


@pytest.mark.parametrize(
    ("why", "state"),
    [(AddressWhy.PROVIDER_OPT_OUT, AddressState.SUPPRESSED), (AddressWhy.LANDLINE, AddressState.DEAD)],
)
async def test_what_a_provider_shuts_is_shut_here_too(house: House, why: AddressWhy, state: AddressState):
    _, value = await ada(house)
    told = {"id": "m1", "status": "shut", "why": why.value, "person": "+14155550101"}
    assert (await call(house, told))[0] == 200
    assert await stands(house, value) == (state, why)


async def test_words_of_somebody_else_change_nothing(house: House):
    contact, value = await ada(house)
    for number, (status, person) in enumerate(
        (("said", "+14155550101"), ("help_asked", "+14155550101"), ("opted_out", "+14155550102"), ("opted_out", "7"))
    ):
        assert (await call(house, {"id": f"m{number}", "status": status, "person": person}))[0] == 200
    forged = {"x-toy-signature": signature(b"something else")}
    stop = {"id": "m9", "status": "opted_out", "person": "+14155550101"}
    assert (await call(house, stop, **forged))[0] == 403
    assert await stands(house, value) == (AddressState.ACTIVE, None)
    assert len(await house.services.ledger.people.consents(contact)) == 1


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
