"""Texts to people of a list, from the queue to their phones and back: the real channel, ledger and sandbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web
from tests.blank import blank
from tests.channels.twilio.scenes import channel, of_sandbox
from tests.contract.crowd import Crowd, phone
from tests.deadline import DEADLINE_S

from tocsin.channels.transport import Transport
from tocsin.core.address import AddressState, AddressWhy
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.callback import Callback
from tocsin.core.clock import ManualClock
from tocsin.core.decision import Accepted, Chosen, Plan, Reason
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.errors import ForgedError, StaleDirectoryError
from tocsin.core.facts import Emit
from tocsin.core.link import Codes
from tocsin.core.recipients import audience_of
from tocsin.ledger.contract import Appended, Item, Ledger, Submission
from tocsin.ledger.opening import open_ledger
from tocsin.pipeline.active import Active
from tocsin.pipeline.sending.sending import Sending
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook
from tocsin.rules.spending import SpendPolicy
from tocsin.rules.window import Rate
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.twilio.account import SENDER

VIP = Target("sms", "vip")
LANE = "sms:main"
ADA, BOB = "+14155550101", "+14155550102"
S = DeliveryState


@dataclass
class Desk:
    ledger: Ledger
    sending: Sending
    sandbox: Sandbox
    clock: ManualClock
    crowd: Crowd
    statuses: list[int]

    async def join(self, number: str) -> int:
        """Somebody who may be told; the slot of the phone."""
        _, address = await self.crowd.telling(number, phone(number))
        return address.slot

    async def alert(self, *slots: int) -> None:
        await self.alerts([self.detected()], *slots)

    def detected(self, sku: str = "6634940", priority: int = 9) -> Alert:
        now = self.clock.now()
        return Alert(
            id=new_id(now), type=AlertType.IN_STOCK, priority=priority, sku=sku, retailer="bestbuy", timestamp=now,
            price=Decimal("1999.99"), product_name="GeForce RTX 5090",
        )  # fmt: skip

    async def alerts(self, alerts: Sequence[Alert], *slots: int, life: timedelta = timedelta(minutes=10)) -> None:
        now = self.clock.now()
        chosen = Chosen(now=audience_of(slots))
        plan = Plan(target=VIP, lane=LANE, due=now, expires_at=now + life, people=chosen)
        appended = await self._appended(Submission(tuple(map(Item, alerts))), plan)
        self.sending.moves.follow(appended.moved, appended.lanes)

    async def _appended(self, submission: Submission, plan: Plan) -> Appended:
        """What a provider said of somebody may be entered at this very moment: then once more, as intake does it."""
        while True:
            version = await self.ledger.people.directory_version()
            with contextlib.suppress(StaleDirectoryError):
                return await self.ledger.queue.append(submission, lambda *_: Accepted(Reason.NEW, (plan,)), version)

    async def deliveries(self) -> dict[int | None, Delivery]:
        """By slot, the newest of each."""
        found = (await self.ledger.history.deliveries(limit=100)).items
        return {one.slot: one for one in reversed(found)}

    async def until(self, slot: int, state: DeliveryState) -> Delivery:
        return await self.see(lambda: self._in(slot, state))

    async def see(self, question: Callable[[], Any]) -> Any:
        """Time passes in small steps, for the service and for the provider alike."""
        async with asyncio.timeout(DEADLINE_S):
            while not (found := await question()):
                self.clock.advance(0.05)
                await asyncio.sleep(0.005)
            return found

    async def stands(self, number: str) -> tuple[AddressState, AddressWhy | None]:
        row = await self.ledger.people.by_value(phone(number))
        assert row is not None
        return row.state, row.why

    def texts(self, number: str) -> Sequence[str]:
        return self.sandbox.twilio.phone(number).texts

    async def asked(self, slot: int, state: DeliveryState) -> Delivery | None:
        """As upkeep asks, again and again."""
        await self.sending.doubts.look()
        return await self._in(slot, state)

    async def _in(self, slot: int, state: DeliveryState) -> Delivery | None:
        one = (await self.deliveries()).get(slot)
        return one if one and one.state is state else None


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with at_the_desk(tmp_path) as made:
        yield made


@asynccontextmanager
async def at_the_desk(
    folder: Path, *rates: Rate, spending: SpendPolicy | None = None, emit: Emit = lambda _: None
) -> AsyncIterator[Desk]:
    clock = ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox(clock, limits=False))
        transport = await stack.enter_async_context(Transport())
        ledger = await stack.enter_async_context(open_ledger(f"sqlite:///{blank(folder / 'ledger.db')}", clock=clock))
        door = Door(clock)
        url = await door.open(stack)
        codes = Codes(lambda: ledger.link_secret)
        sms = channel(of_sandbox(sandbox, public_url=url), transport, clock, lambda *_: None)
        sms._codes = codes
        sending = Sending(ledger, Active(book(rates, spending), {"sms": sms}), clock, emit, random=Random(1))
        door.receive = sending.receipts.receive
        sandbox.call_back(url)
        await stack.enter_async_context(sending.running(grace_s=5))
        yield Desk(ledger, sending, sandbox, clock, Crowd(ledger.people), door.statuses)


class Door:
    """Where the provider calls back."""

    def __init__(self, clock: ManualClock) -> None:
        self.statuses: list[int] = []
        self.receive: Any = None
        self._clock = clock
        self._url = ""

    async def open(self, stack: AsyncExitStack) -> str:
        application = web.Application()
        application.router.add_post("/hooks/twilio/{kind}", self._hear)
        runner = web.AppRunner(application)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return self._url

    async def _hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        callback = Callback(
            kind=request.match_info["kind"],
            url=self._url + request.path_qs,
            headers=headers,
            body=await request.read(),
            at=self._clock.now(),
        )
        try:
            media_type, body = await self.receive("twilio", callback)
        except ForgedError:
            self.statuses.append(403)
            return web.Response(status=403)
        self.statuses.append(200)
        return web.Response(body=body, content_type=media_type)


def book(rates: tuple[Rate, ...] = (), spending: SpendPolicy | None = None) -> Rulebook:
    return Rulebook(
        catalog=Catalog(),
        filters=FilterPolicy(),
        dedup=AlertDeduplicator(DedupPolicy()),
        routing=RoutingPolicy(
            routes=(),
            targets={VIP: TargetPolicy(target=VIP, lane=LANE)},
            lanes={LANE: LanePolicy(name=LANE, channel="sms", gate=GatePolicy(rates=rates), spending=spending)},
        ),
    )


async def test_each_of_a_list_is_told_once_and_the_receipts_are_booked(desk: Desk):
    ada, bob = await desk.join(ADA), await desk.join(BOB)
    await desk.alert(ada, bob)
    for slot, number in ((ada, ADA), (bob, BOB)):
        delivery = await desk.until(slot, S.DELIVERED)
        assert desk.texts(number) == ["IN STOCK: GeForce RTX 5090, Best Buy, $1,999.99"]
        receipt = await desk.ledger.history.receipt(delivery.key)
        assert receipt is not None
        assert (receipt.units, receipt.reference) == (1, desk.sandbox.twilio.phone(number).phone.shown[0].sid)
    assert set(desk.statuses) == {200}
    assert not desk.sandbox.journal.repeated("twilio")


async def test_a_text_whose_answer_was_lost_is_found_by_asking(desk: Desk):
    ada = await desk.join(ADA)
    desk.sandbox.twilio.caller.held = True
    desk.sandbox.faults.next("twilio", Fault.lost("reset"), action="create")
    await desk.alert(ada)
    found = await desk.see(lambda: desk.asked(ada, S.SENT))
    assert found.why is Why.FOUND
    await desk.see(lambda: waiting(desk.texts(ADA), 1))
    assert len(desk.sandbox.journal.accepted("twilio", "create")) == 1


async def test_a_callback_proves_it_before_anybody_asks(desk: Desk):
    ada = await desk.join(ADA)
    desk.sandbox.faults.next("twilio", Fault.lost("reset"), action="create")
    desk.sandbox.faults.next("twilio", Fault.status(500), times=None, action="list")
    await desk.alert(ada)
    await desk.until(ada, S.DELIVERED)
    assert len(desk.texts(ADA)) == len(desk.sandbox.journal.accepted("twilio", "create")) == 1
    assert desk.sandbox.journal.accepted("twilio", "list") == []


async def test_callbacks_come_backwards_twice_and_forged(desk: Desk):
    ada = await desk.join(ADA)
    caller = desk.sandbox.twilio.caller
    caller.held = True
    await desk.alert(ada)
    await desk.see(lambda: waiting(caller.waiting, 2))
    url, fields = caller.waiting[1]
    assert (await caller.call_now(url, {**fields, "MessageStatus": "failed"}, token="somebody else")).status == 403
    assert (await desk.until(ada, S.SENT)).state is S.SENT
    await caller.release(backwards=True, times=2)
    assert (await desk.until(ada, S.DELIVERED)).state is S.DELIVERED
    assert desk.statuses == [403, 200, 200, 200, 200]


async def waiting(held: Sequence[Any], count: int) -> bool:
    return len(held) >= count


async def test_who_has_opted_out_at_the_provider_is_told_nothing_more_and_the_list_lives_on(desk: Desk):
    ada, bob = await desk.join(ADA), await desk.join(BOB)
    desk.sandbox.twilio.account.opted_out.add((ADA, SENDER))
    await desk.alert(ada, bob)
    refused = await desk.until(ada, S.REFUSED)
    assert refused.detail.startswith("21610 ")
    await desk.until(bob, S.DELIVERED)
    await desk.see(lambda: is_standing(desk, ADA, (AddressState.SUPPRESSED, AddressWhy.PROVIDER_OPT_OUT)))
    assert VIP not in desk.sending.targets.disabled
    await desk.alert(ada, bob)
    await desk.until(ada, S.CANCELLED)
    await desk.see(lambda: waiting(desk.texts(BOB), 2))
    assert desk.texts(ADA) == []


async def is_standing(desk: Desk, number: str, standing: tuple[AddressState, AddressWhy | None]) -> bool:
    return await desk.stands(number) == standing


@pytest.mark.parametrize(("code", "why"), [(30006, AddressWhy.LANDLINE), (30005, AddressWhy.UNKNOWN_NUMBER)])
async def test_a_number_that_turns_out_to_be_dead_is_told_nothing_more(desk: Desk, code: int, why: AddressWhy):
    ada = await desk.join(ADA)
    desk.sandbox.twilio.phone(ADA).phone.fails_with = code
    await desk.alert(ada)
    refused = await desk.until(ada, S.REFUSED)
    assert str(code) in refused.detail
    await desk.see(lambda: is_standing(desk, ADA, (AddressState.DEAD, why)))


async def test_stop_silences_and_start_brings_the_texts_back(desk: Desk):
    ada, handset = await desk.join(ADA), desk.sandbox.twilio.phone(ADA)
    await handset.write("STOP")
    assert await desk.stands(ADA) == (AddressState.SUPPRESSED, AddressWhy.STOP)
    await desk.alert(ada)
    assert (await desk.until(ada, S.CANCELLED)).why is Why.CONSENT
    assert len(desk.sandbox.journal.accepted("twilio", "create")) == 0
    await handset.write("START")
    assert await desk.stands(ADA) == (AddressState.ACTIVE, None)
    desk.clock.advance(60)
    await desk.alert(ada)
    await desk.until(ada, S.DELIVERED)
    assert "RTX 5090" in desk.texts(ADA)[-1]


async def test_a_carrier_that_never_reports_leaves_it_sent(desk: Desk):
    ada = await desk.join(ADA)
    desk.sandbox.twilio.phone(ADA).phone.silent = True
    await desk.alert(ada)
    await desk.until(ada, S.SENT)
    await desk.see(lambda: waiting(desk.texts(ADA), 1))
    assert (await desk.deliveries())[ada].state is S.SENT


async def test_of_a_hundred_at_once_a_slow_sender_tells_the_important_and_none_too_late(tmp_path: Path):
    """One segment a second, and 20 seconds in which they are news."""
    life = timedelta(seconds=20)
    async with at_the_desk(tmp_path, Rate(1, timedelta(seconds=1))) as desk:
        ada = await desk.join(ADA)
        began = desk.clock.now()
        many = [desk.detected(f"sku {number}", number % 10 + 1) for number in range(100)]
        await desk.alerts(many, ada, life=life)
        await desk.see(lambda: all_over(desk))
        created = desk.sandbox.journal.accepted("twilio", "create")
        found = (await desk.ledger.history.deliveries(limit=200)).items
        sent = [one.priority for one in found if one.state in (S.SENT, S.DELIVERED)]
        expired = [one for one in found if one.state is S.EXPIRED]
        assert len(sent) + len(expired) == 100
        assert len(sent) == len(created)
        assert 1 <= len(sent) <= 21
        assert min(sent) >= max(one.priority for one in expired)
        assert {one.why for one in expired} == {Why.PAST_LIFE}
        assert all(entry.at < began + life for entry in created)


async def all_over(desk: Desk) -> bool:
    """Nothing waits any more, in a set or by itself."""
    await desk.sending.overdue.expire()
    found = (await desk.ledger.history.deliveries(limit=200)).items
    return all(one.state in (S.SENT, S.DELIVERED, S.EXPIRED) for one in found)
