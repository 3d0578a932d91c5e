"""Heads that do not come, never end, or are no HTTP; bodies wrapped in more than they are; what is behind a request."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.deadline import DEADLINE_S
from tests.web.house import House, bearer, serving

from tocsin.web.slow_clients import MAX_HEAD, MAX_HEADERS, MAX_PIPELINED, PatientHttp

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Hurried(PatientHttp):
    head_s = body_s = drain_s = reader_s = half_closed_s = 0.2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timeout_keep_alive = 0.2


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    """Answers without a look at the body."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


async def heard(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the headers that it knows of once it has read the body, and the size of that."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    told = json.dumps([size, *(name.decode() for name, _ in scope["headers"])]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
    await send({"type": "http.response.body", "body": told})


class Slow:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.answer = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.release()
        await self.answer.wait()
        await heard(scope, receive, send)


@asynccontextmanager
async def connection(http: type[PatientHttp] = PatientHttp, app: Any = hello) -> AsyncIterator[Line]:
    async with serving(app, http) as url, line_to(url) as line:
        yield line


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    host, _, port = url.removeprefix("http://").partition(":")
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield reader, writer
        finally:
            writer.close()


def statuses(answers: bytes) -> list[int]:
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]


async def pour(line: Line, data: bytes) -> bytes:
    """Write it again and again until the service has enough; what was answered."""
    reader, writer = line
    answered = asyncio.create_task(reader.read())
    while not answered.done():
        writer.write(data)
        await asyncio.wait([answered], timeout=0.001)
    with contextlib.suppress(ConnectionResetError):  # what was still on its way met a closed door
        return await answered
    return b""


async def test_a_connection_that_says_nothing_is_closed():
    async with connection(Hurried) as (reader, _):
        assert await reader.read() == b""


async def test_a_head_that_drips_is_closed():
    async with connection(Hurried) as line:
        line[1].write(b"GET / HTTP/1.1\r\n")
        assert await pour(line, b"A: b\r\n") == b""


async def test_a_second_head_has_its_own_time():
    async with connection(Hurried) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"hi")
        writer.write(b"GET / HT")
        assert await reader.read() == b""


async def test_empty_lines_are_no_second_head():
    async with connection(Hurried) as line:
        line[1].write(GET)
        assert statuses(await pour(line, b"\r\n")) in ([200], [])


@pytest.mark.parametrize("head", [b"A: " + b"x" * MAX_HEAD, b"A: b\r\n" * (MAX_HEADERS + 2)], ids=["long", "many"])
async def test_a_head_without_end_is_told_so_in_the_one_form(head: bytes):
    async with connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n" + head)
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"bad_request"' in told
    assert b"content-security-policy: default-src 'none'" in told


async def test_a_head_is_as_long_as_it_is_however_it_comes():
    async with connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * MAX_HEAD + b"\r\n\r\n")
        assert statuses(await reader.read()) == [400]


async def test_what_is_no_http_is_told_so():
    async with connection() as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        assert b'"code":"bad_request"' in await reader.read()


async def test_a_large_body_is_no_large_head():
    async with connection() as (reader, writer):
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000 + GET)
            for _ in range(2):
                assert (await reader.readuntil(b"hi")).startswith(b"HTTP/1.1 200")


# --- bodies


async def test_trailers_count_for_nothing():
    async with connection(app=heard) as (reader, writer):
        writer.write(CHUNKED + b"2\r\nhi\r\n0\r\nAuthorization: x\r\nX-Forwarded-For: y\r\n\r\n" + GET)
        assert b'[2, "host", "transfer-encoding"]' in await reader.readuntil(b"]")
        assert b'[0, "host"]' in await reader.readuntil(b"]")


async def test_a_token_in_a_trailer_opens_nothing(house: House):
    token = bearer("engine")["Authorization"].encode()
    async with line_to(house.url) as (reader, writer):
        head = b"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"2\r\n[]\r\n0\r\nAuthorization: " + token + b"\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        (b"2\r\nhi\r\n0\r\n", b"A: " + b"x" * 1000 + b"\r\n"),
        (b"2\r\nhi\r\n0\r\n", b"A:\r\n" * 10_000),
        (b"0\r\nA: ", b"x" * 1000),
        (b"1;a=", b"x" * 1000),
        (b"", b"1\r\nx\r\n" * 1000),
    ],
    ids=["trailers", "short trailers", "one trailer", "an extension", "crumbs"],
)
@pytest.mark.parametrize("app", [hello, heard])
async def test_a_body_is_not_wrapped_in_more_than_it_is_worth(begins: bytes, goes_on: bytes, app: Any):
    async with connection(app=app) as line:
        line[1].write(CHUNKED + begins)
        answered = await pour(line, goes_on)
    assert statuses(answered) in ([400], [200] if app is hello else [400])


async def test_a_body_in_fair_chunks_is_taken():
    async with connection(app=heard) as (reader, writer):
        chunk = b"64\r\n" + b"x" * 100 + b"\r\n"
        writer.write(CHUNKED + chunk * 5000 + b"0\r\n\r\n")
        assert b"[500000, " in await reader.readuntil(b"]")


async def test_some_chunks_may_be_as_small_as_they_like():
    async with connection(app=heard) as (reader, writer):
        writer.write(CHUNKED + b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n")
        assert b"[1000, " in await reader.readuntil(b"]")


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [(b"10000\r\n", b"x"), (b"", b"10\r\n" + b"x" * 16 + b"\r\n"), (b"0\r\nA: b", b"b"), (b"1;", b"b")],
    ids=["a chunk", "chunks", "a trailer", "an extension"],
)
@pytest.mark.parametrize("app", [hello, heard])
async def test_a_slow_body_comes_to_an_end(begins: bytes, goes_on: bytes, app: Any):
    async with connection(Hurried, app) as line:
        line[1].write(CHUNKED + begins)
        assert statuses(await pour(line, goes_on)) in ([], [200])


# --- what stands behind a request


@pytest.mark.parametrize("requests", [1, 2, 5])
async def test_what_was_decided_is_answered_before_what_is_behind_it_is_refused(requests: int):
    slow = Slow()
    async with connection(app=slow) as (reader, writer):
        writer.write(GET * requests + b"rubbish\r\n\r\n")
        slow.answer.set()
        assert statuses(await reader.read()) == [200] * requests + [400]


async def test_a_stored_alert_is_answered_whatever_follows_it(house: House):
    alert = json.dumps({"type": "in_stock", "sku": "stray", "retailer": "bestbuy", "price": 1}).encode()
    head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer('engine')['Authorization']}\r\n"
    async with line_to(house.url) as (reader, writer):
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n%b and more" % (len(alert), alert))
        assert statuses(await reader.read()) == [202, 400]


@pytest.mark.parametrize("before", [0, 1, 2])
async def test_a_body_that_breaks_is_refused_behind_what_was_decided(before: int):
    slow = Slow()
    async with connection(app=slow) as (reader, writer):
        writer.write(GET * before + CHUNKED + b"nonsense\r\n")
        slow.answer.set()
        assert statuses(await reader.read()) == [200] * before + [400]


class Waiting(PatientHttp):
    half_closed_s = 60.0


@pytest.mark.parametrize("requests", [1, 2])
async def test_who_closes_his_half_is_answered(requests: int):
    slow = Slow()
    async with connection(Waiting, app=slow) as (reader, writer):
        writer.write(GET * requests)
        writer.write_eof()
        await slow.asked.acquire()
        await asyncio.sleep(0.1)  # the end of what he says is no event here
        slow.answer.set()
        assert statuses(await reader.read()) == [200] * requests


async def test_who_has_hung_up_is_not_answered_for_ever():
    slow = Slow()
    async with connection(Hurried, app=slow) as (reader, writer):
        writer.write(GET)
        writer.write_eof()
        assert await reader.read() == b""
        slow.answer.set()


async def test_half_a_head_behind_a_slow_answer_does_not_lose_it():
    slow = Slow()
    async with connection(Hurried, app=slow) as (reader, writer):
        writer.write(GET + b"GET / HT")
        await slow.asked.acquire()
        await asyncio.sleep(2 * Hurried.head_s)  # the time that the head has
        slow.answer.set()
        assert statuses(await reader.read()) == [200]


async def test_a_queue_of_requests_has_an_end():
    slow = Slow()
    async with connection(app=slow) as (reader, writer):
        writer.write(GET * 10_000)
        slow.answer.set()
        assert statuses(await reader.read()) == [200] * (MAX_PIPELINED + 1)


async def test_a_connection_is_kept_for_the_next_request_after_a_body_that_nobody_read():
    async with connection() as (reader, writer):
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            await reader.readuntil(b"hi")
            writer.write(b"unwanted!")
        writer.write(GET)
        await reader.readuntil(b"hi")
