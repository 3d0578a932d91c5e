"""Where requests of ours may go: the spellings that led others astray, names that flip, certificates, ports."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.far_side import answers, far_side, reset

from tocsin.channels.destination import Destination
from tocsin.channels.transport import Answer, Patience, Transport, UnreachableError
from tocsin.core.networks import closed, is_own, is_public, networks
from tocsin.core.outcome import Deferred, Delay, Unknown
from tocsin.core.secret import Secret

SHORT = Patience(connect=1, read=2, total=3)
LOOPBACK = networks(["127.0.0.0/8", "::1/128"])

# Loopback in every spelling that a resolver or an address library takes for it.
LOOPBACKS = [
    "127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "localhost",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "[2002:7f00:1::1]", "[::ffff:0:7f00:1]",
    "[2001:0:7f00:1:0:ffff:f7f7:f7f7]", "[2001:0:808:808:0:ffff:80ff:fffe]",
]  # fmt: skip

NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.255.255.254", "168.63.129.16",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::a9fe:a9fe", "::ffff:0:a9fe:a9fe", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:a00:1::1",
    "2002:c0a8:101::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%1",
    "fec0::1", "ff02::1", "ff0e::1", "4000::1", "e000::1",
]  # fmt: skip

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1",
    "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255", "192.169.0.1", "198.17.255.255", "198.20.0.1",
    "223.255.255.255", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "64:ff9b::808:808",
    "::ffff:8.8.8.8", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("written", NOT_PUBLIC)
def test_what_belongs_to_somebody_is_not_public(written: str):
    assert not is_public(ip_address(written))


@pytest.mark.parametrize("written", PUBLIC)
def test_what_belongs_to_the_internet_is_public(written: str):
    assert is_public(ip_address(written))


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_as_public_as_what_it_wraps(address):
    number = int(address)
    forms = [number, 0xFFFF << 32 | number, 0xFFFF << 48 | number, 0x64FF9B << 96 | number]
    wrapped = [ip_address(form.to_bytes(16, "big")) for form in forms if form > 1]
    wrapped.append(ip_address((0x2002 << 112 | number << 80 | 1).to_bytes(16, "big")))
    assert {is_public(each) for each in wrapped} == {is_public(address)}


@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_calls_private(address):
    if is_public(address) and not (address.version == 6 and address.ipv4_mapped):
        assert not address.is_private
        assert not address.is_multicast


@pytest.mark.parametrize("host", LOOPBACKS)
async def test_loopback_is_known_in_every_spelling(host: str):
    async with Transport() as transport:
        refused = await post(transport, Destination.of(Secret(f"https://{host}/hook")))
    assert isinstance(refused, Deferred)
    assert refused.why is Delay.UNREACHABLE
    assert "allow_networks does not vouch for it" in refused.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"])
async def test_a_network_that_is_vouched_for_is_called_however_it_is_spelled(host: str):
    destination = Destination.of(Secret(f"http://{host}:9900/hook"), LOOPBACK)
    assert await addresses(destination)


def test_an_address_of_this_machine_is_its_own_and_one_of_others_is_not():
    for family, _, _, _, place in socket.getaddrinfo(socket.gethostname(), 9, type=socket.SOCK_DGRAM):
        if family in (socket.AF_INET, socket.AF_INET6):
            assert is_own(ip_address(place[0]))
    assert is_own(ip_address("127.0.0.1"))
    assert not is_own(ip_address("8.8.8.8"))
    assert not is_own(ip_address("2001:4860:4860::8888"))


def test_the_first_address_that_is_not_open_is_named():
    one, two, three = map(ip_address, ("8.8.8.8", "10.0.0.1", "10.0.0.2"))
    assert closed([one, two, three], (), public=is_public) == two
    assert closed([one, two, three], networks(["10.0.0.1"]), public=is_public) == three
    assert closed([one, two, three], networks(["10.0.0.0/8"]), public=is_public) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hook", "https://partner.example:22/hook", "https://partner.example:80/hook",
        "https://user@partner.example/hook", "https://user:very-secret@partner.example/", "https://:x@partner.example/",
        "ftp://partner.example/", "file:///etc/passwd", "gopher://partner.example/", "//partner.example/", "", "https://",
        "https:///hook", "https://[::1/", "partner.example/hook", "https://partner.example:99999/",
        "https://partner.example/a b", "https://partner.example/\r\nX: y", "https://partner.example\\@evil.example/",
        "javascript:alert(1)", "data:text/html,x",
    ],
)  # fmt: skip
def test_an_address_of_the_wrong_kind_is_refused_without_being_repeated(url: str):
    with pytest.raises(ValueError, match="https") as problem:
        Destination.of(Secret(url))
    assert "very-secret" not in str(problem.value)
    assert "partner" not in str(problem.value)


@pytest.mark.parametrize("url", ["https://user@127.0.0.1/hook", "ftp://127.0.0.1/", "https:///hook"])
def test_vouching_for_a_network_allows_no_other_kind_of_address(url: str):
    with pytest.raises(ValueError, match="written https://"):
        Destination.of(Secret(url), LOOPBACK)


@pytest.mark.parametrize("url", ["http://partner.example/", "https://partner.example:22/"])
async def test_plain_http_and_other_ports_are_for_vouched_networks_only(url: str):
    with pytest.raises(UnreachableError, match="does not vouch for it"):
        await addresses(Destination.of(Secret(url), LOOPBACK, standing_for("8.8.8.8")))
    assert await addresses(Destination.of(Secret(url), LOOPBACK, standing_for("127.0.0.1"))) == ["127.0.0.1"]


@pytest.mark.parametrize("where", [0, 1, 2])
async def test_one_private_address_among_public_ones_spoils_them_all(where: int):
    found = ["8.8.8.8", "2606:4700:4700::1111"]
    found.insert(where, "169.254.169.254")
    with pytest.raises(UnreachableError, match="does not vouch for it"):
        await addresses(Destination.of(Secret("https://partner.example/hook"), (), standing_for(*found)))


async def test_a_name_that_flips_is_called_at_the_address_that_was_judged():
    """DNS rebinding: harmless when asked, the machine itself a moment later."""
    asked: list[str] = []

    async def flips(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "127.0.0.9"]

    async with far_side(answers()) as side, Transport() as transport:
        answer = await post(
            transport, Destination.of(Secret(f"http://partner.example:{side.port}/hook?a=%2F"), LOOPBACK, flips)
        )
    assert isinstance(answer, Answer)
    assert asked == ["partner.example"]
    head = side.requests[0].decode().splitlines()
    assert head[0] == "POST /hook?a=%2F HTTP/1.1"
    assert f"Host: partner.example:{side.port}" in head


async def test_a_name_that_flips_to_loopback_is_not_called():
    async with far_side(answers()) as side, Transport() as transport:
        for found in ("127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"):
            destination = Destination.of(Secret("https://partner.example/hook"), (), standing_for(found))
            assert isinstance(await post(transport, destination), Deferred)
    assert side.connections == 0


async def test_the_next_address_is_tried_where_the_first_one_is_not_reached():
    async with far_side(answers()) as side, Transport() as transport:
        resolve = standing_for("127.0.0.2", "127.0.0.1")
        destination = Destination.of(Secret(f"http://partner.example:{side.port}/hook"), LOOPBACK, resolve)
        answer = await post(transport, destination)
    assert isinstance(answer, Answer)
    assert len(side.requests) == 1


async def test_the_next_address_is_not_tried_once_a_byte_has_left():
    async def vanish(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reset(writer)

    async with far_side(vanish) as side, Transport() as transport:
        resolve = standing_for("127.0.0.1", "127.0.0.1")
        await post(transport, Destination.of(Secret(f"http://partner.example:{side.port}/hook"), LOOPBACK, resolve))
    assert len(side.requests) == 1


@pytest.mark.parametrize("error", [socket.gaierror(-2, "no such name"), UnicodeError("label too long"), OSError()])
async def test_a_name_that_is_not_resolved_was_surely_not_called(error: Exception):
    async def fails(_host: str, _port: int) -> Sequence[str]:
        raise error

    async with Transport() as transport:
        refused = await post(transport, Destination.of(Secret("https://partner.example/"), (), fails))
    assert isinstance(refused, Deferred)
    assert "was not resolved" in refused.detail


async def test_a_resolver_that_hangs_is_given_up():
    async def hangs(_host: str, _port: int) -> Sequence[str]:
        await asyncio.get_running_loop().create_future()
        return ()

    async with Transport(patience=Patience(connect=0.01)) as transport:
        destination = Destination.of(Secret("https://partner.example/"), (), hangs)
        refused = await transport.request("POST", Secret(str(destination.url)), addresses=destination.addresses)
    assert isinstance(refused, Deferred)


@pytest.mark.parametrize(("named", "trusted"), [("partner.example", True), ("other.example", False)])
async def test_the_certificate_is_asked_for_by_name_though_the_call_goes_to_an_address(
    named: str,
    trusted: bool,  # noqa: FBT001 - a column of the table
    certificate: Path,
):
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(certificate, certificate.with_name("key.pem"))
    asked: list[str | None] = []
    there.sni_callback = lambda _, name, __: asked.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with far_side(answers(), tls=there) as side, Transport(tls=trusting) as transport:
        resolve = standing_for("127.0.0.1")
        destination = Destination.of(Secret(f"https://{named}:{side.port}/hook"), LOOPBACK, resolve)
        answer = await post(transport, destination)
    assert isinstance(answer, Answer) is trusted
    assert asked == [named]
    assert len(side.requests) == int(trusted)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("partner")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=partner.example"
        " -addext subjectAltName=DNS:partner.example -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


async def post(transport: Transport, destination: Destination) -> Answer | Deferred | Unknown:
    url = Secret(str(destination.url))
    return await transport.request("POST", url, body=b"{}", addresses=destination.addresses, patience=SHORT)


async def addresses(destination: Destination) -> Sequence[str]:
    return await destination.addresses(destination.url.raw_host or "", destination.url.port or 0)


def standing_for(*found: str):
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return found

    return resolve
