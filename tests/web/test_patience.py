"""Heads that do not come, never end, or are no HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.web.house import DEADLINE_S, serving

from tocsin.web.patience import MAX_HEAD, PatientHttp


class Hurried(PatientHttp):
    deadline_s = 0.2


async def hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hi"})


@asynccontextmanager
async def connection(http: type[PatientHttp] = PatientHttp) -> AsyncIterator[tuple[Any, Any]]:
    async with serving(hello, http) as url, asyncio.timeout(DEADLINE_S):
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            yield reader, writer
        finally:
            writer.close()


async def test_a_connection_that_says_nothing_is_closed():
    async with connection(Hurried) as (reader, _):
        assert await reader.read() == b""


async def test_a_head_that_drips_is_closed():
    async with connection(Hurried) as (reader, writer):
        ended = asyncio.create_task(reader.read())
        writer.write(b"GET / HTTP/1.1\r\n")
        while not ended.done():
            writer.write(b"A: b\r\n")
            await asyncio.wait([ended], timeout=0.01)
        with contextlib.suppress(ConnectionResetError):  # what was still on its way met a closed door
            assert await ended == b""


async def test_a_second_head_has_its_own_time():
    async with connection(Hurried) as (reader, writer):
        for _ in range(3):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"hi")
        writer.write(b"GET / HT")
        assert await reader.read() == b""


async def test_a_head_without_end_is_told_so_in_the_one_form():
    async with connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nA: " + b"x" * MAX_HEAD)
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"bad_request"' in told
    assert b"content-security-policy: default-src 'none'" in told


async def test_what_is_no_http_is_told_so():
    async with connection() as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        assert b'"code":"bad_request"' in await reader.read()


async def test_a_large_body_is_no_large_head():
    async with connection() as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
