"""How a connection ends: whoever is refused can read why, and nobody is heard out for ever."""

import asyncio
import http.client
from collections.abc import Iterator
from typing import Any

import pytest
from tests.web.house import House, bearer, serving
from tests.web.test_patience import Hurried, connection, hello, pour, statuses

from tocsin.web.parting import MAX_DRAIN
from tocsin.web.slow_clients import PatientHttp

LARGE = 20 * 1024 * 1024  # more than any door takes, and than the buffers of both sides hold


def post(url: str, body: Any, headers: dict[str, str]) -> int:
    """As Python's own client does it: everything is sent before the answer is looked at."""
    line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        line.request("POST", "/api/v1/alerts", body, headers, encode_chunked=not isinstance(body, bytes))
        return line.getresponse().status
    finally:
        line.close()


def chunks() -> Iterator[bytes]:
    for _ in range(LARGE // 65536):
        yield b"x" * 65536


@pytest.mark.parametrize("token", ["engine", "reader", None])
@pytest.mark.parametrize("whole", [True, False], ids=["announced", "chunked"])
async def test_a_python_client_can_read_why_its_body_was_refused(house: House, token: str | None, *, whole: bool):
    headers = bearer(token) | ({} if whole else {"Transfer-Encoding": "chunked"})
    status = await asyncio.to_thread(post, house.url, b"x" * LARGE if whole else chunks(), headers)
    assert status == {"engine": 413, "reader": 403, None: 401}[token]


class Curt(PatientHttp):
    """Has patience for the bytes, and none with the clock."""

    head_s = body_s = drain_s = 60.0


async def test_a_body_that_nobody_reads_has_an_end_in_bytes():
    async with connection(Curt) as line:
        line[1].write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n")
        assert statuses(await pour(line, b"x" * (MAX_DRAIN // 50))) in ([200], [])


async def test_a_body_that_nobody_reads_has_an_end_in_time():
    async with connection(Hurried) as line:
        line[1].write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n")
        assert statuses(await pour(line, b"x")) in ([200], [])


async def test_a_connection_that_is_not_wanted_any_more_is_closed_at_once():
    async with serving(hello, Curt) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert statuses(await reader.read()) == [200]
        writer.close()
