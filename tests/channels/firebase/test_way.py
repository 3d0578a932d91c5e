"""Pushes to devices of the sandbox, by the real way: what is shown and heard, and what becomes of whoever is gone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.channels.firebase.scenes import TOKEN, a_push, account_of, to_phone, way
from tests.channels.scenes import a_record

from tocsin.channels.abilities import Message
from tocsin.channels.contract import Matter
from tocsin.channels.firebase.errors import NEVER_REGISTERED
from tocsin.channels.firebase.way import FirebaseWay
from tocsin.channels.transport import Transport
from tocsin.core.address import AddressWhy
from tocsin.core.clock import ManualClock
from tocsin.core.outcome import Deferred, Delay, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.firebase.refusal import by_code, refused

PLATFORMS = pytest.mark.parametrize("platform", ["android", "ios"])


async def outcome(way: FirebaseWay, attempt: Any) -> Outcome:
    return (await way.send(attempt)).outcomes[0]


def message(sent: Outcome, attempt: Any, closed_after: float | None = 240) -> Message:
    assert isinstance(sent, Sent)
    (member,) = attempt.members
    gone = type(member)(member.delivery, a_record(closed_after=closed_after), member.recipient)
    return Message(target=attempt.target, reference=sent.reference or "", members=(gone,))


@PLATFORMS
@pytest.mark.parametrize("by", ["token", "fid"])
async def test_a_device_shows_what_was_sent(firebase: FirebaseWay, sandbox: Sandbox, platform: str, by: str):
    phone = sandbox.firebase.phone("Ada's", platform, by)
    assert isinstance(await outcome(firebase, to_phone(phone)), Sent)
    (card,) = phone.cards
    assert (card.title, card.body, card.sound) == ("In stock: GeForce RTX 5090", "$1,999.99 at Best Buy", "default")
    assert card.data["link"].startswith("https://alerts.example/r/")
    assert card.data["answer"] == card.data["link"].replace("/r/", "/a/")


@PLATFORMS
async def test_a_repeat_replaces_and_sold_out_replaces_quietly(firebase: FirebaseWay, sandbox: Sandbox, platform: str):
    phone = sandbox.firebase.phone("Ada's", platform)
    attempt = to_phone(phone)
    for _ in range(2):
        sent = await outcome(firebase, attempt)
    assert (len(phone.cards), phone.device.screen.arrived) == (1, 2)
    rang = phone.device.screen.rang
    assert isinstance((await firebase.edit(message(sent, attempt))).outcomes[0], Sent)
    (card,) = phone.cards
    assert (card.title, card.sound, phone.device.screen.rang) == ("Sold out: GeForce RTX 5090", None, rang)


@PLATFORMS
async def test_who_sleeps_is_not_woken(firebase: FirebaseWay, sandbox: Sandbox, platform: str):
    phone = sandbox.firebase.phone("Ada's", platform)
    await firebase.send(to_phone(phone, silent=True))
    assert (phone.cards[0].sound, phone.cards[0].level) == (None, "low" if platform == "android" else "passive")


async def test_a_phone_that_is_off_gets_the_newest_of_an_offer_and_nothing_past_its_life(
    firebase: FirebaseWay, sandbox: Sandbox, clock: ManualClock
):
    phone = sandbox.firebase.phone("Ada's")
    phone.switch(on=False)
    await firebase.send(to_phone(phone, a_record(1)))
    await firebase.send(to_phone(phone, a_record(2, product_name="RTX 5090 again")))
    await firebase.send(to_phone(phone, a_record(3, sku="other", product_name="RTX 5080")))
    phone.switch(on=True)
    assert phone.device.screen.titles() == ["In stock: RTX 5080", "In stock: RTX 5090 again"]
    phone.clear()
    phone.switch(on=False)
    await firebase.send(to_phone(phone))
    clock.advance(601)
    phone.switch(on=True)
    assert phone.cards == []


async def test_a_thousand_senders_fetch_one_token_over_few_connections(
    firebase: FirebaseWay, sandbox: Sandbox, transport: Transport
):
    phones = [sandbox.firebase.phone(f"phone {number}") for number in range(300)]
    reports = await asyncio.gather(*(firebase.send(to_phone(phone)) for phone in phones))
    assert all(isinstance(report.outcomes[0], Sent) for report in reports)
    assert len(sandbox.journal.accepted("firebase", "token")) == 1
    assert len(transport._open) <= 101


async def test_a_token_is_renewed_before_its_end_while_the_old_one_is_still_used(
    firebase: FirebaseWay, sandbox: Sandbox, clock: ManualClock
):
    phone = sandbox.firebase.phone("Ada's")
    await firebase.send(to_phone(phone))
    clock.advance(3599 - 301)
    await firebase.send(to_phone(phone))
    assert len(sandbox.journal.accepted("firebase", "token")) == 1
    clock.advance(2)
    sandbox.faults.next("firebase", Fault.status(503), action="token")
    assert isinstance(await outcome(firebase, to_phone(phone)), Sent)
    assert len(sandbox.journal.accepted("firebase", "token")) == 1
    assert isinstance(await outcome(firebase, to_phone(phone)), Sent)
    assert len(sandbox.journal.accepted("firebase", "token")) == 2
    assert sandbox.journal.accepted("firebase", "send")[-1].status == 200


async def test_a_token_that_is_refused_is_replaced_once_and_then_the_key_is_wrong(
    firebase: FirebaseWay, sandbox: Sandbox
):
    phone = sandbox.firebase.phone("Ada's")
    await firebase.send(to_phone(phone))
    sandbox.firebase.project.tokens.clear()
    said = await asyncio.gather(*(outcome(firebase, to_phone(phone)) for _ in range(5)))
    assert {(one.why, one.part) for one in said if isinstance(one, Deferred)} == {(Delay.PROVIDER_TROUBLE, "token")}
    assert isinstance(await outcome(firebase, to_phone(phone)), Sent)
    assert len(sandbox.journal.accepted("firebase", "token")) == 2
    no = refused("UNAUTHENTICATED", "Request had invalid authentication credentials.")
    sandbox.faults.next("firebase", Fault.status(401, no.body.decode()), times=2, action="send")
    first, second = [await outcome(firebase, to_phone(phone)) for _ in range(2)]
    assert isinstance(first, Deferred)
    assert isinstance(second, Deferred)
    assert (first.part, second.part, second.why) == ("token", "", Delay.CREDENTIALS)


async def test_a_file_with_another_key_is_told_by_the_words_of_the_provider(
    sandbox: Sandbox, transport: Transport, clock: ManualClock, tmp_path: Any
):
    account = account_of(sandbox, tmp_path)
    async with Sandbox(clock) as other:
        stranger = account_of(other, tmp_path)
    changed = type(account)(project=account.project, email=account.email, key=stranger.key,
        key_id=None, token_uri=account.token_uri)  # fmt: skip
    told = await outcome(way(changed, transport, clock, api_base=sandbox.url), a_push())
    assert isinstance(told, Deferred)
    assert (told.why, told.detail) == (Delay.CREDENTIALS, "no token is given: invalid_grant Invalid JWT Signature.")


@pytest.mark.parametrize(
    ("code", "why", "shuts"),
    [
        ("UNREGISTERED", Refusal.TARGET_GONE, AddressWhy.UNREGISTERED),
        ("INVALID_ARGUMENT", Refusal.TARGET_GONE, AddressWhy.GONE),
        ("SENDER_ID_MISMATCH", Refusal.TARGET_GONE, AddressWhy.GONE),
    ],
)
async def test_an_address_that_is_gone_is_told_from_a_bad_message(
    firebase: FirebaseWay, sandbox: Sandbox, code: str, why: Refusal, shuts: AddressWhy
):
    phone = sandbox.firebase.phone("Ada's")
    phone.device.answers = code
    told = await outcome(firebase, to_phone(phone))
    assert isinstance(told, Refused)
    assert (told.why, told.shuts) == (why, shuts)


async def test_a_fid_that_never_was_registered_says_what_the_app_has_to_do(firebase: FirebaseWay):
    told = await outcome(firebase, a_push(to="eNeverRegistered123456"))
    assert isinstance(told, Refused)
    assert told.detail == NEVER_REGISTERED


async def test_a_platform_without_its_key_rests_and_operators_hear_of_it(
    firebase: FirebaseWay, sandbox: Sandbox, clock: ManualClock
):
    apple, other, android = (sandbox.firebase.phone(name, kind) for name, kind in (
        ("one", "ios"), ("two", "ios"), ("three", "android")))  # fmt: skip
    apple.device.answers = "THIRD_PARTY_AUTH_ERROR"
    report = await firebase.send(to_phone(apple))
    told = report.outcomes[0]
    assert isinstance(told, Deferred)
    assert (told.why, told.part) == (Delay.CREDENTIALS, "Apple")
    assert report.matters == (
        Matter("Firebase, Apple", "THIRD_PARTY_AUTH_ERROR Auth error from APNS or Web Push Service"),
    )
    asked = len(sandbox.journal)
    rested = await outcome(firebase, to_phone(other))
    assert isinstance(rested, Deferred)
    assert (rested.part, len(sandbox.journal)) == ("Apple", asked)
    assert isinstance(await outcome(firebase, to_phone(android)), Sent)
    assert len(sandbox.journal.accepted("firebase", "token")) == 1, "it says nothing of our token"
    clock.advance(61)
    assert isinstance(await outcome(firebase, to_phone(other)), Sent)


async def test_a_device_has_a_budget_of_its_own(firebase: FirebaseWay, sandbox: Sandbox, clock: ManualClock):
    phone, other = sandbox.firebase.phone("Ada's"), sandbox.firebase.phone("Bob's")
    for number in range(240):
        assert isinstance(await outcome(firebase, to_phone(phone, a_record(number))), Sent)
    told = await outcome(firebase, to_phone(phone))
    assert isinstance(told, Deferred)
    assert (told.why, told.part) == (Delay.RATE_LIMITED, "device")
    assert isinstance(await outcome(firebase, to_phone(other)), Sent)
    collapsing = [
        entry for entry in sandbox.journal if "collapse_key" in (entry.body or {}).get("message", {}).get("android", {})
    ]
    assert len([one for one in collapsing if one.body["message"].get("token") == phone.address]) == 20
    clock.advance(61)
    assert isinstance(await outcome(firebase, to_phone(phone)), Sent)


async def test_a_lost_answer_is_in_doubt_and_no_connection_is_not(firebase: FirebaseWay, sandbox: Sandbox):
    phone = sandbox.firebase.phone("Ada's")
    await firebase.send(to_phone(phone))
    sandbox.faults.next("firebase", Fault.reset("mid_headers"), action="send")
    assert isinstance(await outcome(firebase, to_phone(phone)), Unknown)
    sandbox.faults.next("firebase", Fault.status(502, "<html>bad gateway"), action="send")
    assert isinstance(await outcome(firebase, to_phone(phone)), Unknown)


@pytest.mark.parametrize(
    ("code", "headers", "wait"),
    [
        ("QUOTA_EXCEEDED", {}, 60),
        ("QUOTA_EXCEEDED", {"Retry-After": "7"}, 7),
        ("UNAVAILABLE", {}, 10),
        ("UNAVAILABLE", {"Retry-After": "30"}, 30),
        ("INTERNAL", {}, 10),
    ],
)
async def test_trouble_waits_as_long_as_it_says(
    firebase: FirebaseWay, sandbox: Sandbox, code: str, headers: Any, wait: int
):
    phone = sandbox.firebase.phone("Ada's")
    answer = by_code(code, headers)
    fault = Fault(name=code, kind="answer", reaches=False, make=lambda _: answer)
    sandbox.faults.next("firebase", fault, action="send")
    told = await outcome(firebase, to_phone(phone))
    assert isinstance(told, Deferred)
    assert (told.after, told.part) == (timedelta(seconds=wait), "")


async def test_nobody_learns_the_token_of_a_device_from_an_error(firebase: FirebaseWay, sandbox: Sandbox):
    report = await firebase.send(a_push())
    assert TOKEN not in repr(report)
