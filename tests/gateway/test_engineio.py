"""Engine.IO as values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.gateway.engineio import (
    BAD_REQUEST,
    UNKNOWN_TRANSPORT,
    UNSUPPORTED,
    MalformedError,
    Outgoing,
    Packet,
    Refusal,
    Wish,
    payload,
    read_packet,
    read_payload,
    read_query,
)


@pytest.mark.parametrize(
    ("body", "packets"),
    [
        (b"4hello", [Packet("4", "hello")]),
        (b"4hello\x1e2\x1e4world", [Packet("4", "hello"), Packet("2"), Packet("4", "world")]),
        (b"4hello\x1ebAQIDBA==", [Packet("4", "hello"), Packet("4", b"\x01\x02\x03\x04")]),
        ("4né €".encode(), [Packet("4", "né €")]),
        (b"b", [Packet("4", b"")]),
    ],
)
def test_a_payload_is_read_as_the_specification_writes_it(body: bytes, packets: list[Packet]):
    assert read_payload(body) == packets


@pytest.mark.parametrize("body", [b"", b"abc", b"4a\x1e", b"\xff", b"7x", b"bAQ=I", b"b\xc3\xa9", b'0{"sid":"x"}'])
def test_a_malformed_payload_is_told_apart(body: bytes):
    with pytest.raises(MalformedError):
        read_payload(body)


@given(st.binary(max_size=200))
def test_no_body_breaks_the_reader(body: bytes):
    try:
        packets = read_payload(body)
    except MalformedError:
        return
    assert packets


@given(st.text(max_size=50))
def test_no_text_breaks_the_reader(text: str):
    try:
        packet = read_packet(text)
    except MalformedError:
        return
    assert packet.kind + str(packet.data) == text


@given(st.lists(st.text(st.characters(exclude_characters="\x1e", codec="utf-8")) | st.binary(), min_size=1))
def test_what_we_write_can_be_read(messages: list[str | bytes]):
    body = payload(map(Outgoing.message, messages))
    assert [packet.data for packet in read_payload(body)] == messages


@given(st.binary(max_size=70_000))
def test_a_frame_is_unmasked_and_says_its_length(data: bytes):
    frame = Outgoing.message(data).frame
    assert frame[0] == 0x82
    assert not frame[1] & 0x80
    assert frame.endswith(data)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("EIO=4&transport=polling", Wish("polling", None)),
        ("EIO=4&transport=websocket&sid=abc&t=x", Wish("websocket", "abc")),
        ("transport=polling", UNSUPPORTED),
        ("EIO=3&transport=polling", UNSUPPORTED),
        ("EIO=abc&transport=websocket", UNSUPPORTED),
        ("EIO=4", UNKNOWN_TRANSPORT),
        ("EIO=4&transport=flashsocket", UNKNOWN_TRANSPORT),
        ("&".join("a=b" for _ in range(100)), BAD_REQUEST),
    ],
)
def test_a_query_is_a_wish_or_refused_with_the_protocols_number(query: str, answer: Wish | Refusal):
    assert read_query(query) == answer


@given(st.text(max_size=100))
def test_no_query_breaks_the_reader(query: str):
    assert isinstance(read_query(query), Wish | Refusal)
