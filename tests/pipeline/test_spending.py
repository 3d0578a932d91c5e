"""What a day may cost, through the dispatcher: the real channel and ledger, and a provider that is simulated."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tests.pipeline.test_texts import ADA, BOB, LANE, Desk, S, at_the_desk, waiting

from tocsin.core.delivery import Why
from tocsin.core.facts import Fact, SpendCapReached
from tocsin.core.signal import Cost
from tocsin.rules.spending import SpendPolicy
from tocsin.sandbox.twilio.account import SENDER

FOUR = SpendPolicy(per_day=Decimal("0.04"), unit=Cost(Decimal("0.01"), "USD"))  # and a fifth, for the high band
LOW, HIGH = 2, 9


async def tell(desk: Desk, name: str, priority: int, count: int, *slots: int) -> None:
    """So many alerts, and wait until none of them waits."""
    await desk.alerts([desk.detected(f"{name} {each}", priority) for each in range(count)], *slots)
    await desk.see(lambda: nothing_waits(desk))


async def nothing_waits(desk: Desk) -> bool:
    found = (await desk.ledger.history.deliveries(limit=200)).items
    return all(one.state not in (S.PENDING, S.SENDING) for one in found)


async def ends(desk: Desk, priority: int) -> tuple[int, int]:
    """How many of that priority were taken, and how many cut off."""
    found = [one for one in (await desk.ledger.history.deliveries(limit=200)).items if one.priority == priority]
    cut = [one for one in found if (one.state, one.why) == (S.CANCELLED, Why.SPEND_CAP)]
    taken = [one for one in found if one.state in (S.SENT, S.DELIVERED)]
    assert len(cut) + len(taken) == len(found)
    return len(taken), len(cut)


async def test_at_the_cap_the_high_band_alone_goes_on_and_then_nobody_until_the_next_day(tmp_path: Path):
    facts: list[Fact] = []
    async with at_the_desk(tmp_path, spending=FOUR, emit=facts.append) as desk:
        ada = await desk.join(ADA)
        await tell(desk, "low", LOW, 6, ada)
        assert await ends(desk, LOW) == (4, 2)
        await tell(desk, "high", HIGH, 3, ada)
        assert await ends(desk, HIGH) == (1, 2)
        assert len(desk.sandbox.journal.accepted("twilio", "create")) == 5
        assert [fact.channel for fact in facts if isinstance(fact, SpendCapReached)] == ["sms"]
        assert desk.sending.lanes.spent_up("sms")
        desk.clock.advance(timedelta(days=1).total_seconds())
        assert not desk.sending.lanes.spent_up("sms")
        await tell(desk, "tomorrow", LOW, 1, ada)
        assert await ends(desk, LOW) == (5, 2)


async def test_a_day_goes_on_after_a_restart(tmp_path: Path):
    async with at_the_desk(tmp_path, spending=FOUR) as desk:
        ada = await desk.join(ADA)
        await tell(desk, "low", LOW, 4, ada)
        assert await ends(desk, LOW) == (4, 0)
    facts: list[Fact] = []
    async with at_the_desk(tmp_path, spending=FOUR, emit=facts.append) as desk:
        await tell(desk, "again", LOW, 1, ada)
        assert await ends(desk, LOW) == (4, 1)
        assert desk.sandbox.journal.accepted("twilio", "create") == []
        assert [fact.channel for fact in facts if isinstance(fact, SpendCapReached)] == ["sms"]


async def test_what_surely_was_not_sent_is_not_paid_for(tmp_path: Path):
    async with at_the_desk(tmp_path, spending=FOUR) as desk:
        ada, bob = await desk.join(ADA), await desk.join(BOB)
        desk.sandbox.twilio.account.opted_out.add((BOB, SENDER))
        await desk.alerts([desk.detected("one", HIGH)], bob)
        await desk.until(bob, S.REFUSED)
        await tell(desk, "low", LOW, 5, ada)
        assert await ends(desk, LOW) == (4, 1)


async def test_a_person_gets_so_many_a_day_and_others_more(tmp_path: Path):
    async with at_the_desk(tmp_path, spending=SpendPolicy(per_contact=2)) as desk:
        ada, bob = await desk.join(ADA), await desk.join(BOB)
        await tell(desk, "for ada", HIGH, 3, ada)
        assert await ends(desk, HIGH) == (2, 1)
        await tell(desk, "for both", HIGH, 1, ada, bob)
        assert await ends(desk, HIGH) == (3, 2)
        await desk.see(lambda: waiting(desk.texts(BOB), 1))
        assert len(desk.texts(ADA)) == 2


async def test_what_a_text_cost_is_booked_once_and_takes_the_place_of_what_it_was_expected_to(tmp_path: Path):
    dear = SpendPolicy(per_day=Decimal("0.04"), unit=Cost(Decimal("0.03"), "USD"))
    async with at_the_desk(tmp_path, spending=dear) as desk:
        ada = await desk.join(ADA)
        began = desk.clock.now()
        await desk.alert(ada)
        key = (await desk.until(ada, S.DELIVERED)).key
        assert desk.sending.lanes.spent_up("sms")
        await desk.sending.prices.look()
        assert await cost_of(desk, key) is None  # too young to be billed
        desk.clock.advance(120)
        await desk.see(lambda: priced(desk, key))
        assert await cost_of(desk, key) == Cost(Decimal("0.0079"), "USD")
        assert not desk.sending.lanes.spent_up("sms")
        desk.clock.advance(120)
        asked = len(desk.sandbox.journal.accepted("twilio", "fetch"))
        await desk.sending.prices.look()
        assert len(desk.sandbox.journal.accepted("twilio", "fetch")) == asked
        (row,) = await desk.ledger.queue.spent(began, frozenset({LANE}))
        assert row.cost == Cost(Decimal("0.0079"), "USD")


async def priced(desk: Desk, key: int) -> bool:
    await desk.sending.prices.look()
    return await cost_of(desk, key) is not None


async def cost_of(desk: Desk, key: int) -> Cost | None:
    receipt = await desk.ledger.history.receipt(key)
    return None if receipt is None else receipt.cost
