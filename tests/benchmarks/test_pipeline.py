"""What `make bench-pipeline` measures by: speed is not looked at here, only that it would notice."""

from collections.abc import Sequence

from benchmarks.pipeline.cost import Cost
from benchmarks.pipeline.ladder import climb
from benchmarks.pipeline.rivals import tocsin
from benchmarks.pipeline.schedule import Sent
from benchmarks.pipeline.sink import sink
from benchmarks.pipeline.step import Step, fault_of, step

IDLE = Cost(1.0, {"service": 0.0}, 0.0)


def made(rate: int, spans: Sequence[float], fault: str = "") -> Step:
    return Step(rate, 1, spans, spans, IDLE, fault)


async def test_every_alert_of_a_step_comes_to_the_sink_once():
    async with sink() as target, tocsin(target.url) as intake:
        done = await step(intake, target, rate=20, array=2, seconds=1)
    assert (done.fault, len(done.ages), len(done.spans)) == ("", 20, 20)
    assert all(span > 0 for span in done.spans)
    assert done.cost.used.keys() == {"service", "sink", "load"}


def test_what_is_missing_and_what_came_twice_is_told():
    sent = dict.fromkeys("ABC", Sent(0.0, 0.1))
    assert fault_of(sent, {"A": [0.2], "B": [0.2], "C": [0.3]}) == ""
    assert fault_of(sent, {"A": [0.2], "C": [0.2, 0.3]}) == "1 did not come, 1 came twice"


def test_a_rate_is_sustained_when_nearly_all_come_within_a_second_and_it_does_not_fall_behind():
    assert made(100, [0.01] * 400).sustained
    assert not made(100, [0.01] * 390 + [1.5] * 10).sustained
    assert not made(100, [number / 400 * 0.9 for number in range(400)]).sustained
    assert not made(100, [0.01] * 400, "1 did not come").sustained
    assert not made(100, []).sustained


async def test_the_climb_ends_at_the_highest_rate_that_is_sustained_once_in_two_times():
    tried: list[int] = []

    async def measure(rate: int) -> Step:
        tried.append(rate)
        stumbles = rate == 1000 and tried.count(rate) == 1
        return made(rate, [2.0 if rate > 1400 or stumbles else 0.01])

    best = await climb(measure, [await measure(100)])
    assert best is not None
    assert 1300 <= best.rate <= 1400


async def test_the_climb_goes_down_where_no_known_rate_is_sustained():
    async def measure(rate: int) -> Step:
        return made(rate, [2.0 if rate > 300 else 0.01])

    best = await climb(measure, [await measure(1000)])
    assert best is not None
    assert 250 <= best.rate <= 300
