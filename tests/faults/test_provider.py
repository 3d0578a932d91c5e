"""Rows 15 to 27: what a provider, or the way to it, can do to us. Read 8 s, total 10 s, connect 2 s: a twentieth."""

import asyncio
import socket
import ssl
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from tests.channels.far_side import answers, far_side
from tests.deadline import DEADLINE_S
from tests.faults.fault_rig import FaultRig
from tests.story.test_webhooks import blocks

from tocsin.core.clock import ManualClock
from tocsin.core.condition import What
from tocsin.core.delivery import DeliveryState, Why
from tocsin.core.facts import Attempted, ConditionBegan, DeliveryMoved, LaneClosed, TargetDisabled
from tocsin.rules.breaker import OPENS_AFTER
from tocsin.sandbox import Fault
from tocsin.sandbox.faults import RetryAfter
from tocsin.sandbox.garbage import GARBAGE, Garbage

BURST = 200  # deliveries
HOLD = {"on_lost_answer": "hold"}


def endpoint(url: str) -> dict[str, object]:
    """Settings with this webhook endpoint as the only target."""
    partner = {"url": url, "allow_networks": ["127.0.0.0/8"], "secret": "whsec_" + "A" * 43 + "="}
    return {
        "alerts": {"channels": {"webhook": {"enabled": True, "endpoints": {"partner": partner}}}},
        "routes": [{"name": "all", "match": {}, "to": ["webhook:partner"]}],
    }


@pytest.mark.parametrize("form", ["float", "seconds", "absent", "negative", "words"])
async def test_row_15_a_429_is_waited_for_and_others_go_on(village: FaultRig, form: str):
    await village.open()
    village.sandbox.faults.next("discord", Fault.too_many(0.2, form), target="high_priority", action="execute")
    limited = await village.report("RTX 5090")
    await village.told(LaneClosed)
    other = await village.report("Steam Deck", type="restock_soon", price=None)
    await village.settled(other, DeliveryState.SENT)
    assert (await village.settled(limited, DeliveryState.SENT)).attempts == 2
    assert not village.repeated


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_row_15_a_wait_is_as_long_as_it_was_named(village: FaultRig, form: RetryAfter):
    await village.open()
    village.sandbox.faults.next("discord", Fault.too_many(300, form), action="execute")
    await village.report("RTX 5090")
    closed = await village.told(LaneClosed)
    assert timedelta(seconds=290) < closed.until - datetime.now(UTC) <= timedelta(seconds=301)


@pytest.mark.parametrize("form", ["huge", "milliseconds"])
async def test_row_15_a_wait_beyond_belief_is_capped_at_an_hour(village: FaultRig, form: RetryAfter):
    await village.open()
    village.sandbox.faults.next("discord", Fault.too_many(300, form), action="execute")
    await village.report("RTX 5090")
    closed = await village.told(LaneClosed)
    assert closed.until - datetime.now(UTC) <= timedelta(hours=1, seconds=1)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_row_16_a_burst_of_errors_opens_the_breaker_of_its_lane_alone(village: FaultRig, status: int):
    await village.open()
    village.sandbox.faults.next("discord", Fault.status(status), times=None, target="high_priority", action="execute")
    await village.report("RTX 5090")
    broken = await village.until(lambda: village.alerts.pipeline.sending.lanes.broken() or None)
    assert broken == {"discord:high_priority"}
    assert village.executed("high_priority") == 5
    other = await village.report("Steam Deck", type="restock_soon", price=None)
    await village.settled(other, DeliveryState.SENT)
    assert village.executed("high_priority") == 5


async def test_row_16_a_burst_of_errors_costs_at_most_a_tenth_more_requests_and_everything_arrives(village: FaultRig):
    """A minute of errors, with two hundred deliveries waiting."""
    village.clock = ManualClock(datetime.now(UTC))
    await village.open(**blocks(village))
    village.sandbox.faults.next("webhook", Fault.status(500), times=None)
    for number in range(BURST):
        await village.report(f"Product {number}")
    for _ in range(120):
        await village.pass_time(0.5)
    failed = received(village)
    assert OPENS_AFTER < failed <= BURST / 10
    village.sandbox.faults.clear()
    hook = village.sandbox.webhook.hook("partner")
    async with asyncio.timeout(DEADLINE_S):
        while len(hook.received) < BURST:
            await village.pass_time(0.1 if hook.received else 1)
    assert received(village) == failed + BURST
    assert hook.dropped == 0


def received(village: FaultRig) -> int:
    """The requests that came to webhooks, whatever became of them."""
    return sum(entry.provider == "webhook" for entry in village.sandbox.journal)


async def test_row_16_a_504_is_maybe_sent(village: FaultRig):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.status(504, taken=True), action="execute")
    receipt = await village.report("RTX 5090")
    await village.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert not village.repeated


@pytest.mark.parametrize("how", ["hang", "reset"])
async def test_row_17_a_lost_answer_is_looked_for_where_somebody_can_be_asked(village: FaultRig, how: str):
    await village.open(discord={"bot_token": village.sandbox.discord.bot_token})
    village.sandbox.faults.next("discord", Fault.lost(how), action="execute")
    receipt = await village.report("RTX 5090")
    delivery = await village.settled(receipt, DeliveryState.SENT)
    assert (delivery.why, delivery.possibly_repeated) == ("found", False)
    assert not village.repeated


@pytest.mark.parametrize("how", ["hang", "reset"])
async def test_row_17_a_lost_answer_is_flagged_where_nobody_can_be_asked(village: FaultRig, how: str):
    await village.open()
    village.sandbox.faults.next("discord", Fault.lost(how), action="execute", times=2)
    high = await village.report("RTX 5090")
    low = await village.report("Steam Deck", type="restock_soon", price=None)
    resent = await village.settled(high, DeliveryState.SENT)
    await village.settled(low, DeliveryState.POSSIBLY_SENT)
    assert resent.possibly_repeated
    assert list(village.repeated.values()) == [2]


async def test_row_18_a_connection_that_never_comes_about_is_tried_again(village: FaultRig):
    """SYNs are dropped once the backlog of a listener that accepts nobody is full."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        opened.enter_context(socket.create_connection(("127.0.0.1", port)))
        await village.open(discord={"enabled": False}, **endpoint(f"http://127.0.0.1:{port}/hook"))
        receipt = await village.report("RTX 5090")
        delivery = await village.settled(receipt, DeliveryState.PENDING)
    assert delivery.why == "deferred"
    assert (await village.told(Attempted)).outcome == "deferred"


@pytest.mark.parametrize("place", ["http://127.0.0.1:1/hook", "https://nowhere.invalid/hook"])
async def test_row_19_what_cannot_be_reached_surely_has_nothing(village: FaultRig, place: str):
    await village.open(discord={"enabled": False}, **endpoint(place))
    receipt = await village.report("RTX 5090")
    delivery = await village.settled(receipt, DeliveryState.PENDING)
    assert (delivery.why, delivery.possibly_repeated) == ("deferred", False)


@pytest.mark.parametrize("cut", ["before_reading", "after_reading", "mid_headers", "mid_body"])
async def test_row_20_a_reset_once_a_byte_has_left_is_maybe_sent(village: FaultRig, cut: str):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.reset(cut), action="execute")
    receipt = await village.report("RTX 5090")
    await village.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert village.executed("high_priority") == 1


async def test_row_20_a_reset_behind_the_whole_answer_takes_nothing_back(village: FaultRig):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.reset("after_body"), action="execute")
    receipt = await village.report("RTX 5090")
    await village.until(lambda: village.executed("high_priority") or None)
    after = await village.report("PS5 Pro")
    await village.settled(after, DeliveryState.SENT)
    (delivery,) = await village.deliveries(receipt)
    assert delivery["state"] in ("sent", "possibly_sent")
    assert village.executed("high_priority") == 2


async def test_row_21_a_connection_that_died_idle_gets_no_post(village: FaultRig):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.close_idle(), action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    second = await village.settled(await village.report("PS5 Pro"), DeliveryState.SENT)
    assert second.attempts == 1
    assert not village.repeated


@pytest.mark.parametrize(
    "fault",
    [Fault.drip(0.3), Fault.endless("headers"), Fault.endless("body"), Fault.endless("continue")],
    ids=lambda fault: f"{fault.name} {fault.part}",
)
async def test_row_22_a_provider_that_never_ends_holds_no_place_for_ever(village: FaultRig, fault: Fault):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", fault, action="execute")
    first = await village.ended(await village.report("RTX 5090"))
    assert first.state in ("possibly_sent", "sent")
    await village.settled(await village.report("PS5 Pro"), DeliveryState.SENT)
    assert village.alerts.pipeline.sending.lanes["discord:high_priority"].in_flight == 0
    assert village.executed("high_priority") == 2


@pytest.mark.parametrize(
    "what",
    GARBAGE,
)
async def test_row_23_garbage_with_a_200_is_sent_with_an_id_that_nobody_knows(village: FaultRig, what: Garbage):
    await village.open()
    GARBAGE[what]()  # the bomb takes its time to be built
    village.sandbox.faults.next("discord", Fault.garbage(what), action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    await village.settled(await village.report("PS5 Pro"), DeliveryState.SENT)
    assert not village.repeated


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("to", ["elsewhere", "itself", "http://169.254.169.254/latest/meta-data", "//", "file:///etc"])
async def test_row_24_a_redirect_is_not_followed(village: FaultRig, status: int, to: str):
    await village.open()
    ours = {"elsewhere": "elsewhere", "itself": "high_priority"}
    place = village.sandbox.discord.webhook(ours[to]) if to in ours else to
    village.sandbox.faults.next("discord", Fault.redirect(place, status), times=None, action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.REFUSED)
    assert (village.executed("high_priority"), village.executed("elsewhere")) == (1, 0)


@pytest.mark.parametrize("what", ["expired", "of another host", "of nobody", "old TLS"])
async def test_row_25_who_cannot_prove_who_he_is_gets_nothing_until_he_can(
    village: FaultRig, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = _context(authority, what)
    async with far_side(answers(), tls=context) as side:
        await village.open(discord={"enabled": False}, **endpoint(side.url.reveal()))
        receipt = await village.report("RTX 5090")
        refused = await village.until(lambda: _moved(village, DeliveryState.PENDING))
        assert (refused.why, side.requests) == (Why.DEFERRED, [])
        assert ("CERTIFICATE_VERIFY_FAILED" in refused.detail) == (what != "old TLS")
        context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
        authority.issue_cert("127.0.0.1").configure_cert(context)
        delivery = await village.settled(receipt, DeliveryState.SENT)
        await village.close()
    assert len(side.requests) == 1
    assert not delivery.possibly_repeated


async def test_row_26_while_a_key_is_refused_the_channel_pauses_and_operators_are_told(village: FaultRig):
    village.clock = ManualClock(datetime.now(UTC))
    await village.open(**blocks(village))
    village.sandbox.faults.next("webhook", Fault.status(401), times=None)
    for number in range(10):
        await village.report(f"Product {number}")
    began = await village.told(ConditionBegan)
    assert began.notice.condition.what is What.CREDENTIALS_REFUSED
    for _ in range(60):
        await village.pass_time(2)
    assert len(village.sandbox.journal) <= 4 * 3, "as many as may be in flight, at the start and once a minute"
    village.sandbox.faults.clear()
    hook = village.sandbox.webhook.hook("partner")
    async with asyncio.timeout(DEADLINE_S):
        while len(hook.received) < 10:
            await village.pass_time(0.1 if hook.received else 1)


@pytest.mark.parametrize(("status", "body"), [(401, ""), (403, '{"code": 50013, "message": "Missing Permissions"}')])
async def test_row_26_a_key_that_is_refused_is_not_shown_again_and_again(village: FaultRig, status: int, body: str):
    await village.open()
    fault = Fault.status(status, body)
    village.sandbox.faults.next("discord", fault, times=None, target="high_priority", action="execute")
    await village.report("RTX 5090")
    disabled = await village.told(TargetDisabled)
    assert str(disabled.target) == "discord:high_priority"
    for number in range(3):
        (delivery,) = await village.deliveries(await village.report(f"Product {number}"))
        assert (delivery["state"], delivery["why"]) == ("refused", "no_target")
    assert village.executed("high_priority") == 1


@pytest.mark.parametrize("status", [404, 410])
async def test_row_27_an_endpoint_that_is_gone_rests_and_others_are_fine(village: FaultRig, status: int):
    await village.open()
    village.sandbox.faults.next("discord", Fault.status(status), times=None, target="high_priority", action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.REFUSED)
    await village.told(TargetDisabled)
    await village.settled(await village.report("Steam Deck", type="restock_soon", price=None), DeliveryState.SENT)
    assert village.executed("high_priority") == 1


def _context(authority: trustme.CA, what: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made = {
        "expired": lambda: authority.issue_cert("127.0.0.1", not_after=datetime(2026, 1, 1, tzinfo=UTC)),
        "of another host": lambda: authority.issue_cert("elsewhere.example"),
        "of nobody": lambda: trustme.CA().issue_cert("127.0.0.1"),
        "old TLS": lambda: authority.issue_cert("127.0.0.1"),
    }
    made[what]().configure_cert(context)
    if what == "old TLS":
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
            context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def _moved(village: FaultRig, to: DeliveryState) -> DeliveryMoved | None:
    moves = (fact for fact in village.facts if isinstance(fact, DeliveryMoved) and fact.to is to)
    return next(moves, None)
