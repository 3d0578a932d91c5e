"""What every answer tells browsers, whichever door it comes from, and whoever made it."""

import asyncio
from email import message_from_bytes
from email.message import Message

from tests.deadline import DEADLINE_S
from tests.story.service_rig import TOKEN, ServiceRig

from tocsin.access.browsers import EVERY_ANSWER
from tocsin.web.people.pages.sheet import HEADERS

GOOD = f"Host: localhost\nAuthorization: Bearer {TOKEN}\n"
SOCKET = "Host: localhost\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
POLLING, WEBSOCKET = "/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=websocket"

# What is asked by HTTP/1.1 unless it says otherwise, and the status of the answer.
ASKED = [
    ("GET /", GOOD, 200),
    ("HEAD /", GOOD, 200),
    ("GET /docs", GOOD, 200),
    ("GET /api/v1/alerts", GOOD, 200),
    ("GET /api/v1/alerts", "Host: localhost\n", 401),
    ("GET /api/v1/alerts", "Host: evil.example\n", 400),
    ("GET /api/v1/alerts/x", GOOD, 422),
    ("PUT /api/v1/alerts", GOOD, 405),
    ("POST /api/v1/alerts", GOOD + "Content-Length: 1\n\n{", 400),
    ("POST /api/v1/stock", GOOD + "Content-Length: 99999\n", 413),
    ("GET /nothing", GOOD, 404),
    ("GET /r/nothing", GOOD, 404),
    ("GET /healthz HTTP/1.0", "", 200),
    # live sockets
    ("GET " + POLLING, GOOD, 200),
    ("GET " + POLLING, GOOD + "Origin: http://evil.example\n", 403),
    ("GET " + POLLING, "Host: evil.example\n", 403),
    ("PUT " + POLLING, GOOD, 400),
    ("POST " + POLLING + "&sid=nobody", GOOD + "Content-Length: 0\n", 400),
    ("GET /socket.io/", GOOD, 400),
    ("GET " + WEBSOCKET, GOOD, 400),
    ("GET " + WEBSOCKET, SOCKET + KEY + "Origin: http://evil.example\n", 403),
    ("GET " + WEBSOCKET, SOCKET.replace("localhost", "evil.example") + KEY, 403),
    ("GET /somewhere", SOCKET + KEY, 404),
    ("GET " + WEBSOCKET, SOCKET, 400),
    # what is no request to anything of ours
    ("NONSENSE", "", 400),
    ("GET", GOOD, 400),
    ("GET /", "Host: localhost\nBroken header\n", 400),
    ("GET /", GOOD + "Content-Length: 1\nContent-Length: 2\n", 400),
    ("GET /", GOOD + f"X: {'x' * 70_000}\n", 400),
    ("OPTIONS *", GOOD, 404),
    ("CONNECT localhost:443", GOOD, 400),
    ("GET http://localhost", GOOD, 400),
    ("GET /é", GOOD, 400),
]

# A page for people has a narrower policy of its own in its place.
OWN = {("GET /r/nothing", "content-security-policy"): HEADERS["Content-Security-Policy"]}


async def ask(town: ServiceRig, line: str, headers: str) -> tuple[int, Message]:
    reader, writer = await asyncio.open_connection("127.0.0.1", town.alerts.front.port)
    head = line if "HTTP/" in line or line == "NONSENSE" else f"{line} HTTP/1.1"
    text = f"{head}\n{headers}\n" if "\n\n" not in headers else f"{head}\n{headers}"
    writer.write(text.replace("\n", "\r\n").encode())
    async with asyncio.timeout(DEADLINE_S):
        told = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    status, _, rest = told.partition(b"\r\n")
    return int(status.split()[1]), message_from_bytes(rest)


async def test_every_answer_carries_the_policy(town: ServiceRig):
    await town.open()
    for line, headers, expected in ASKED:
        status, told = await ask(town, line, headers)
        assert status == expected, (line, headers[:200], told.as_string())
        for name, value in EVERY_ANSWER:
            assert told.get_all(name) == [OWN.get((line, name), value)], (line, headers[:200], name)


def test_the_policy_lets_nothing_run_but_our_own():
    policy = dict(EVERY_ANSWER)["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
