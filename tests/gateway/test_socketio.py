"""Socket.IO as values."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import NotJsonError
from tocsin.gateway.engineio import MalformedError
from tocsin.gateway.socketio import Decoder, Kind, Packet, encode

WHOLE = [
    ("0", Packet(Kind.CONNECT)),
    ('0{"token":"123"}', Packet(Kind.CONNECT, data={"token": "123"})),
    ('0/admin,{"sid":"oSO"}', Packet(Kind.CONNECT, "/admin", {"sid": "oSO"})),
    ("0/admin,", Packet(Kind.CONNECT, "/admin")),
    ("0/admin", Packet(Kind.CONNECT, "/admin")),
    ("1", Packet(Kind.DISCONNECT)),
    ("1/admin,", Packet(Kind.DISCONNECT, "/admin")),
    ('2["foo"]', Packet(Kind.EVENT, data=["foo"])),
    ('2/admin,["bar"]', Packet(Kind.EVENT, "/admin", ["bar"])),
    ('212["foo"]', Packet(Kind.EVENT, data=["foo"], id=12)),
    ('3/admin,13["bar"]', Packet(Kind.ACK, "/admin", ["bar"], 13)),
    ("30[]", Packet(Kind.ACK, data=[], id=0)),
]


@pytest.mark.parametrize(("text", "packet"), WHOLE)
def test_a_packet_is_read_as_the_specification_writes_it(text: str, packet: Packet):
    assert Decoder().read(text) == packet


@pytest.mark.parametrize(
    ("parts", "packet"),
    [
        (
            ['51-["baz",{"_placeholder":true,"num":0}]', b"\x01\x02\x03\x04"],
            Packet(Kind.EVENT, data=["baz", b"\x01\x02\x03\x04"]),
        ),
        (
            ['52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"\x01\x02", b"\x03"],
            Packet(Kind.EVENT, "/admin", ["baz", b"\x01\x02", b"\x03"]),
        ),
        (
            ['61-15["bar",{"a":[{"_placeholder":true,"num":0}]}]', b"\x01"],
            Packet(Kind.ACK, data=["bar", {"a": [b"\x01"]}], id=15),
        ),
    ],
)
def test_attachments_are_put_back_and_set_aside(parts: list[str | bytes], packet: Packet):
    decoder = Decoder()
    assert [decoder.read(part) for part in parts] == [None] * (len(parts) - 1) + [packet]
    assert encode(packet) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "7",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        '2["connect"]',
        '2["disconnect"]',
        '2abc["x"]',
        '2["x"',
        '2["x",NaN',
        '2[NaN,"x"]',
        '2["x"]["y"]',
        '0{"token":"\\ud800"}',
        "31[NaN]",
        "3[]",
        "31{}",
        '4{"message":"x"}',
        "0[]",
        '1["x"]',
        '5["x"]',
        '5a-["x"]',
        '511-["x"]',
        "2" + "[" * 2000 + "]" * 2000,
    ],
)
def test_what_no_client_may_say_is_malformed(text: str):
    with pytest.raises(MalformedError):
        Decoder().read(text)


@pytest.mark.parametrize("wrong", ["1e400", '{"price":NaN}', '{"a":1,}', "", "{'a': 1}"])
def test_an_argument_that_is_not_json_is_the_error_that_says_so(wrong: str):
    packet = Decoder().read(f'27["x",{wrong},{{"a":1}}]')
    assert packet is not None
    name, error, other = packet.data
    assert (packet.id, name, other) == (7, "x", {"a": 1})
    assert isinstance(error, NotJsonError)


def test_half_an_emoji_is_kept_in_its_string():
    packet = Decoder().read('2["x",{"product_name":"a \\ud83d"}]')
    assert packet is not None
    assert packet.data == ["x", {"product_name": "a \ud83d"}]


@pytest.mark.parametrize(
    "parts",
    [
        [b"\x01"],
        ['51-["x",{"_placeholder":true,"num":0}]', '2["y"]'],
        ['51-["x",{"_placeholder":true,"num":1}]', b"\x01"],
        ['51-["x",{"_placeholder":true,"num":-1}]', b"\x01"],
        ['51-["x",{"_placeholder":true,"num":"0"}]', b"\x01"],
        ['51-["x",' + "[" * 100 + "]" * 100 + "]", b"\x01"],
    ],
)
def test_attachments_that_do_not_fit_are_malformed(parts: list[str | bytes]):
    decoder = Decoder()
    for part in parts[:-1]:
        decoder.read(part)
    with pytest.raises(MalformedError):
        decoder.read(parts[-1])


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=60) | st.binary(max_size=60), max_size=6))
def test_nothing_that_is_sent_breaks_the_decoder(parts: list[str | bytes]):
    decoder = Decoder()
    for part in parts:
        try:
            decoder.read(part)
        except MalformedError:
            return


@given(st.from_regex(r"[0-6]([0-9]-)?(/[a-z]*,)?[0-9]*(\[.*\]|\{.*\})?", fullmatch=True))
def test_nothing_that_looks_like_a_packet_breaks_the_decoder(text: str):
    try:
        Decoder().read(text)
    except MalformedError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=8,
)


@given(JSON, st.none() | st.integers(0, 10**17), st.sampled_from(["/", "/ops", "/a b"]))
def test_what_is_encoded_is_read_again(value: Any, identifier: int | None, namespace: str):
    packet = Packet(Kind.EVENT, namespace, ["event", value], identifier)
    decoder = Decoder()
    assert [decoder.read(part) for part in encode(packet)][-1] == packet
