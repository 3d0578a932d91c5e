"""The service is killed under load, and the three logs are compared. `make crash RUNS=300` does more of the same."""

from pathlib import Path

from benchmarks.crash.__main__ import UNDER_LOAD, crash

from tocsin.core.killpoint import Point

RUNS = 13  # each named point once, and one at any moment


async def test_whatever_the_step_it_dies_at_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path):
    results = await crash(RUNS, tmp_path)
    assert [problem for result in results for problem in result.faults] == []
    hit = {point for result in results for point, times in result.kills.items() if times}
    assert hit == {*UNDER_LOAD, Point.MIGRATION_STEP, Point.RETENTION_DELETED, "random"}
    assert all(
        result.alerts and result.in_flight and result.texts and result.pushes and result.joined for result in results
    )
    assert any(0 < result.by_sendgrid < result.mails for result in results), "both carriers of mail were at work"
