"""Three nodes are hurt in turn under load, and the logs are compared. `make crash-nodes` does more of the same."""

from pathlib import Path

from benchmarks.crash_nodes.tour import Plan, tour
from benchmarks.crash_nodes.troubles import Trouble

PLAN = Plan(troubles=(Trouble.KILLED, Trouble.CRASHED, Trouble.PAUSED), every=7, sockets=30, rate=8)


async def test_whatever_happens_to_nodes_and_database_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path):
    result = await tour(tmp_path, PLAN)
    assert result.faults == []
    assert {one.trouble for one in result.troubles} == set(PLAN.troubles)
    assert all(one.seconds is not None for one in result.recoveries)
    assert result.recoveries
    assert result.returns
    assert result.arrived.keys() == {"discord", "email", "push", "sms", "webhook"}
