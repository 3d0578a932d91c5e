"""The layer before all doors: every route, every kind of token, strange hosts, too much, and what answers carry."""

import asyncio
import io
import logging
import math
from datetime import timedelta
from pathlib import Path

import aiohttp
import orjson
import pytest
from fastapi.routing import APIRoute
from tests.deadline import DEADLINE_S
from tests.web.house import ALERT, SCOPES, TOKENS, House, bearer, open_house, serving

from tocsin.access.addresses import Proxies
from tocsin.access.browsers import EVERY_ANSWER
from tocsin.access.entrance import Entrance
from tocsin.access.hosts import Hosts
from tocsin.access.throttle import EVERY_S, FREE
from tocsin.core.clock import ManualClock, SystemClock
from tocsin.web import WebSettings
from tocsin.web.scopes import ANY, rule_of

# What everybody may enter; a new open door has to be written down here too.
OPEN = {
    *("/healthz", "/readyz", "/r/{code}", "/hooks/{provider}/{kind}", "/docs", "/docs/style.css", "/openapi.json"),
    *("/join", "/join/{token}", "/me/{token}", "/u/{token}", "/a/{link}", "/people/style.css"),
    "/api/v1/browsers/renew",  # by the secret of the subscription that is replaced
}
PAGE = ("/assets/", "/icon", "/manifest", "/badge", "/offline", "/sw.js", "/device.js")
BEHIND_A_PROXY = Entrance(proxies=Proxies(["127.0.0.1"]))
MISSING_ID = "01a205b3-d000-7009-9bb4-b1c15a515c31"


def doors(house: House) -> list[tuple[APIRoute, str, str]]:
    routes = [route for route in house.web.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(house.web.routes), "only a route that declares its scope can be walked"
    filled = {"{id}": MISSING_ID, "{code}": "x", "{name}": "board", "{target}": "general"}
    found = []
    for route in routes:
        path = route.path
        for hole, value in filled.items():
            path = path.replace(hole, value)
        found += [(route, method, path) for method in sorted(route.methods or ())]
    return found


def is_page(route: APIRoute) -> bool:
    return route.path == "/" or route.path.startswith(PAGE)


async def status(house: House, method: str, path: str, headers: dict[str, str]) -> int:
    body = {} if method in {"GET", "HEAD", "DELETE"} else {"json": {}}
    async with house.client.request(method, path, headers=headers, allow_redirects=False, **body) as answer:
        return answer.status


async def test_every_door_opens_to_its_scope_alone(house: House):
    _, made = await house.call("POST", "/api/v1/tokens", json={"name": "gone", "scopes": ["admin"]})
    await house.call("DELETE", f"/api/v1/tokens/{made['id']}")
    for route, method, path in doors(house):
        if path == "/api/v1/alerts/stream":
            continue
        scope = rule_of(route).scope
        if scope is None:
            assert route.path in OPEN or is_page(route), f"{route.path} is open and not meant to be"
            assert await status(house, method, path, {}) != 401
            continue
        for nobody in ({}, {"Authorization": TOKENS["admin"]}):
            assert await status(house, method, path, nobody) == 401, (method, path)
        for wrong in ("wrong-wrong-wrong", made["token"]):
            assert await status(house, method, path, bearer(wrong)) in {401, 429}, (method, path)
        for name, held in SCOPES.items():
            got = await status(house, method, path, bearer(name))
            if held in {scope, "admin"} or scope == ANY:
                assert got not in {401, 403}, (method, path, name, got)
            else:
                assert got == 403, (method, path, name, got)


async def test_the_stream_is_closed_like_the_rest(house: House):
    assert await status(house, "GET", "/api/v1/alerts/stream", {}) == 401
    assert await status(house, "GET", "/api/v1/alerts/stream", bearer("engine")) == 403


async def test_a_token_past_its_end_opens_nothing(tmp_path: Path):
    clock = ManualClock(SystemClock().now())
    async with open_house(tmp_path, clock=clock) as house:
        end = (clock.now() + timedelta(minutes=5)).isoformat()
        _, made = await house.call("POST", "/api/v1/tokens", json={"name": "m", "scopes": ["read"], "expires_at": end})
        assert (await house.call("GET", "/api/v1/alerts", token=made["token"]))[0] == 200
        clock.jump(301)
        refused, told = await house.call("GET", "/api/v1/alerts", token=made["token"])
        assert (refused, told["error"]["code"]) == (401, "unauthorized")


async def test_at_the_end_what_is_known_can_be_read_and_nothing_is_taken(house: House):
    taken = await house.send()
    house.web.close()
    assert (await house.call("GET", f"/api/v1/alerts/{taken}"))[0] == 200
    async with house.client.post("/api/v1/alerts", json=ALERT, headers=bearer("engine")) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
    assert await status(house, "POST", "/api/v1/alerts", {}) == 401
    assert await status(house, "DELETE", f"/api/v1/tokens/{MISSING_ID}", bearer("admin")) == 503


async def test_a_door_that_declares_nothing_needs_an_admin():
    async def handler() -> None: ...

    assert rule_of(APIRoute("/new", handler)).scope == "admin"


async def test_who_shows_wrong_tokens_has_to_wait_and_nobody_else_has(tmp_path: Path):
    clock = ManualClock(SystemClock().now())
    async with open_house(tmp_path, clock=clock, entrance=BEHIND_A_PROXY) as house:

        async def seen_from(address: str, token: str) -> tuple[int, int]:
            headers = bearer(token) | ({"X-Forwarded-For": address} if address else {})
            async with house.client.get("/api/v1/alerts", headers=headers) as answer:
                return answer.status, int(answer.headers.get("Retry-After", 0))

        at_work = "2001:db8::1"
        assert await seen_from(at_work, "reader") == (200, 0)
        for number in range(FREE):
            form = (f"2001:db8::{number:x}:1", f"[2001:db8::{number:x}:1]:{number}", f'"[2001:db8::{number:x}]"')[
                number % 3
            ]
            assert await seen_from(form, f"wrong-wrong-{number}") == (401, 0)
        refused, wait = await seen_from("2001:db8::2", "wrong-again-again")
        assert (refused, wait) == (429, math.ceil(EVERY_S))
        assert await seen_from("2001:db8::2", "reader") == (429, wait), "a guess that hits looks like any other"
        assert await seen_from(at_work, "reader") == (200, 0), "who works there goes on"
        for other in ("2001:db8:0:1::2", "192.0.2.1"):
            assert await seen_from(other, "wrong-wrong-wrong") == (401, 0)
        clock.advance(wait)
        assert await seen_from("2001:db8::2", "reader") == (200, 0)
        for entry in ("", "unknown", "_hidden", "198.51.100.1:port", *["not-an-address"] * (FREE - 4)):
            assert await seen_from(entry, "wrong-wrong-wrong") == (401, 0)
        assert (await seen_from("unknown", "wrong-wrong-wrong"))[0] == 429, (
            "the proxy answers for whom it does not name"
        )


async def test_a_strange_host_is_refused(house: House):
    tricks = ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example", "", "[::1")
    for host in tricks:
        status, told = await house.call("GET", "/api/v1/alerts", headers={"Host": host})
        assert (status, told["error"]["code"]) == (400, "unknown_host"), host


async def test_a_known_host_is_let_in(tmp_path: Path):
    async with open_house(tmp_path, entrance=Entrance(hosts=Hosts({"alerts.example"}))) as house:
        for host in ("localhost", "LOCALHOST:8765", "127.0.0.1", "[::1]:8765", "alerts.example", "10.1.2.3:80"):
            assert (await house.call("GET", "/api/v1/alerts", headers={"Host": host}))[0] == 200, host


async def test_a_body_over_its_bound_is_refused(house: House):
    status, told = await house.call(
        "POST", "/api/v1/alerts", token="engine", data=io.BytesIO(b"[" + b" " * (16 << 20) + b"]")
    )
    assert (status, told["error"]["code"]) == (413, "too_large")
    big = orjson.dumps(ALERT | {"product_name": "x" * (10 << 20)})
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", data=io.BytesIO(big))
    assert (status, told["error"]["code"]) == (413, "too_large")
    status, told = await house.call("POST", "/api/v1/stock", token="engine", data=b" " * (64 * 1024 + 1))
    assert (status, told["error"]["code"]) == (413, "too_large")
    assert (await house.call("GET", "/healthz"))[0] == 200


async def test_an_endless_body_is_cut_off(house: House):
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/stock HTTP/1.1\r\nHost: {host}\r\nAuthorization: {bearer('engine')['Authorization']}\r\n"
    writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(9):
            writer.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
            await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        await reader.read()  # the connection is closed: nothing more is taken from it
    writer.close()
    await writer.wait_closed()


async def test_no_token_means_no_byte_of_the_body_is_waited_for(house: House):
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /api/v1/alerts HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n".encode())
    async with asyncio.timeout(DEADLINE_S):
        assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_breaks_off_is_not_taken_for_a_shorter_one(house: House):
    host, port = house.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/alerts HTTP/1.1\r\nHost: {host}\r\nAuthorization: {bearer('engine')['Authorization']}\r\n"
    writer.write(head.encode() + b"Content-Length: 100000\r\n\r\n" + orjson.dumps(ALERT) + b"\n")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    told = await house.send(sku="after it")
    assert [alert["id"] for alert in (await house.call("GET", "/api/v1/alerts"))[1]["alerts"]] == [told]


async def test_metrics_are_for_readers_and_for_named_addresses(tmp_path: Path):
    async with open_house(tmp_path) as house:
        assert await status(house, "GET", "/metrics", {}) == 401
        assert await status(house, "GET", "/metrics", bearer("reader")) == 200
        forged = {"X-Forwarded-For": "10.0.0.1"}
        assert await status(house, "GET", "/metrics", forged) == 401
    (tmp_path / "named").mkdir()
    async with open_house(tmp_path / "named", settings=WebSettings(metrics_from=("127.0.0.0/8",))) as house:
        assert await status(house, "GET", "/metrics", {}) == 200


async def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(tmp_path: Path):
    named = ("10.0.0.0/8",)
    settings = WebSettings(metrics_from=named)
    (tmp_path / "behind").mkdir()
    async with open_house(tmp_path / "behind", settings=settings, entrance=BEHIND_A_PROXY) as house:
        assert await status(house, "GET", "/metrics", {"X-Forwarded-For": "10.0.0.1"}) == 200
        assert await status(house, "GET", "/metrics", {"X-Forwarded-For": "10.0.0.1, 192.0.2.7"}) == 401
    async with open_house(tmp_path, settings=settings) as house:
        assert await status(house, "GET", "/metrics", {"X-Forwarded-For": "10.0.0.1"}) == 401


async def test_no_secret_is_ever_logged(house: House, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    _, made = await house.call("POST", "/api/v1/tokens", json={"name": "m", "scopes": ["read"]})
    for token in (*TOKENS, made["token"], "wrong-wrong-wrong-wrong"):
        await house.call("GET", "/api/v1/alerts", token=token)
        await house.call("POST", "/api/v1/alerts", token=token, data=b"{")
    said = caplog.text + repr(house.facts) + repr(made | {"token": None})
    assert not [secret for secret in (*TOKENS.values(), made["token"], "wrong-wrong-wrong") if secret in said]


async def test_a_failure_of_the_application_is_told_by_the_server_with_the_same_policy(
    caplog: pytest.LogCaptureFixture,
):
    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("a bug")

    async with serving(broken) as url, aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 500
        assert {name: answer.headers.getall(name) for name, _ in EVERY_ANSWER} == {n: [v] for n, v in EVERY_ANSWER}
