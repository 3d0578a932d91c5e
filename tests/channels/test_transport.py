import asyncio
import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.channels.far_side import (
    Behaviour,
    answers,
    drips,
    far_side,
    pours,
    read_request,
    reset,
    says,
    says_then_hangs,
    says_then_resets,
)
from tests.deadline import DEADLINE_S

from tocsin.channels.transport import MAX_BODY, Answer, Patience, Transport
from tocsin.core.leave import TAKEN_OVER, leaving_while
from tocsin.core.outcome import Deferred, Delay, Doubt, Unknown
from tocsin.core.secret import Secret

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"
SHORT = Patience(connect=1, read=0.5, total=1)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport() as transport:
        yield transport


@pytest.fixture
async def impatient() -> AsyncIterator[Transport]:
    async with Transport(patience=SHORT) as transport:
        yield transport


async def post(transport: Transport, url: Secret) -> Answer | Deferred | Unknown:
    async with asyncio.timeout(DEADLINE_S):
        return await transport.request("POST", url, headers={"Content-Type": "application/json"}, body=b'{"a":1}')


async def test_an_answer_comes_back_as_it_was_given(transport: Transport):
    async with far_side(answers(429, b'{"retry_after": 1}', retry_after="1")) as side:
        answer = await post(transport, side.url)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.headers["RETRY-AFTER"]) == (429, b'{"retry_after": 1}', "1")
    assert side.requests[0].endswith(b'{"a":1}')


async def test_requests_share_one_connection(transport: Transport):
    async with far_side(answers()) as side:
        for _ in range(5):
            await post(transport, side.url)
    assert (side.connections, len(side.requests)) == (1, 5)


async def test_a_refused_connection_is_surely_not_sent(transport: Transport, free_port: int):
    outcome = await post(transport, Secret(f"http://127.0.0.1:{free_port}/hook/very-secret-token"))
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.UNREACHABLE
    assert "very-secret-token" not in repr(outcome)


async def test_a_name_that_does_not_exist_is_surely_not_sent(transport: Transport):
    outcome = await post(transport, Secret("http://does-not-exist.invalid/very-secret-token"))
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.UNREACHABLE
    assert "very-secret-token" not in repr(outcome)


async def test_a_connection_that_never_comes_about_is_surely_not_sent(impatient: Transport):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):  # the backlog is full: further SYNs are dropped
            outcome = await post(impatient, Secret(f"http://127.0.0.1:{full.getsockname()[1]}/"))
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.UNREACHABLE


async def test_a_certificate_nobody_vouches_for_is_surely_not_sent(
    transport: Transport, own_certificate: ssl.SSLContext
):
    async with far_side(answers(), tls=own_certificate) as side:
        outcome = await post(transport, side.url)
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.UNREACHABLE
    assert side.requests == []


async def test_a_certificate_that_is_trusted_carries_many_requests_over_one_connection(
    own_certificate: ssl.SSLContext, certificate_file: Path
):
    trusting = ssl.create_default_context(cafile=str(certificate_file))
    async with far_side(answers(), tls=own_certificate) as side, Transport(tls=trusting) as transport:
        outcomes = [await post(transport, side.url) for _ in range(3)]
    assert [isinstance(outcome, Answer) for outcome in outcomes] == [True] * 3
    assert side.connections == 1


async def test_a_server_that_speaks_no_tls_is_surely_not_sent(transport: Transport):
    async with far_side(answers()) as side:
        outcome = await post(transport, Secret(side.url.reveal().replace("http:", "https:")))
    assert isinstance(outcome, Deferred)
    assert outcome.why is Delay.UNREACHABLE


MAYBE_SENT: dict[str, Behaviour] = {
    "reset before the answer": says_then_resets(b""),
    "reset within the headers": says_then_resets(HEAD),
    "garbage": says(b"\x00\xff\x00 what?\r\n\r\n"),
    "another protocol": says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "no answer": says_then_hangs(),
    "headers without end": pours(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
    "one header without end": pours(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000),
    "a header of one byte a time": drips(b"HTTP/1.1 200 OK\r\nX: ", every=0.05),
    "continue, continue, continue": pours(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("behaviour", MAYBE_SENT.values(), ids=MAYBE_SENT)
async def test_without_an_answer_it_may_have_been_sent_and_is_never_repeated(
    impatient: Transport, behaviour: Behaviour
):
    async with far_side(behaviour) as side:
        outcome = await post(impatient, side.url)
    assert isinstance(outcome, Unknown)
    assert outcome.why is Doubt.ANSWER_LOST
    assert "very-secret-token" not in repr(outcome)
    assert len(side.requests) == 1


BROKEN_BODIES: dict[str, Behaviour] = {
    "reset": says_then_resets(HEAD + b"\r\n{"),
    "hangs": says_then_hangs(HEAD + b"\r\n{"),
    "drips": drips(HEAD + b"\r\n{", every=0.05),
}


@pytest.mark.parametrize("behaviour", BROKEN_BODIES.values(), ids=BROKEN_BODIES)
async def test_a_status_is_kept_where_the_rest_of_the_answer_is_lost(impatient: Transport, behaviour: Behaviour):
    async with far_side(behaviour) as side:
        answer = await post(impatient, side.url)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.broken) == (200, True)
    assert len(side.requests) == 1


async def test_a_body_without_end_is_read_up_to_its_bound(transport: Transport):
    async with far_side(pours(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000)) as side:
        answer = await post(transport, side.url)
    assert isinstance(answer, Answer)
    assert (len(answer.body), answer.broken) == (MAX_BODY, False)


async def test_a_gzip_bomb_stays_packed(transport: Transport):
    bomb = gzip.compress(bytes(20_000_000))
    async with far_side(answers(200, bomb, content_encoding="gzip")) as side:
        answer = await post(transport, side.url)
    assert isinstance(answer, Answer)
    assert answer.body == bomb[:MAX_BODY]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(transport: Transport, status: int):
    async with far_side(answers()) as elsewhere, far_side(answers(status, location=elsewhere.url.reveal())) as side:
        answer = await post(transport, side.url)
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert elsewhere.requests == []


async def test_proxies_of_the_environment_are_ignored(transport: Transport, monkeypatch: pytest.MonkeyPatch):
    async with far_side(answers(418)) as proxy, far_side(answers()) as side:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        answer = await post(transport, side.url)
    assert isinstance(answer, Answer)
    assert answer.status == 200


async def test_cookies_are_not_kept(transport: Transport):
    async with far_side(answers(set_cookie="id=1")) as side:
        for _ in range(2):
            await post(transport, side.url)
    assert b"cookie" not in side.requests[1].lower()


WHOLE: dict[str, tuple[bytes, Answer]] = {
    "in chunks": (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n3;x=y\r\na":\r\n2\r\n1}\r\n0\r\n\r\n',
        Answer(200, {"Transfer-Encoding": "chunked"}, b'{"a":1}'),
    ),
    "without a body": (b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", Answer(204, {"X": "1"})),
    "after a word in between": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        Answer(200, {"Content-Length": "2"}, b"{}"),
    ),
}


@pytest.mark.parametrize(("raw", "whole"), WHOLE.values(), ids=WHOLE)
async def test_an_answer_in_any_form_is_read_whole_and_its_connection_serves_again(
    transport: Transport, raw: bytes, whole: Answer
):
    async with far_side(says(raw)) as side:
        answers = [await post(transport, side.url) for _ in range(3)]
    assert answers == [whole] * 3
    assert side.connections == 1


CLOSING: dict[str, bytes] = {
    "more than was asked for": 2 * b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a farewell in its headers": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "an older protocol": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("raw", CLOSING.values(), ids=CLOSING)
async def test_a_connection_that_cannot_be_trusted_any_more_is_not_used_again(transport: Transport, raw: bytes):
    async with far_side(says(raw)) as side:
        answers = [await post(transport, side.url) for _ in range(3)]
    assert [isinstance(answer, Answer) and not answer.broken for answer in answers] == [True] * 3
    assert (side.connections, len(side.requests)) == (3, 3)


@pytest.mark.parametrize("name", ["X", "X: y\r\nHost"])
@pytest.mark.parametrize("value", ["1\r\nX-Evil: 1", "1\n2", "\u2028"])
async def test_a_header_that_would_break_the_request_is_not_written(transport: Transport, name: str, value: str):
    async with far_side(answers()) as side:
        outcome = await transport.request("POST", side.url, headers={name: value}, body=b"{}")
    assert isinstance(outcome, Deferred)
    assert side.connections == 0


async def test_a_connection_that_was_closed_while_idle_gets_no_post(transport: Transport):
    async with far_side(closes_after_answering) as side:
        outcomes = [await post(transport, side.url) for _ in range(3)]
    assert all(isinstance(outcome, Answer) for outcome in outcomes)
    assert (side.connections, len(side.requests)) == (3, 3)


async def closes_after_answering(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("farewell", ["FIN", "RST"])
async def test_a_farewell_that_the_event_loop_has_not_read_yet_is_seen_before_a_post(
    transport: Transport, another_thread: "Callable[[str], OtherThread]", farewell: str
):
    server = another_thread(farewell)
    first = await post(transport, server.url)
    server.hang_up()  # blocks this event loop, so that the farewell waits unread in the socket
    second = await post(transport, server.url)
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert server.requests == 2


class OtherThread:
    """A server in a thread of its own, which can close its connections while our event loop stands still."""

    def __init__(self, farewell: str) -> None:
        self._farewell = farewell
        self._loop = asyncio.new_event_loop()
        self._live: list[asyncio.StreamWriter] = []
        self.requests = 0
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = Secret(f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/")

    def hang_up(self) -> None:
        self._do(self._hang_up())

    def stop(self) -> None:
        self.hang_up()
        self._server.close()
        self._do(self._server.wait_closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._live.append(writer)
        while await read_request(reader):
            self.requests += 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            await writer.drain()

    async def _hang_up(self) -> None:
        for writer in self._live:
            if self._farewell == "RST":
                reset(writer)
            else:
                writer.close()
        self._live.clear()
        await asyncio.sleep(0)  # one turn, in which the sockets are closed


@pytest.fixture
def another_thread() -> Iterator[Callable[[str], OtherThread]]:
    started: list[OtherThread] = []

    def start(farewell: str) -> OtherThread:
        started.append(OtherThread(farewell))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def certificate_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*command.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )
    return folder / "cert.pem"


@pytest.fixture
def own_certificate(certificate_file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, certificate_file.with_name("key.pem"))
    return context


async def test_what_may_not_leave_any_more_when_its_connection_stands_does_not(transport: Transport):
    async with far_side(answers()) as side:
        with leaving_while(lambda: False):
            assert await post(transport, side.url) == TAKEN_OVER
        await post(transport, side.url)
    assert (side.connections, len(side.requests)) == (1, 1)
