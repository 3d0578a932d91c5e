"""What every door understands of HTTP itself: HEAD, `Allow`, old clients, names with a slash in them."""

import asyncio

import orjson
import pytest
from fastapi.routing import APIRoute
from tests.deadline import DEADLINE_S
from tests.web.house import House, bearer

MISSING_ID = "01a205b3-d000-7009-9bb4-b1c15a515c31"
STREAM = "/api/v1/alerts/stream"


def doors(house: House) -> dict[str, set[str]]:
    """Each path, with its holes filled, and what can be done there: one may be meant by several routes."""
    routes = [route for route in house.web.routes if isinstance(route, APIRoute)]
    assert len(routes) == len(house.web.routes)
    holes = {"id": MISSING_ID, "address": MISSING_ID, "name": "board", "target": "general"}
    holes |= dict.fromkeys(("code", "provider", "kind", "external_id", "device", "token", "link"), "x")
    paths = {route.path.format(**holes) for route in routes}
    return {
        path: {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
        for path in sorted(paths)
    }


async def by_hand(house: House, request: str) -> bytes:
    """Everything that is answered until the connection is closed."""
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    writer.write(request.replace("\n", "\r\n").encode())
    async with asyncio.timeout(DEADLINE_S):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_whatever_can_be_got_has_a_head(house: House):
    asked = [path for path, methods in doors(house).items() if "GET" in methods and path != STREAM]
    assert {"/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/", "/api/v1/alerts"} <= set(asked)
    for path in asked:
        async with house.client.get(path, headers=bearer("admin"), allow_redirects=False) as got:
            await got.read()
        async with house.client.head(path, headers=bearer("admin"), allow_redirects=False) as headed:
            assert await headed.read() == b""
        assert headed.status == got.status, path
        for name in ("Content-Type", "Content-Length", "Cache-Control", "Content-Security-Policy"):
            assert headed.headers.getall(name, []) == got.headers.getall(name, []), (path, name)


async def test_a_head_needs_the_token_that_the_rest_needs(house: House):
    for path, methods in doors(house).items():
        if "GET" in methods:
            async with house.client.get(path, allow_redirects=False) as got:
                pass
            async with house.client.head(path, allow_redirects=False) as headed:
                assert headed.status == got.status, path


async def test_the_head_of_a_stream_is_all_there_is(house: House):
    async with asyncio.timeout(DEADLINE_S), house.client.head(STREAM, headers=bearer("reader")) as headed:
        assert headed.status == 200
        assert headed.content_type == "application/x-ndjson"
        assert await headed.read() == b""
    async with house.client.get("/healthz") as still_there:
        assert still_there.status == 200


async def test_allow_says_everything_that_is_possible(house: House):
    for path, methods in doors(house).items():
        complete = methods | {"HEAD"} if "GET" in methods else methods
        others = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - complete
        for method in sorted(others)[:2]:
            async with house.client.request(method, path, headers=bearer("admin")) as answer:
                assert answer.status == 405, (method, path)
                assert answer.headers["Allow"] == ", ".join(sorted(complete)), path
                assert method == "HEAD" or (await answer.json())["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_asked_for_without_a_host_and_under_any(house: House, path: str):
    for method in ("GET", "HEAD"):
        for host in ("", "Host: lb-check.internal\n", "Host: \n"):
            answer = await by_hand(house, f"{method} {path} HTTP/1.0\n{host}\n")
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), answer
            assert bool(body) is (method == "GET")


async def test_everything_else_needs_a_host_that_is_known(house: House):
    for path in ("/", "/docs", "/metrics", "/api/v1/alerts", "/healthz/x"):
        assert (await by_hand(house, f"GET {path} HTTP/1.0\n\n")).startswith(b"HTTP/1.1 400"), path
        assert (await by_hand(house, f"GET {path} HTTP/1.0\nHost: a\nHost: localhost\n\n")).startswith(b"HTTP/1.1 400")


NAMES = {
    "shop%2Feu%2F1": "shop/eu/1",
    "shop%2feu": "shop/eu",
    "%2F": "/",
    "a%2Fheartbeat": "a/heartbeat",
    "100%25": "100%",
    "a%252Fb": "a%2Fb",
    "a%25252Fb": "a%252Fb",
    "%3Fa%23b": "?a#b",
    "caf%C3%A9%20%E2%82%AC": "café €",
    "a+b": "a+b",
}


async def test_a_name_may_hold_a_slash_or_whatever_else_is_escaped(house: House):
    async def call(method: str, path: str, body: str = "") -> tuple[int, dict]:
        """As it is written: the test's client would tidy it up."""
        told = await by_hand(
            house,
            f"{method} {path} HTTP/1.1\nHost: localhost\nConnection: close\n"
            f"Authorization: {bearer('admin')['Authorization']}\nContent-Length: {len(body)}\n\n{body}",
        )
        head, _, answer = told.partition(b"\r\n\r\n")
        return int(head.split()[1]), orjson.loads(answer)

    for written, name in NAMES.items():
        path = f"/api/v1/monitors/{written}"
        status, made = await call("PUT", path, '{"retailer": "bestbuy", "interval": 60}')
        assert (status, made.get("id")) == (200, name)
        assert (await call("POST", f"{path}/heartbeat"))[1]["id"] == name
        _, listed = await call("GET", "/api/v1/monitors")
        assert [monitor["id"] for monitor in listed["monitors"]] == [name]
        assert await call("DELETE", path) == (200, {"id": name, "forgotten": True})
        _, missing = await call("DELETE", f"/api/v1/tokens/{written}")
        assert name in missing["error"]["message"]


async def test_a_slash_that_is_not_escaped_is_a_border(house: House):
    for path in ("/api/v1/monitors/shop/eu", "/api/v1%2Fmonitors", "/api/v1/monitors/a/heartbeat/x"):
        assert (await by_hand(house, f"GET {path} HTTP/1.0\nHost: localhost\n\n")).startswith(b"HTTP/1.1 404"), path


async def test_a_stream_to_an_old_client_has_no_chunks_and_ends_with_its_connection(house: House):
    head = f"GET {STREAM} HTTP/1.0\r\nHost: localhost\r\nAuthorization: {bearer('reader')['Authorization']}\r\n\r\n"
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    writer.write(head.encode())
    async with asyncio.timeout(DEADLINE_S):
        told = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert told.startswith(b"http/1.1 200")
        assert b"transfer-encoding" not in told
        assert b"content-length" not in told
        assert orjson.loads(await reader.readline())["event"] == "cursor"
        ids = [await house.send(sku=str(number)) for number in range(3)]
        assert [orjson.loads(await reader.readline())["id"] for _ in ids] == ids
        house.web.close()
        assert await reader.read() == b"", "the end of the connection is the end of the stream"
    writer.close()
    await writer.wait_closed()


async def test_whatever_has_a_length_is_told_to_an_old_client_as_it_is(house: House):
    for path in ("/docs", "/openapi.json", "/nothing"):
        head, _, body = (await by_hand(house, f"GET {path} HTTP/1.0\nHost: localhost\n\n")).partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}\r\n".encode() in head.lower() + b"\r\n", path
