"""One session by itself: what leaves over which transport, and when it ends."""

import asyncio

import pytest
from tests.deadline import DEADLINE_S

from tocsin.gateway.engineio import MalformedError, Outgoing, Packet, handshake
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.session import Session
from tocsin.gateway.settings import GatewaySettings

SETTINGS = GatewaySettings(ping_interval=25, ping_timeout=20, max_buffer=1000)


class Line:
    """An outlet, and the ear of the session."""

    def __init__(self, waiting: int = 0) -> None:
        self.written = b""
        self.waiting = waiting
        self.closed_with: tuple[int, str] | None = None
        self.heard: list[str | bytes] = []
        self.ended = ""

    def write(self, frames: bytes) -> int:
        self.written += frames
        return self.waiting

    def close(self, code: int, reason: str) -> None:
        self.closed_with = (code, reason)

    def receive(self, data: str | bytes) -> None:
        self.heard.append(data)

    def closed(self, reason: str) -> None:
        self.ended = reason


def session_of(line: Line) -> Session:
    session = Session("sid", "127.0.0.1", SETTINGS, Gauges(polling=1), lambda _: None)
    session.receiver = line
    session.start(0)
    return session


def said(text: str) -> Outgoing:
    return Outgoing.message(text)


async def test_packets_wait_for_the_poll_and_go_in_order():
    session = session_of(Line())
    session.send((said("a"),))
    session.send((said("b"), said("c")))
    assert await session.poll() == b"4a\x1e4b\x1e4c"


async def test_one_answer_has_no_more_packets_than_every_client_takes():
    session = session_of(Line())
    session.send([said(str(number)) for number in range(20)])
    assert (await session.poll()).count(b"\x1e") == 15
    assert await session.poll() == b"416\x1e417\x1e418\x1e419"


async def test_a_poll_waits_for_the_packet():
    session = session_of(Line())
    poll = session.poll()
    assert not poll.done()
    session.send((said("a"),))
    assert await poll == b"4a"


async def test_a_second_poll_ends_the_session_and_says_so_to_the_first():
    line = Line()
    session = session_of(line)
    poll = session.poll()
    with pytest.raises(MalformedError):
        session.poll()
    assert await poll == b"1"
    assert line.ended == "duplicate poll"


async def test_an_upgrade_loses_nothing_and_repeats_nothing():
    session, line = session_of(Line()), Line()
    poll = session.poll()
    assert session.probed_by(line)
    session.receive_from(line, Packet("2", "probe"))
    assert await poll == b"6"
    session.send((said("a"),))
    assert line.written == b"\x81\x063probe"
    session.receive_from(line, Packet("5"))
    session.send((said("b"),))
    assert line.written == b"\x81\x063probe" + said("a").frame + said("b").frame


async def test_a_poll_during_an_upgrade_is_answered_at_once():
    session, line = session_of(Line()), Line()
    session.probed_by(line)
    session.receive_from(line, Packet("2", "probe"))
    assert await session.poll() == b"6"
    session.send((said("a"),))
    assert await session.poll() == b"4a"


async def test_a_failed_upgrade_leaves_the_session_on_polling():
    session, line = session_of(Line()), Line()
    session.probed_by(line)
    session.lost(line, "transport close")
    session.send((said("a"),))
    assert await session.poll() == b"4a"
    assert session.probed_by(Line())


async def test_only_one_websocket_may_take_over():
    session, line = session_of(Line()), Line()
    assert session.probed_by(line)
    assert not session.probed_by(Line())
    session.receive_from(line, Packet("5"))
    assert not session.probed_by(Line())


def test_a_ping_that_is_not_answered_ends_the_session():
    line = Line()
    session = session_of(line)
    session.begin(line, handshake("sid", [], SETTINGS))
    verdict = session.alarm(25)
    assert verdict == 45
    assert line.written.endswith(b"\x81\x012")
    assert session.alarm(45) is None
    assert line.ended == "ping_timeout"
    assert line.closed_with == (1000, "ping_timeout")


def test_an_answered_ping_is_followed_by_the_next_one():
    line = Line()
    session = session_of(line)
    session.begin(line, handshake("sid", [], SETTINGS))
    session.alarm(25)
    session.receive_from(line, Packet("3"))
    assert session.alarm(45) == 50
    assert session.alarm(50) == 70


def test_a_late_ping_gives_its_answer_the_whole_time():
    line = Line()
    session = session_of(line)
    assert session.alarm(40) == pytest.approx(60, abs=0.1)


def test_a_slow_reader_is_closed_with_a_reason():
    line = Line(waiting=1001)
    session = session_of(line)
    session.begin(line, handshake("sid", [], SETTINGS))
    assert line.ended == "slow_reader"
    assert line.closed_with == (1013, "slow_reader")


def test_what_waits_for_a_poll_is_bounded():
    line = Line()
    session = session_of(line)
    for _ in range(100):
        session.send((said("x" * 100),))
    assert line.ended == "slow_reader"


async def test_nothing_is_sent_after_the_end():
    line = Line()
    session = session_of(line)
    session.begin(line, handshake("sid", [], SETTINGS))
    session.close("enough")
    written = line.written
    session.send((said("a"),))
    session.receive(Packet("4", "hello"))
    assert line.written == written
    assert line.heard == []


async def test_a_client_that_leaves_has_its_poll_ended():
    session = session_of(Line())
    poll = session.poll()
    session.receive(Packet("1"))
    async with asyncio.timeout(DEADLINE_S):
        assert await poll == b"6"
