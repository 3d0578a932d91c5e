import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from multidict import CIMultiDict

from tocsin.channels.contract import Budget, Report
from tocsin.channels.discord.answers import ANSWER_LENGTH, SHUT_OUT_FOR, report_of
from tocsin.channels.status import LONGEST_WAIT
from tocsin.channels.transport import Answer
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
DISCORD = {"Via": "1.1 google"}


def report(status: int, body: Any, headers: Mapping[str, str] = DISCORD, members: int = 1) -> Report:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return report_of(Answer(status, CIMultiDict(headers), raw), members, NOW)


def only(status: int, body: Any, headers: Mapping[str, str] = DISCORD) -> Any:
    (outcome,) = report(status, body, headers).outcomes
    return outcome


def test_a_message_that_stands_is_known_by_its_id():
    assert only(200, {"id": "1180000000000000001"}) == Sent("1180000000000000001")


GARBAGE = [
    b"",
    b"<html>welcome</html>",
    b'{"id": "12',
    b'{"id": 1e999}',
    b'{"id": NaN}',
    b"[" * 100_000,
    b'\xff\xfe{"id"}',
    b'{"id": "../../x"}',
    b'{"id": ["1"]}',
    b"[1]",
    b'{"code": 10015, "message": "not an error"}',
]


@pytest.mark.parametrize("body", GARBAGE)
def test_a_success_that_says_nothing_sensible_is_a_success(body: bytes):
    assert only(200, body) == Sent(None)


BY_CODE: list[tuple[int, int, Refusal | Delay | Doubt]] = [
    (404, 10015, Refusal.TARGET_GONE),
    (401, 50027, Refusal.TARGET_GONE),
    (401, 0, Refusal.TARGET_GONE),
    (404, 10003, Refusal.TARGET_GONE),
    (404, 10004, Refusal.TARGET_GONE),
    (404, 10008, Refusal.MESSAGE_GONE),
    (403, 50001, Refusal.TARGET_FORBIDDEN),
    (403, 50013, Refusal.TARGET_FORBIDDEN),
    (400, 50035, Refusal.INVALID_REQUEST),
    (400, 50006, Refusal.INVALID_REQUEST),
    (400, 50109, Refusal.INVALID_REQUEST),
    (413, 40005, Refusal.TOO_LARGE),
    (400, 50045, Refusal.TOO_LARGE),
    (400, 220001, Refusal.TARGET_FORBIDDEN),
    (400, 220002, Refusal.TARGET_FORBIDDEN),
    (400, 200000, Refusal.CONTENT_BLOCKED),
    (400, 200001, Refusal.CONTENT_BLOCKED),
    (400, 240000, Refusal.CONTENT_BLOCKED),
    (429, 20028, Delay.RATE_LIMITED),
    (429, 30046, Delay.RATE_LIMITED),
    (403, 40006, Delay.PROVIDER_TROUBLE),
    (500, 130000, Delay.PROVIDER_TROUBLE),
    (500, 0, Delay.PROVIDER_TROUBLE),
    (502, 0, Delay.PROVIDER_TROUBLE),
    (503, 0, Delay.PROVIDER_TROUBLE),
    (504, 0, Doubt.PROVIDER_ERROR),
    (520, 0, Doubt.PROVIDER_ERROR),
    (521, 0, Delay.PROVIDER_TROUBLE),
    (524, 0, Doubt.PROVIDER_ERROR),
    (408, 0, Doubt.PROVIDER_ERROR),
]


@pytest.mark.parametrize(("status", "code", "why"), BY_CODE)
def test_each_code_has_its_outcome_and_says_why(status: int, code: int, why: Refusal | Delay | Doubt):
    outcome = only(status, {"code": code, "message": "the words of Discord"})
    assert outcome.why is why
    assert "the words of Discord" in outcome.detail


@pytest.mark.parametrize(
    ("headers", "body", "after"),
    [
        ({"Retry-After": "2"}, {"retry_after": 1.337}, 1.337),  # the header is rounded up
        ({"Retry-After": "1"}, {"retry_after": 64.57}, 1),  # the header holds
        ({"Retry-After": "2"}, {"retry_after": 1337}, 2),  # milliseconds, as it once was
        ({}, {"retry_after": 0.3}, 0.3),
        ({"X-RateLimit-Reset-After": "1.5"}, {}, 1.5),
        ({"Retry-After": "1000000000"}, {}, LONGEST_WAIT.total_seconds()),
        ({"Retry-After": "-1"}, {"retry_after": -1}, None),
        ({"Retry-After": "soon"}, {"retry_after": "later"}, None),
    ],
)
def test_a_wait_is_taken_from_the_header_before_the_body(headers, body, after: float | None):
    told = {"message": "You are being rate limited.", "global": False} | body
    outcome = only(429, told, DISCORD | headers)
    assert outcome.why is Delay.RATE_LIMITED
    assert outcome.after == (None if after is None else timedelta(seconds=after))


@pytest.mark.parametrize(
    ("headers", "body", "everywhere"),
    [
        ({"X-RateLimit-Scope": "user"}, {}, False),
        ({"X-RateLimit-Scope": "shared"}, {}, False),
        ({"X-RateLimit-Scope": "global"}, {}, True),
        ({"X-RateLimit-Global": "true"}, {}, True),
        ({}, {"global": True}, True),
    ],
)
def test_a_global_limit_shuts_every_lane_of_the_channel(headers, body, everywhere: bool):  # noqa: FBT001 - a table
    told = {"message": "limited", "retry_after": 1, "global": False} | body
    assert report(429, told, DISCORD | headers).whole_channel is everywhere


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {}, {"message": "limited", "retry_after": 1}),
        (429, {"Via": "1.1 google", "Retry-After": "1"}, b"<!DOCTYPE html><title>Error 1015</title>"),
        (403, {}, b"<!DOCTYPE html><title>Access denied</title>"),
        (403, {"Via": "1.1 google"}, {"code": 40333, "message": "internal network error"}),
    ],
)
def test_a_page_of_cloudflare_is_a_long_wait_for_the_whole_channel(status, headers, body):
    told = report(status, body, headers)
    (outcome,) = told.outcomes
    assert outcome.why is Delay.RATE_LIMITED
    assert outcome.after == SHUT_OUT_FOR
    assert "Cloudflare" in outcome.detail
    assert told.whole_channel


def test_the_headers_say_how_many_more_may_leave():
    headers = {"X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": "1.25"}
    assert report(200, {"id": "1"}, headers).budget == Budget(4, timedelta(seconds=1.25))


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Remaining": "-1"}, {"X-RateLimit-Remaining": "²"}])
def test_headers_that_say_nothing_are_no_budget(headers):
    assert report(200, {"id": "1"}, headers | {"X-RateLimit-Reset-After": "1"}).budget is None


def test_only_the_member_that_discord_names_is_refused():
    errors = {"embeds": {"1": {"title": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Too long."}]}}}}
    told = report(400, {"code": 50035, "message": "Invalid Form Body", "errors": errors}, members=3)
    first, second, third = told.outcomes
    assert second == Refused(Refusal.INVALID_REQUEST, "50035 Invalid Form Body (embeds.1.title: Too long.)")
    assert isinstance(first, Deferred)
    assert first == third


@pytest.mark.parametrize(
    "errors", [None, [], {"embeds": []}, {"embeds": {"_errors": []}}, {"embeds": {"²": {}}}, {"embeds": {"2": {}}}]
)
def test_an_errors_tree_that_names_nobody_refuses_all(errors: object):
    told = report(400, {"code": 50035, "message": "Invalid Form Body", "errors": errors}, members=2)
    assert [outcome.why for outcome in told.outcomes if isinstance(outcome, Refused)] == [Refusal.INVALID_REQUEST] * 2


def test_what_goes_to_the_timeline_is_short_and_plain():
    told = report(400, b"<h1>" + b"\x00\xe2\x80\xae long " * 1000)
    assert 0 < len(told.answer) <= ANSWER_LENGTH
    assert told.answer.isprintable()


def test_an_answer_that_broke_off_may_have_been_taken():
    (outcome,) = report_of(Answer(200, CIMultiDict(), b'{"id": "1', broken=True), 1, NOW).outcomes
    assert isinstance(outcome, Unknown)
    assert outcome.why is Doubt.ANSWER_LOST
