"""The list of kill points is the list of places where they are passed: read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.core.killpoint import STATUS, Point, armed

SRC = Path(__file__).parents[2] / "src" / "tocsin"

PLACES = {
    Point.PARSED: "pipeline/intake/intake.py _commit",
    Point.DEDUP_CHECKED: "ledger/queue/append.py append",
    Point.LEDGER_COMMITTED: "pipeline/intake/intake.py _commit",
    Point.ANSWERED: "web/raw.py straight",
    Point.ATTEMPT_COMMITTED: "pipeline/sending/dispatcher.py _claim",
    Point.CONNECTED: "channels/transport.py request",
    Point.REQUEST_WRITTEN: "channels/connection.py on_headers_complete",
    Point.RESPONSE_READ: "channels/transport.py request",
    Point.OUTCOME_COMMITTED: "pipeline/sending/sender.py _settle",
    Point.RETENTION_DELETED: "ledger/history/retention.py prune",
    Point.MIGRATION_STEP: "ledger/migrations/env.py _stepped",
}


# What HTTP passes in its transport, mail passes in its own.
MAILS = (
    (Point.CONNECTED, "channels/smtp/line.py _hand_over"),
    (Point.REQUEST_WRITTEN, "channels/smtp/line.py _hand_over"),
    (Point.RESPONSE_READ, "channels/smtp/line.py _hand_over"),
)


def passings() -> Iterator[tuple[Point, str]]:
    for path in SRC.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                place = f"{path.relative_to(SRC)} {function.name}"
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == "kill_point":
                        yield Point[ast.unparse(call.args[0]).removeprefix("Point.")], place


def test_every_point_is_passed_in_one_place_and_every_place_has_its_point():
    found = list(passings())
    assert len(set(found)) == len(found)
    assert set(found) == {*PLACES.items(), *MAILS}


def test_the_process_ends_at_the_nth_passing_of_its_point_and_of_no_other():
    ended: list[int] = []
    passing = armed("connected:2", ended.append)
    for point in (Point.CONNECTED, Point.PARSED, Point.PARSED):
        passing(point)
    assert ended == []
    passing(Point.CONNECTED)
    passing(Point.CONNECTED)
    assert ended == [STATUS]


@pytest.mark.parametrize("wish", ["conected", "connected:soon"])
def test_a_point_that_does_not_exist_is_no_wish(wish: str):
    with pytest.raises(ValueError, match=r"conected|soon"):
        armed(wish)


def test_nobody_wishes_anything_and_nothing_is_counted():
    assert armed(None) is armed("")
