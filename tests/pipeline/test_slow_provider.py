"""One provider answers after half a minute: what others are asked, and are to show, does not wait for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.deadline import DEADLINE_S
from tests.pipeline.dispatcher_rig import Board, DispatcherRig, at_work

from tocsin.channels.abilities import Message
from tocsin.channels.contract import Attempt, Report
from tocsin.core.alert import EpisodeKey
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target, Why
from tocsin.core.facts import Trouble
from tocsin.core.outcome import Doubt, Outcome, Refusal, Refused, Sent, Unknown
from tocsin.ledger.contract import ClaimRequest
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.window import Rate

SLOW, QUICK = (TargetPolicy(target=Target("board", name), lane=name) for name in ("slow", "quick"))
SLOW_S = 30.0
MANY = 100  # doubts of the slow one


class Asked(Board):
    """It can be asked and edited; for the slow target both take half a minute."""

    async def find(self, attempt: Attempt) -> Report | None:
        await self._take_its_time(attempt.target)
        return Report((Sent("found"),) * len(attempt.members))

    async def edit(self, message: Message) -> Report:
        await self._take_its_time(message.target)
        return Report((Sent(message.reference),))

    async def _take_its_time(self, target: Target) -> None:
        if target == SLOW.target:
            await self._clock.sleep(SLOW_S)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


async def states(works: DispatcherRig) -> dict[str, set[str]]:
    """By target."""
    found: dict[str, set[str]] = {}
    for delivery in (await works.ledger.history.deliveries(limit=1000)).items:
        found.setdefault(delivery.target.name, set()).add(delivery.state.value)
    return found


async def until(works: DispatcherRig, name: str, state: str) -> None:
    """Real time passes, the clock of the service does not."""
    async with asyncio.timeout(DEADLINE_S):
        while (await states(works))[name] != {state}:  # noqa: ASYNC110 - the ledger is what is asked
            await asyncio.sleep(0.01)


async def lose(works: DispatcherRig, policy: TargetPolicy, count: int) -> None:
    """So many attempts that a process died over."""
    lane = works.sending.lanes[policy.lane]
    lane.claiming = True  # by this test
    await works.accept(policy, *(works.alert(f"{policy.lane} {number}") for number in range(count)))
    request = ClaimRequest(lane=policy.lane, pack=lambda _target, _records: 1, attempts=count)
    assert len((await works.ledger.queue.claim(request)).claims) == count
    await works.ledger.queue.recover()
    lane.claiming = False


async def test_a_hundred_doubts_of_a_slow_provider_keep_no_other_from_being_settled(tmp_path: Path, clock: ManualClock):
    async with at_work(tmp_path / "ledger.db", clock, SLOW, QUICK, kind=Asked) as works:
        await lose(works, SLOW, MANY)
        await lose(works, QUICK, 5)
        assert await states(works) == {"slow": {"unknown"}, "quick": {"unknown"}}
        for _ in range(2):  # the first look brings no more than a hundred, all of the slow one
            await works.sending.doubts.look()
        await until(works, "quick", "sent")
        assert (await states(works))["slow"] == {"unknown"}


async def test_edits_at_a_slow_provider_keep_no_other_message_from_being_put_right(tmp_path: Path, clock: ManualClock):
    async with at_work(
        tmp_path / "ledger.db", clock, SLOW, QUICK, answer=lambda one: Sent(str(one.key)), kind=Asked
    ) as works:
        await works.accept(SLOW, *(works.alert(f"S{number}") for number in range(20)))
        await works.accept(QUICK, *(works.alert(f"Q{number}") for number in range(5)))
        await until(works, "slow", "sent")
        await until(works, "quick", "sent")
        for sku in (*(f"S{number}" for number in range(20)), *(f"Q{number}" for number in range(5))):
            await works.ledger.queue.close(EpisodeKey(sku, "bestbuy"))
        await works.sending.editor.look()
        async with asyncio.timeout(DEADLINE_S):
            while await works.ledger.queue.edits(frozenset({QUICK.target})):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        assert len(await works.ledger.queue.edits(frozenset({SLOW.target}))) == 20


async def test_a_question_passes_the_gate_of_its_lane(tmp_path: Path, clock: ManualClock):
    lane = LanePolicy(name="quick", channel="board", gate=GatePolicy(rates=(Rate(1, timedelta(seconds=10)),)))
    lost: Outcome = Unknown(Doubt.ANSWER_LOST)
    async with at_work(
        tmp_path / "ledger.db", clock, QUICK, lane_policies=[lane], answer=lambda _: lost, kind=Asked
    ) as works:
        await works.accept(QUICK, works.alert("RTX 5090"))
        await works.rest()
        assert (await states(works))["quick"] == {"unknown"}  # the message itself has used the gate up
        await works.settle_doubts()
        assert (await states(works))["quick"] == {"unknown"}
        await works.advance(10)
        await works.settle_doubts()
        assert (await states(works))["quick"] == {"sent"}


async def test_what_falls_due_while_a_question_has_the_only_place_leaves_with_its_answer(
    tmp_path: Path, clock: ManualClock
):
    lane = LanePolicy(name="slow", channel="board", gate=GatePolicy(max_in_flight=1))
    async with at_work(tmp_path / "ledger.db", clock, SLOW, lane_policies=[lane], kind=Asked) as works:
        await lose(works, SLOW, 1)
        await works.sending.doubts.look()
        async with asyncio.timeout(DEADLINE_S):
            while not works.sending.lanes["slow"].in_flight:  # noqa: ASYNC110 - the steps of the loop are waited for
                await asyncio.sleep(0)
        await works.accept(SLOW, works.alert("RTX 5090"))
        await works.rest()
        assert works.board.seen == []
        clock.advance(SLOW_S)
        await works.sending.doubts._tasks.join()
        await works.rest()
        assert [skus for _, skus in works.board.seen] == [("RTX 5090",)]


class Failing(Board):
    """Asked after a lost answer, it says that the message was there and failed."""

    async def find(self, attempt: Attempt) -> Report | None:
        return Report((Refused(Refusal.UNDELIVERED, "failed: the phone is off"),) * len(attempt.members))


async def test_what_was_there_and_failed_is_not_sent_again(tmp_path: Path, clock: ManualClock):
    async with at_work(tmp_path / "ledger.db", clock, QUICK, kind=Failing) as works:
        await lose(works, QUICK, 2)
        await works.sending.doubts.look()
        await until(works, "quick", "refused")
        await works.rest()
        assert works.board.seen == []
        (one, _) = (await works.ledger.history.deliveries(limit=10)).items
        assert (one.why, one.detail) == (Why.REFUSED, "failed: the phone is off")


async def test_a_doubt_that_two_look_after_at_once_is_settled_once(tmp_path: Path, clock: ManualClock):
    """Whoever wins a lane looks at once, whenever the next look of upkeep comes."""
    async with at_work(tmp_path / "ledger.db", clock, QUICK) as works:
        await lose(works, QUICK, 3)
        await asyncio.gather(works.sending.doubts.look(), works.sending.doubts.look())
        await works.sending.doubts._tasks.join()
        assert (await states(works))["quick"] == {"pending"}
        assert not [fact for fact in works.facts if isinstance(fact, Trouble)]


async def test_a_doubt_that_its_sender_settles_is_left_to_it(tmp_path: Path, clock: ManualClock):
    async with at_work(tmp_path / "ledger.db", clock, QUICK) as works:
        await lose(works, QUICK, 1)
        (claim,) = await works.ledger.queue.unknown(frozenset({QUICK.lane}))
        await asyncio.gather(works.sending.doubts.settle(claim), works.sending.doubts.settle(claim))
        assert (await states(works))["quick"] == {"pending"}
