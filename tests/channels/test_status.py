from datetime import UTC, datetime, timedelta

import pytest

from tocsin.channels.status import LONGEST_WAIT, outcome_of, retry_after
from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)

DELIVERED = Sent()
INVALID = Refused(Refusal.INVALID_REQUEST)
GONE = Refused(Refusal.TARGET_GONE)
TOO_LARGE = Refused(Refusal.TOO_LARGE)
MAYBE = Unknown(Doubt.PROVIDER_ERROR)
KEY = Deferred(Delay.CREDENTIALS)

# Every status that HTTP can have, in rows of (first, last, outcome). The test holds that no status is left out.
TABLE: list[tuple[int, int, Outcome]] = [
    (100, 199, MAYBE),
    (200, 299, DELIVERED),
    (300, 399, INVALID),
    (400, 400, INVALID),
    (401, 402, KEY),
    (403, 403, Refused(Refusal.TARGET_FORBIDDEN)),
    (404, 404, GONE),
    (405, 406, INVALID),
    (407, 407, Deferred(Delay.UNREACHABLE)),
    (408, 408, MAYBE),
    (409, 409, INVALID),
    (410, 410, GONE),
    (411, 412, INVALID),
    (413, 414, TOO_LARGE),
    (415, 424, INVALID),
    (425, 425, Deferred(Delay.PROVIDER_TROUBLE)),
    (426, 428, INVALID),
    (429, 429, Deferred(Delay.RATE_LIMITED)),
    (430, 430, INVALID),
    (431, 431, TOO_LARGE),
    (432, 450, INVALID),
    (451, 451, Refused(Refusal.CONTENT_BLOCKED)),
    (452, 499, INVALID),
    (500, 500, MAYBE),
    (501, 501, INVALID),
    (502, 504, MAYBE),
    (505, 505, INVALID),
    (506, 510, MAYBE),
    (511, 511, Deferred(Delay.UNREACHABLE)),
    (512, 599, MAYBE),
]


def test_every_status_has_its_outcome():
    expected = {status: outcome for first, last, outcome in TABLE for status in range(first, last + 1)}
    assert sorted(expected) == list(range(100, 600))
    assert {status: outcome_of(Answer(status), NOW) for status in expected} == expected


@pytest.mark.parametrize("status", [0, 42, 600, 999])
def test_a_status_that_http_does_not_know_tells_nothing(status: int):
    assert outcome_of(Answer(status), NOW) == MAYBE


def test_a_success_that_broke_off_may_have_been_taken_and_a_refusal_that_broke_off_is_one():
    assert outcome_of(Answer(200, broken=True), NOW) == Unknown(Doubt.ANSWER_LOST)
    assert outcome_of(Answer(404, broken=True), NOW) == GONE


WAITS: dict[str, timedelta | None] = {
    "1": timedelta(seconds=1),
    " 1 ": timedelta(seconds=1),
    "0.3": timedelta(seconds=0.3),
    "1000000000": LONGEST_WAIT,
    "1e300": LONGEST_WAIT,
    "inf": LONGEST_WAIT,
    "0": None,
    "-5": None,
    "nan": None,
    "": None,
    "soon": None,
    "Fri, 20 Nov 2026 14:00:30 GMT": timedelta(seconds=30),
    "Fri, 20 Nov 2026 15:00:30 +0100": timedelta(hours=0, seconds=30),
    "Fri, 20 Nov 2026 14:00:30 -0000": timedelta(seconds=30),
    "Fri, 20 Nov 2026 13:59:00 GMT": None,
    "Fri, 20 Nov 2099 14:00:00 GMT": LONGEST_WAIT,
    "Fri, 99 Nov 2026 14:00:00 GMT": None,
    "Fri, 20 Nov 2026 14:00:00 +9999": None,
}


@pytest.mark.parametrize("named", WAITS)
def test_the_wait_that_a_provider_names_is_read_and_bounded(named: str):
    assert retry_after({"Retry-After": named}, NOW) == WAITS[named]
    assert outcome_of(Answer(429, {"Retry-After": named}), NOW) == Deferred(Delay.RATE_LIMITED, WAITS[named])


def test_no_wait_is_made_up():
    assert retry_after({}, NOW) is None
