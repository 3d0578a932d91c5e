"""One rule for HTTP and for sockets: each case of a table is tried at every door."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from tests.access.doorway import DOORS, Doorway
from tests.gateway.station import Log, running

from tocsin.access.addresses import Proxies
from tocsin.access.entrance import Entrance
from tocsin.access.hosts import Hosts
from tocsin.access.origins import Origins
from tocsin.core.facts import Turned

HERE = "127.0.0.1"  # where the test knocks from: it plays the nearest proxy
PROXIES = [f"{HERE}/32", "10.0.0.0/8", "fd00::/8"]

# What `X-Forwarded-For` says, and whose address that makes it.
FORWARDED = [
    ("", HERE),
    ("203.0.113.9", "203.0.113.9"),
    ("203.0.113.9:4711", "203.0.113.9"),
    (" 203.0.113.9 ", "203.0.113.9"),
    ('"203.0.113.9"', "203.0.113.9"),
    ('"203.0.113.9:4711"', "203.0.113.9"),
    ("[203.0.113.9]:4711", "203.0.113.9"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
    ("[::ffff:203.0.113.9]:4711", "203.0.113.9"),
    ("::ffff:cb00:7109", "203.0.113.9"),
    ("2001:db8::9", "2001:db8::9"),
    ("2001:DB8:0::9", "2001:db8::9"),
    ("[2001:db8::9]", "2001:db8::9"),
    ("[2001:db8::9]:4711", "2001:db8::9"),
    ('"[2001:db8::9]:4711"', "2001:db8::9"),
    ("fe80::9%eth0", "fe80::9"),
    # Entries are read from the end: what stands before the first address that is not a proxy's may be made up.
    ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ("unknown, 203.0.113.9", "203.0.113.9"),
    ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
    ("203.0.113.9:1, 10.0.0.2:2", "203.0.113.9"),
    ("203.0.113.9, [fd00::2]:2, ::ffff:10.0.0.2", "203.0.113.9"),
    ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
    # Where an entry is no address the proxy that passed it on answers for it.
    ("unknown", HERE),
    ("_hidden", HERE),
    ("203.0.113.9, unknown", HERE),
    ("203.0.113.9, ", HERE),
    (",", HERE),
    ("203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
    ("203.0.113.9:", HERE),
    ("203.0.113.9:port", HERE),
    ("203.0.113.9:123456", HERE),
    ("203.0.113.9.1", HERE),
    ("203.0.113", HERE),
    ("3405803785", HERE),
    ("0313.0.113.9", HERE),
    ("[2001:db8::9", HERE),
    ("2001:db8::9]:4711", HERE),
    ("[]", HERE),
    ("host.example", HERE),
    ("for=203.0.113.9", HERE),
    ("<script>", HERE),
]

HOSTS = [
    ("localhost", True),
    ("LOCALHOST:8765", True),
    ("tocsin.localhost:8765", True),
    ("127.0.0.1", True),
    ("127.0.0.1:8765", True),
    ("127.4.5.6:8765", True),
    ("[::1]:8765", True),
    ("[::1]", True),
    ("10.1.2.3:80", True),
    ("192.168.1.5:8765", True),
    ("[fd00::5]:8765", True),
    ("[::ffff:192.168.1.5]:8765", True),
    ("203.0.113.9", True),
    ("alerts.example", True),
    ("Alerts.Example:443", True),
    ("evil.example", False),
    ("127.0.0.1.evil.example", False),
    ("localhost.evil.example", False),
    ("evillocalhost", False),
    ("alerts.example.evil.example", False),
    ("evil.example:alerts.example", False),
    ("localhost@evil.example", False),
    ("[::1", False),
    ("::1", False),
    ("[localhost]", False),
    ("2130706433", False),
    ("0x7f.1", False),
    ("127.0.0.1:80:80", False),
]

# Who stands behind a proxy that asks under another Host than the browser did.
ORIGINS = [
    ("https://alerts.example", True),
    ("HTTPS://Alerts.Example", True),
    ("https://alerts.example:443", True),
    ("https://board.example:8443", True),
    ("http://localhost", True),
    ("http://localhost:3000", True),
    ("http://127.0.0.1:80", True),
    ("http://[::1]:9000", True),
    ("https://tocsin.localhost", True),
    ("http://alerts.example", False),
    ("https://alerts.example:444", False),
    ("https://board.example", False),
    ("https://alerts.example.evil.example", False),
    ("https://evilalerts.example", False),
    ("https://alerts.example@evil.example", False),
    ("https://evil.example/alerts.example", False),
    ("https://evil.example?alerts.example", False),
    ("https://evil.example#alerts.example", False),
    ("https://alerts.example/", False),
    ("https://localhost.evil.example", False),
    ("http://127.0.0.1.evil.example", False),
    ("http://192.0.2.77:8765", False),
    ("http://[2001:db8::77]:8765", False),
    ("null", False),
    ("file://", False),
    ("http://", False),
    ("http://[", False),
    ("http://localhost:99999", False),
    ("ftp://localhost", False),
    ("chrome-extension://abcdef", False),
]


@pytest.fixture
async def doorway() -> AsyncIterator[Doorway]:
    entrance = Entrance(
        hosts=Hosts({"alerts.example"}),
        origins=Origins(["https://alerts.example/below/a/path", "https://board.example:8443"]),
        proxies=Proxies(PROXIES),
    )
    async with running(Doorway(Log(), entrance=entrance)) as open_doorway:
        yield open_doorway


@pytest.mark.parametrize("door", DOORS)
async def test_the_address_is_the_last_that_no_trusted_proxy_put_there(doorway: Doorway, door: str):
    for forwarded, _ in FORWARDED:
        assert await doorway.knock(door, {"X-Forwarded-For": forwarded}), forwarded
    assert doorway.tokens.asked_from == [address for _, address in FORWARDED]


@pytest.mark.parametrize("door", DOORS)
async def test_nobody_else_is_believed(door: str):
    async with running(Doorway(Log(), entrance=Entrance(proxies=Proxies(["10.0.0.0/8"])))) as doorway:
        for forwarded, _ in FORWARDED:
            assert await doorway.knock(door, {"X-Forwarded-For": forwarded})
    assert set(doorway.tokens.asked_from) == {HERE}


@pytest.mark.parametrize("door", DOORS)
async def test_a_stranger_cannot_point_a_name_of_his_own_at_us(doorway: Doorway, door: str):
    let_in = [(host, await doorway.knock(door, {"Host": host})) for host, _ in HOSTS]
    assert let_in == HOSTS


@pytest.mark.parametrize("door", ["polling", "websocket"])
async def test_a_foreign_page_may_not_use_our_sockets(doorway: Doorway, door: str):
    let_in = [(origin, await doorway.knock(door, {"Origin": origin})) for origin, _ in ORIGINS]
    assert let_in == ORIGINS


@pytest.mark.parametrize("door", ["polling", "websocket"])
async def test_a_page_may_use_the_sockets_of_where_it_came_from(doorway: Doorway, door: str):
    for host, known in HOSTS:
        for scheme in ("http", "https"):
            assert await doorway.knock(door, {"Host": host, "Origin": f"{scheme}://{host}"}) is known, host
    assert await doorway.knock(door, {"Host": "alerts.example", "Origin": "http://alerts.example:80"})
    assert not await doorway.knock(door, {"Host": "alerts.example", "Origin": "http://alerts.example:443"})
    assert not await doorway.knock(door, {"Host": "192.168.1.5:8765", "Origin": "http://192.168.1.5"})


async def test_whoever_is_refused_is_told_what_to_add(doorway: Doorway):
    async with aiohttp.ClientSession(doorway.url) as session:
        for headers, setting in (
            ({"Host": "evil.example"}, "server.allowed_hosts"),
            ({"Origin": "https://evil.example"}, "server.allowed_origins"),
        ):
            async with session.get("/socket.io/?EIO=4&transport=polling", headers=headers) as refused:
                assert refused.status == 403
                assert setting in (await refused.json())["message"]
    assert [fact.code for fact in doorway.facts if isinstance(fact, Turned)] == ["unknown_host", "foreign_page"]
