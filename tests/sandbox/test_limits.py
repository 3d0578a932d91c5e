"""The rate limits, on a clock that the test moves."""

import pytest

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox
from tocsin.sandbox.discord.limits import INVALID_REQUESTS, PER_ADDRESS

from .conftest import Sender

HELLO = {"content": "hello"}


async def test_the_headers_tell_what_is_left_and_when_it_returns(sender: Sender, clock: ManualClock) -> None:
    _, _, first = await sender.post(HELLO)
    clock.advance(0.5)
    _, _, second = await sender.post(HELLO)
    assert [first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"], second["X-RateLimit-Remaining"]] == list("543")
    assert (first["X-RateLimit-Reset-After"], second["X-RateLimit-Reset-After"]) == ("2.000", "1.500")
    assert float(second["X-RateLimit-Reset"]) == pytest.approx(clock.now().timestamp() + 1.5)
    assert first["X-RateLimit-Bucket"] == second["X-RateLimit-Bucket"]


async def test_the_sixth_within_two_seconds_is_refused_with_the_time_to_wait(
    sandbox: Sandbox, sender: Sender, clock: ManualClock
) -> None:
    statuses = [(await sender.post(HELLO))[0] for _ in range(5)]
    status, body, headers = await sender.post(HELLO)
    assert statuses == [200] * 5
    assert (status, body["retry_after"], body["global"]) == (429, 2.0, False)
    assert (headers["Retry-After"], headers["X-RateLimit-Scope"], headers["Via"]) == ("2", "user", "1.1 google")
    assert sandbox.discord.limits.too_many == 1
    clock.advance(2.0)
    assert (await sender.post(HELLO))[0] == 200


async def test_a_channel_takes_thirty_a_minute_from_all_its_webhooks_and_does_not_say_so(
    sandbox: Sandbox, sender: Sender, clock: ManualClock
) -> None:
    for name in ("a", "b"):
        sandbox.discord.webhook(name, channel="deals")
    for number in range(30):
        status, _, headers = await sender.post(HELLO, "ab"[number % 2])
        assert (status, headers["X-RateLimit-Limit"]) == (200, "5")
        clock.advance(0.5)
    status, body, headers = await sender.post(HELLO, "a")
    assert (status, body["retry_after"], headers["X-RateLimit-Scope"]) == (429, 45.0, "shared")
    assert (await sender.post(HELLO, "elsewhere"))[0] == 200
    clock.advance(45.0)
    assert (await sender.post(HELLO, "a"))[0] == 200


async def test_an_address_has_fifty_a_second_over_all_webhooks(sandbox: Sandbox, sender: Sender) -> None:
    for number in range(PER_ADDRESS.requests):
        assert (await sender.post(HELLO, f"webhook {number % 25}"))[0] == 200
    status, body, headers = await sender.post(HELLO, "one more")
    assert (status, body["global"]) == (429, True)
    assert (headers["X-RateLimit-Global"], headers["X-RateLimit-Scope"]) == ("true", "global")


async def test_ten_thousand_invalid_requests_bring_the_ban_page(
    sandbox: Sandbox, sender: Sender, clock: ManualClock
) -> None:
    limits = sandbox.discord.limits
    wrong = (await sender.call("POST", sandbox.discord.webhook("general") + "x", HELLO))[0]
    assert (wrong, limits.invalid("127.0.0.1")) == (401, 1)
    for _ in range(INVALID_REQUESTS.requests - 1):
        limits._invalid["127.0.0.1"].take(clock.monotonic())
    status, body, headers = await sender.post(HELLO)
    assert (status, body, headers.get("Via")) == (429, None, None)
    clock.advance(INVALID_REQUESTS.seconds)
    assert (await sender.post(HELLO))[0] == 200


async def test_a_corrected_wall_clock_opens_no_bucket(sender: Sender, clock: ManualClock) -> None:
    for _ in range(5):
        await sender.post(HELLO)
    clock.jump(3600)
    assert (await sender.post(HELLO))[0] == 429


async def test_without_limits_nothing_is_refused(clock: ManualClock, sender: Sender) -> None:
    async with Sandbox(clock, limits=False) as open_sandbox:
        url = open_sandbox.discord.webhook("general")
        assert {(await sender.call("POST", url, HELLO))[0] for _ in range(60)} == {204}
        assert open_sandbox.discord.limits.too_many == 0
