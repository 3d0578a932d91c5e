"""A reload puts a channel in shadow while an attempt is claimed and has not left."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.pipeline.dispatcher_rig import DispatcherRig, at_work

from tocsin.core.clock import ManualClock
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.facts import DeliveryMoved
from tocsin.ledger.contract import ClaimRequest
from tocsin.pipeline.sending.attempt import Prepared, composed
from tocsin.rules.breaker import Breaker
from tocsin.rules.routing import TargetPolicy

PLACE = TargetPolicy(target=Target("board", "wall"), lane="wall")


def go_dark(works: DispatcherRig) -> None:
    """As a reload does it."""
    active = works.sending.sender._active
    routing = replace(active.rulebook.routing, targets={PLACE.target: replace(PLACE, shadow=True)})
    active.rulebook = replace(active.rulebook, routing=routing)
    works.sending.lanes.adopt()


async def test_what_is_claimed_when_shadow_begins_does_not_leave(tmp_path: Path):
    clock = ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    async with at_work(tmp_path / "ledger.db", clock, PLACE) as works:
        lane = works.sending.lanes["wall"]
        lane.claiming = True  # by this test
        await works.accept(PLACE, works.alert("RTX 5090"))
        (claim,) = (await works.ledger.queue.claim(ClaimRequest(lane="wall", pack=works.board.pack))).claims
        lane.claiming = False
        go_dark(works)
        lane.start(clock.monotonic())
        dispatcher = works.sending.dispatcher
        dispatcher._tasks.start(dispatcher._make(lane, Prepared(claim, composed(claim)), clock.monotonic()))
        await works.rest()
        ended = [(move.to, move.why) for move in works.facts if isinstance(move, DeliveryMoved)]
        assert ended[-1] == (DeliveryState.CANCELLED, Why.SHADOW)
        assert works.board.seen == []
        assert (lane.in_flight, lane.breaker) == (0, Breaker())
