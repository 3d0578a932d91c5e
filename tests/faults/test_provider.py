"""Rows 15 to 27: what a provider, or the way to it, can do to us. Read 8 s, total 10 s, connect 2 s: a twentieth."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.faults.village import Village

from tocsin.core.delivery import DeliveryState
from tocsin.core.facts import Attempted, LaneClosed, TargetDisabled
from tocsin.sandbox import Fault
from tocsin.sandbox.garbage import GARBAGE

HOLD = {"on_lost_answer": "hold"}


def endpoint(url: str) -> dict[str, object]:
    """Settings with this webhook endpoint as the only target."""
    partner = {"url": url, "allow_networks": ["127.0.0.0/8"], "secret": "whsec_" + "A" * 43 + "="}
    return {
        "alerts": {"channels": {"webhook": {"enabled": True, "endpoints": {"partner": partner}}}},
        "routes": [{"name": "all", "match": {}, "to": ["webhook:partner"]}],
    }


@pytest.mark.parametrize("form", ["float", "seconds", "absent", "negative", "words"])
async def test_row_15_a_429_is_waited_for_and_others_go_on(village: Village, form: str):
    await village.open()
    village.sandbox.faults.next("discord", Fault.too_many(0.2, form), target="high_priority", action="execute")
    limited = await village.report("RTX 5090")
    await village.told(LaneClosed)
    other = await village.report("Steam Deck", type="restock_soon", price=None)
    await village.settled(other, DeliveryState.SENT)
    assert (await village.settled(limited, DeliveryState.SENT)).attempts == 2
    assert not village.repeated


@pytest.mark.parametrize("form", ["huge", "milliseconds"])
async def test_row_15_a_wait_beyond_belief_is_capped_at_an_hour(village: Village, form: str):
    await village.open()
    village.sandbox.faults.next("discord", Fault.too_many(300, form), action="execute")
    await village.report("RTX 5090")
    closed = await village.told(LaneClosed)
    assert closed.until - datetime.now(UTC) <= timedelta(hours=1, seconds=1)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_row_16_a_burst_of_errors_opens_the_breaker_of_its_lane_alone(village: Village, status: int):
    await village.open()
    village.sandbox.faults.next("discord", Fault.status(status), times=None, target="high_priority", action="execute")
    await village.report("RTX 5090")
    broken = await village.until(lambda: village.alerts.dispatcher.broken() or None)
    assert broken == {"discord:high_priority"}
    assert village.executed("high_priority") == 5
    other = await village.report("Steam Deck", type="restock_soon", price=None)
    await village.settled(other, DeliveryState.SENT)
    assert village.executed("high_priority") == 5


async def test_row_16_a_504_is_maybe_sent(village: Village):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.status(504, taken=True), action="execute")
    receipt = await village.report("RTX 5090")
    await village.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert not village.repeated


@pytest.mark.parametrize("how", ["hang", "reset"])
async def test_row_17_a_lost_answer_is_looked_for_where_somebody_can_be_asked(village: Village, how: str):
    await village.open(discord={"bot_token": village.sandbox.discord.bot_token})
    village.sandbox.faults.next("discord", Fault.lost(how), action="execute")
    receipt = await village.report("RTX 5090")
    delivery = await village.settled(receipt, DeliveryState.SENT)
    assert (delivery.why, delivery.possibly_repeated) == ("found", False)
    assert not village.repeated


@pytest.mark.parametrize("how", ["hang", "reset"])
async def test_row_17_a_lost_answer_is_flagged_where_nobody_can_be_asked(village: Village, how: str):
    await village.open()
    village.sandbox.faults.next("discord", Fault.lost(how), action="execute", times=2)
    high = await village.report("RTX 5090")
    low = await village.report("Steam Deck", type="restock_soon", price=None)
    resent = await village.settled(high, DeliveryState.SENT)
    await village.settled(low, DeliveryState.POSSIBLY_SENT)
    assert resent.possibly_repeated
    assert list(village.repeated.values()) == [2]


async def test_row_18_a_connection_that_never_comes_about_is_tried_again(village: Village):
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
async def test_row_19_what_cannot_be_reached_surely_has_nothing(village: Village, place: str):
    await village.open(discord={"enabled": False}, **endpoint(place))
    receipt = await village.report("RTX 5090")
    delivery = await village.settled(receipt, DeliveryState.PENDING)
    assert (delivery.why, delivery.possibly_repeated) == ("deferred", False)


@pytest.mark.parametrize("cut", ["before_reading", "after_reading", "mid_headers", "mid_body"])
async def test_row_20_a_reset_once_a_byte_has_left_is_maybe_sent(village: Village, cut: str):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.reset(cut), action="execute")
    receipt = await village.report("RTX 5090")
    await village.settled(receipt, DeliveryState.POSSIBLY_SENT)
    assert village.executed("high_priority") == 1


async def test_row_20_a_reset_behind_the_whole_answer_takes_nothing_back(village: Village):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", Fault.reset("after_body"), action="execute")
    receipt = await village.report("RTX 5090")
    await village.until(lambda: village.executed("high_priority") or None)
    after = await village.report("PS5 Pro")
    await village.settled(after, DeliveryState.SENT)
    (delivery,) = await village.deliveries(receipt)
    assert delivery["state"] in ("sent", "possibly_sent")
    assert village.executed("high_priority") == 2


async def test_row_21_a_connection_that_died_idle_gets_no_post(village: Village):
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
async def test_row_22_a_provider_that_never_ends_holds_no_place_for_ever(village: Village, fault: Fault):
    await village.open(discord=HOLD)
    village.sandbox.faults.next("discord", fault, action="execute")
    first = await village.ended(await village.report("RTX 5090"))
    assert first.state in ("possibly_sent", "sent")
    await village.settled(await village.report("PS5 Pro"), DeliveryState.SENT)
    assert village.alerts.dispatcher.lanes()["discord:high_priority"].in_flight == 0
    assert village.executed("high_priority") == 2


@pytest.mark.parametrize(
    "what",
    ["html", "empty", "words", "truncated", "charset", "numbers", "deep", "gzip_bomb", "not_gzip", "list"],
)
async def test_row_23_garbage_with_a_200_is_sent_with_an_id_that_nobody_knows(village: Village, what: str):
    await village.open()
    GARBAGE[what]()  # the bomb takes its time to be built
    village.sandbox.faults.next("discord", Fault.garbage(what), action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.SENT)
    await village.settled(await village.report("PS5 Pro"), DeliveryState.SENT)
    assert not village.repeated


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_row_24_a_redirect_is_not_followed(village: Village, status: int):
    await village.open()
    elsewhere = village.sandbox.discord.webhook("elsewhere")
    village.sandbox.faults.next("discord", Fault.redirect(elsewhere, status), action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.REFUSED)
    assert village.executed("elsewhere") == 0


async def test_row_25_a_certificate_that_nobody_vouches_for_gets_nothing(village: Village, tmp_path: Path):
    """Expired, of another host, of an old TLS: `tests/channels/test_transport.py`. This one is self-signed."""
    await asyncio.to_thread(
        subprocess.run,
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "1", "-subj", "/CN=localhost"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    heard: list[bytes] = []
    server = await asyncio.start_server(_listening(heard), "127.0.0.1", 0, ssl=_context(tmp_path))
    port = server.sockets[0].getsockname()[1]
    async with server:
        await village.open(discord={"enabled": False}, **endpoint(f"https://localhost:{port}/hook"))
        delivery = await village.settled(await village.report("RTX 5090"), DeliveryState.PENDING)
        await village.close()
    assert delivery.why == "deferred"
    assert heard == []


@pytest.mark.parametrize(("status", "body"), [(401, ""), (403, '{"code": 50013, "message": "Missing Permissions"}')])
async def test_row_26_a_key_that_is_refused_is_not_shown_again_and_again(village: Village, status: int, body: str):
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
async def test_row_27_an_endpoint_that_is_gone_rests_and_others_are_fine(village: Village, status: int):
    await village.open()
    village.sandbox.faults.next("discord", Fault.status(status), times=None, target="high_priority", action="execute")
    await village.settled(await village.report("RTX 5090"), DeliveryState.REFUSED)
    await village.told(TargetDisabled)
    await village.settled(await village.report("Steam Deck", type="restock_soon", price=None), DeliveryState.SENT)
    assert village.executed("high_priority") == 1


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _listening(heard: list[bytes]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if received := await reader.read(1024):
            heard.append(received)
        writer.close()

    return listen
