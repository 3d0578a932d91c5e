"""A provider is away for an hour and comes back. Nobody rushes at it, and nothing dead is sent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from tests.pipeline.dispatcher_rig import DispatcherRig, at_work

from tocsin.channels.contract import Attempt
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.facts import BreakerClosed, BreakerOpened
from tocsin.core.outcome import Deferred, Delay, Outcome, Sent
from tocsin.rules.gate import GatePolicy
from tocsin.rules.lane import LanePolicy
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.window import Rate

HOUR, MINUTE = 3600.0, 60.0
LANES = 12
OWN, WHOLE = Rate(2, timedelta(seconds=10)), Rate(5, timedelta(seconds=1))
MOST_CALLS = 25  # of one lane in the hour: five failures, then probes 5 s to 5 min apart
BURST = (2, 9, 5, 10, 4, 8)
PLACES = [
    TargetPolicy(target=Target("board", f"wall{number:02d}"), lane=f"wall{number:02d}") for number in range(LANES)
]
PACED = [
    LanePolicy(
        name=place.lane,
        channel="board",
        gate=GatePolicy(rates=(OWN,)),
        whole=GatePolicy(rates=(WHOLE,), reserve=0.0),
    )
    for place in PLACES
]
Calls = dict[str, list[tuple[float, str]]]


async def burst(works: DispatcherRig, name: str) -> None:
    """One alert of each priority for everybody."""
    for place in PLACES:
        await works.accept(place, *(works.alert(f"{place.lane} {name} {priority}", priority) for priority in BURST))


def by_lane(seen: Sequence[tuple[float, tuple[str, ...]]]) -> Calls:
    calls: Calls = defaultdict(list)
    for at, (sku,) in seen:
        lane, what = sku.split(" ", 1)
        calls[lane].append((at, what))
    return calls


def most_within(times: Sequence[float], rate: Rate) -> int:
    """The most calls in any window of that rate."""
    window = rate.per.total_seconds() - 1e-3
    return max(sum(start <= at < start + window for at in times) for start in times)


async def test_after_an_hour_away_the_important_leave_first_the_dead_expire_and_nobody_rushes(tmp_path: Path):
    clock = ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))

    def answer(_: Attempt) -> Outcome:
        return Deferred(Delay.PROVIDER_TROUBLE) if clock.monotonic() < HOUR else Sent()

    async with at_work(tmp_path / "ledger.db", clock, *PLACES, lane_policies=PACED, answer=answer) as works:
        await burst(works, "early")
        await works.live(57 * MINUTE)
        await burst(works, "late")
        await works.live(HOUR)
        away, works.board.seen = works.board.seen, []
        await works.live(HOUR + 6 * MINUTE)
        back = by_lane(works.board.seen)
        ended = (await works.ledger.history.deliveries(limit=1000)).items

    assert all(len(calls) <= MOST_CALLS for calls in by_lane(away).values())
    assert all(most_within([at for at, _ in calls], OWN) <= OWN.count for calls in by_lane(away).values())
    assert len(back) == LANES
    for calls in back.values():
        assert [what for _, what in calls] == [f"late {priority}" for priority in sorted(BURST, reverse=True)]
        assert most_within([at for at, _ in calls], OWN) <= OWN.count
    assert most_within([at for calls in back.values() for at, _ in calls], WHOLE) <= WHOLE.count
    outcomes = [(delivery.state.value, delivery.why) for delivery in ended]
    assert outcomes.count(("sent", None)) == outcomes.count(("expired", "past_life")) == LANES * len(BURST)
    assert [sum(isinstance(fact, kind) for fact in works.facts) for kind in (BreakerOpened, BreakerClosed)] == [
        LANES
    ] * 2


async def test_while_the_breaker_is_open_one_probe_at_a_time_tells_whether_the_provider_is_back(tmp_path: Path):
    clock = ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    place = TargetPolicy(target=Target("board", "wall"), lane="wall")
    lane = LanePolicy(name="wall", channel="board", gate=GatePolicy(max_in_flight=1))
    path = tmp_path / "ledger.db"
    async with at_work(path, clock, place, lane_policies=[lane], answer=lambda _: Deferred(Delay.UNREACHABLE)) as works:
        await works.accept(place, *(works.alert(f"S{number}", 9) for number in range(20)))
        await works.live(2 * MINUTE)
        times = [at for at, _ in works.board.seen]
        gaps = [round(later - earlier) for earlier, later in pairwise(times[4:])]
    assert gaps[:4] == [5, 10, 20, 40]
