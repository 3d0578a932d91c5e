"""Every fault, as a client meets it, and what the journal says of it."""

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson
import pytest
from tests.deadline import DEADLINE_S

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Fault, Sandbox
from tocsin.sandbox.faults import CONSTRUCTORS, RETRY_AFTER
from tocsin.sandbox.garbage import GARBAGE

from .conftest import USER_AGENT, Sender

HELLO = {"content": "hello", "embeds": [{"title": "RTX 5090", "footer": {"text": "Detected · ref 7k-0001"}}]}
SOON = aiohttp.ClientTimeout(total=0.2)


def order(sandbox: Sandbox, fault: Fault, times: int | None = 1) -> None:
    sandbox.faults.next("discord", fault, times=times)


async def test_a_scripted_status_is_answered_so_often_and_then_no_more(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.status(503), times=2)
    assert [(await sender.post(HELLO))[0] for _ in range(3)] == [503, 503, 200]
    assert [entry.accepted for entry in sandbox.journal] == [False, False, True]


async def test_a_status_can_carry_an_error_of_the_provider(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.status(403, '{"code": 50013, "message": "Missing Permissions"}'))
    status, error, headers = await sender.post(HELLO)
    assert (status, error["code"], headers["Via"]) == (403, 50013, "1.1 google")


async def test_a_status_after_the_message_was_taken_is_the_trap_for_repeats(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.status(504, taken=True))
    assert [(await sender.post(HELLO))[0] for _ in range(2)] == [504, 200]
    assert sandbox.journal.repeated("discord") == {"7k-0001": 2}


async def test_a_fault_strikes_only_the_target_and_action_it_names(sandbox: Sandbox, sender: Sender) -> None:
    sandbox.faults.next("discord", Fault.status(500), target="general", action="execute")
    assert (await sender.post(HELLO, "staff"))[0] == 200
    assert (await sender.call("GET", sandbox.discord.webhook("general")))[0] == 200
    assert (await sender.post(HELLO, "general"))[0] == 500


async def test_chance_with_a_seed_takes_the_same_course_again(sandbox: Sandbox, sender: Sender) -> None:
    async def course() -> list[int]:
        sandbox.faults.next("discord", Fault.status(500), times=None, probability=0.5, seed=7)
        statuses = [(await sender.call("GET", f"{sandbox.url}/api/webhooks/1/x"))[0] for _ in range(20)]
        sandbox.faults.clear()
        return statuses

    first = await course()
    assert set(first) == {500, 404}
    assert await course() == first


@pytest.mark.parametrize("form", RETRY_AFTER)
async def test_a_429_can_say_when_in_every_way(sandbox: Sandbox, sender: Sender, form: str) -> None:
    order(sandbox, CONSTRUCTORS["too_many"](retry_after=1.5, form=form))
    status, body, headers = await sender.post(HELLO)
    said = {"seconds": "2", "float": "1.5", "milliseconds": "1500", "huge": "1000000000", "negative": "-5"}
    assert status == 429
    if form == "date":
        assert parsedate_to_datetime(headers["Retry-After"]) == datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
    else:
        assert headers.get("Retry-After") == said.get(form, "soon" if form == "words" else None)
    assert ("retry_after" in body) == (form != "absent")


@pytest.mark.parametrize("at", ["before_reading", "after_reading", "mid_headers", "mid_body"])
async def test_a_reset_breaks_the_answer_wherever_it_is_told_to(sandbox: Sandbox, sender: Sender, at: str) -> None:
    order(sandbox, CONSTRUCTORS["reset"](at=at))
    with pytest.raises(aiohttp.ClientError):
        await sender.post(HELLO)
    assert [entry.accepted for entry in sandbox.journal] == [at.startswith("mid")]
    assert len(sandbox.discord.messages("general")) == len(sandbox.journal.accepted())


async def test_a_reset_is_a_reset_on_the_wire(sandbox: Sandbox) -> None:
    order(sandbox, Fault.reset("after_reading"))
    with pytest.raises(ConnectionResetError) as caught:
        await asyncio.to_thread(_post_and_read, sandbox.discord.webhook("general"))
    assert caught.value.errno == errno.ECONNRESET


@pytest.mark.parametrize("how", ["hang", "reset"])
async def test_a_lost_answer_leaves_the_message_standing(sandbox: Sandbox, sender: Sender, how: str) -> None:
    order(sandbox, CONSTRUCTORS["lost"](how=how))
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await sender.call("POST", sandbox.discord.webhook("general"), HELLO, timeout=SOON)
    assert sandbox.journal.references() == {"7k-0001": 1}
    assert (await sandbox.discord.room("general").expect("RTX 5090")).content == "hello"


async def test_what_hangs_is_taken_only_when_it_is_released(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.hang())
    async with asyncio.TaskGroup() as group:
        posted = group.create_task(sender.post(HELLO))
        await sandbox.faults.expect_hanging()
        second = await sender.post({"content": "passes by"})
        assert (second[0], posted.done()) == (200, False)
        sandbox.faults.release()
    assert posted.result()[0] == 200
    assert [message.content for message in sandbox.discord.messages("general")] == ["passes by", "hello"]


async def test_who_gives_up_on_a_request_that_hangs_was_never_seen(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.hang())
    with pytest.raises(TimeoutError):
        await sender.call("POST", sandbox.discord.webhook("general"), HELLO, timeout=SOON)
    entry = await sandbox.journal.expect(lambda entry: entry.fault == "hang")
    assert (entry.accepted, entry.status, entry.body) == (False, None, HELLO)


async def test_slow_is_taken_at_once_and_answered_late(sandbox: Sandbox, sender: Sender, clock: ManualClock) -> None:
    order(sandbox, Fault.slow(30))
    async with asyncio.TaskGroup() as group:
        posted = group.create_task(sender.post(HELLO))
        await sandbox.discord.room("general").expect("hello")
        assert not posted.done()
        clock.advance(30)
    assert posted.result()[0] == 200


async def test_a_redirect_points_where_it_was_told_to(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.redirect("http://169.254.169.254/latest", 302))
    url = sandbox.discord.webhook("general")
    status, _, headers = await sender.call("POST", url, HELLO, allow_redirects=False)
    assert (status, headers["Location"]) == (302, "http://169.254.169.254/latest")


@pytest.mark.parametrize("what", GARBAGE)
async def test_garbage_is_a_200_that_is_no_message(sandbox: Sandbox, sender: Sender, what: str) -> None:
    order(sandbox, CONSTRUCTORS["garbage"](what=what))
    url = sandbox.discord.webhook("general")
    async with sender.http.post(url, json=HELLO, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.status == 200
        with suppress(aiohttp.ClientPayloadError):
            assert "channel_id" not in _message(await response.read())
    assert len(sandbox.journal.accepted()) == 1


async def test_a_drip_gives_one_byte_at_a_time(sandbox: Sandbox, sender: Sender, clock: ManualClock) -> None:
    order(sandbox, Fault.drip(1.0))
    target = urlsplit(sandbox.discord.webhook("general"))
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(_request(sandbox.discord.webhook("general")))
    got = [await reader.readexactly(1)]
    for _ in range(8):
        clock.advance(1.0)
        got.append(await reader.readexactly(1))
    assert b"".join(got) == b"HTTP/1.1 "
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("part", ["headers", "body", "continue"])
async def test_what_is_endless_ends_when_the_client_does(sandbox: Sandbox, sender: Sender, part: str) -> None:
    order(sandbox, CONSTRUCTORS["endless"](part=part))
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await sender.call("POST", sandbox.discord.webhook("general"), HELLO, timeout=SOON)
    assert (await sender.post({"content": "next"}))[0] == 200


async def test_a_connection_kept_alive_is_closed_without_a_word(sandbox: Sandbox) -> None:
    order(sandbox, Fault.close_idle())
    target = urlsplit(sandbox.discord.webhook("general"))
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(_request(sandbox.discord.webhook("general")))
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 204")
    assert b"connection: close" not in answer.lower()
    writer.close()
    await writer.wait_closed()


async def test_the_ban_page_is_html_and_has_no_via(sandbox: Sandbox, sender: Sender) -> None:
    order(sandbox, Fault.ban())
    status, body, headers = await sender.post(HELLO)
    assert (status, body, headers.get("Via")) == (429, None, None)


async def test_a_request_can_bring_its_own_fault(sandbox: Sandbox, sender: Sender) -> None:
    url = sandbox.discord.webhook("general")
    assert (await sender.call("POST", url, HELLO, headers={"X-Sandbox-Fault": "status; code=502"}))[0] == 502
    with pytest.raises(aiohttp.ClientError):
        await sender.call("POST", url, HELLO, headers={"X-Sandbox-Fault": "reset; at=mid_body"})
    status, error, _ = await sender.call("POST", url, HELLO, headers={"X-Sandbox-Fault": "status; code=many"})
    assert (status, error["error"]["details"][0]["path"]) == (400, "code")


async def test_faults_are_ordered_listed_and_cleared_over_http(sandbox: Sandbox, sender: Sender) -> None:
    faults = f"{sandbox.url}/faults"
    line = {"provider": "discord", "fault": "status", "code": 500, "times": 2, "target": "general"}
    assert (await sender.call("POST", faults, line))[0] == 200
    assert (await sender.post(HELLO))[0] == 500
    listed = (await sender.call("GET", faults))[1]["faults"]
    assert [(item["fault"], item["left"], item["target"]) for item in listed] == [("status 500", 1, "general")]
    assert (await sender.call("DELETE", faults))[1] == {"faults": []}
    assert (await sender.post(HELLO))[0] == 200


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ({"provider": "discord", "fault": "stats"}, "fault"),
        ({"provider": "discord", "fault": "reset", "at": "noon"}, "at"),
        ({"provider": "discord", "fault": "hang", "times": 0}, "times"),
        ({"fault": "hang"}, "provider"),
    ],
)
async def test_an_order_that_makes_no_sense_names_its_field(
    sandbox: Sandbox, sender: Sender, line: dict[str, object], path: str
) -> None:
    status, error, _ = await sender.call("POST", f"{sandbox.url}/faults", line)
    assert (status, error["error"]["details"][0]["path"]) == (400, path)


async def test_stopping_does_not_wait_for_what_hangs(clock: ManualClock) -> None:
    async with aiohttp.ClientSession(headers=USER_AGENT) as http, Sandbox(clock) as sandbox:
        order(sandbox, Fault.lost())
        posted = asyncio.create_task(Sender(http, sandbox).post(HELLO))
        await sandbox.discord.room("general").expect("hello")
        async with asyncio.timeout(DEADLINE_S):
            await sandbox.stop()
        with pytest.raises(aiohttp.ClientError):
            await posted


async def test_the_journal_file_holds_what_was_accepted_before_it_was_answered(
    tmp_path: Path, clock: ManualClock
) -> None:
    file = tmp_path / "journal.ndjson"
    async with aiohttp.ClientSession(headers=USER_AGENT) as http, Sandbox(clock, journal=file) as sandbox:
        order(sandbox, Fault.lost("reset"))
        with pytest.raises(aiohttp.ClientError):
            await Sender(http, sandbox).post(HELLO)
        entry = orjson.loads(file.read_bytes())
    assert (entry["accepted"], entry["references"], entry["fault"]) == (True, ["7k-0001"], "lost reset")


def _request(url: str) -> bytes:
    body = orjson.dumps(HELLO)
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}User-Agent: {USER_AGENT['User-Agent']}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _post_and_read(url: str) -> bytes:
    target = urlsplit(url)
    with socket.create_connection((target.hostname, target.port), timeout=5) as plain:
        plain.sendall(_request(url))
        return plain.recv(100)


def _message(body: bytes) -> object:
    loads: Callable[[bytes], object] = orjson.loads
    with suppress(orjson.JSONDecodeError):
        return loads(body)
    return ""
