"""Every row of the fault matrix has its test."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]

# Held elsewhere: the file, and a test in it.
ELSEWHERE = {
    1: ("crash/test_crash.py", "test_whatever_the_step_it_dies_at_nothing_is_lost_and_nothing_is_doubled"),
    33: ("gateway/test_readers.py", "test_readers_that_never_read_are_closed_and_hold_up_nobody"),
    34: ("gateway/test_resume.py", "test_a_storm_of_returning_clients_is_served_from_one_shelf"),
    35: ("gateway/test_readers.py", "test_a_ghost_is_found_by_the_ping_that_it_does_not_answer"),
    36: ("gateway/test_session.py", "test_a_poll_during_an_upgrade_is_answered_at_once"),
}
WITH_ROWS = ("faults", "cluster", "upgrade")  # folders of tests
ROWS = range(1, 47)


def rows_held() -> set[int]:
    names = "\n".join(path.read_text() for folder in WITH_ROWS for path in (TESTS / folder).glob("test_*.py"))
    return {int(row) for row in re.findall(r"def test_row_(\d\d)_", names)}


def test_every_row_is_tested():
    assert rows_held() | ELSEWHERE.keys() == set(ROWS)


def test_what_is_held_elsewhere_is_there():
    for file, name in ELSEWHERE.values():
        assert f"def {name}" in (TESTS / file).read_text()
