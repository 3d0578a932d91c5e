"""From bytes to a submission: what is an alert, what is not, and in which words that is said."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.house import ALERT, a_rulebook

from tocsin.core.alert import AlertType
from tocsin.core.errors import InvalidRequestError, NotJsonError, TocsinError, TooLargeError
from tocsin.ledger.contract import Item, Submission
from tocsin.pipeline.active import Active
from tocsin.pipeline.intake.decode import MAX_BODY, MAX_ITEMS, Decoder
from tocsin.pipeline.intake.framing import frame, frame_whole

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DECODER = Decoder(Active(a_rulebook(), {}))


def decoded(body: bytes, key: str | None = None) -> tuple[Submission, bool]:
    request = DECODER.request(body, owner="engine", key=key)
    parts = [DECODER.part(request, begins, NOW) for begins in request.parts]
    return Submission(tuple(item for part in parts for item in part.items), request.idempotency), request.single


def one(value: object) -> Item:
    return DECODER.one(value, owner="engine", now=NOW)


def wrong(**changes: Any) -> dict[str, str]:
    """What is said of the standard alert with these changes, by path."""
    item = one(ALERT | changes)
    assert item.invalid is not None, f"{changes} was taken"
    assert item.invalid.error is not None
    return {detail["path"]: detail["message"] for detail in item.invalid.error["details"]}


def test_an_alert_is_folded_and_completed():
    alert = one(ALERT | {"retailer": " Best_Buy "}).alert
    assert alert is not None
    assert (alert.retailer, alert.priority, alert.currency) == ("bestbuy", 9, "USD")
    assert (alert.type, alert.price, alert.timestamp) == (AlertType.IN_STOCK, Decimal("1999.99"), NOW)


# --- what is no JSON ------------------------------------------------------------------------------------------

NOT_JSON = [
    b"", b" ", b"\n", b"\xef\xbb\xbf", b"nul", b"tru", b"True", b"NaN", b"Infinity", b"-Infinity", b"nan", b"undefined",
    b"[", b"]", b"{", b"}", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1,,2]", b"[1 2]", b"[1]]", b"[[1]", b"[1]x", b"[1];",
    b"[\x00]", b"[\xff]", b"[\xc3]", b'["\xed\xa0\x80"]', b"[\xef\xbb\xbf1]", b"\x00[1]", b"[\n1,\n2",
    b"[01]", b"[-]", b"[+1]", b"[.5]", b"[1.]", b"[1e]", b"[1e+]", b"[0x1]", b"[1_0]", b"[- 1]", b"[1.2.3]", b"[NaN]",
    b"[Infinity]", b"[-Infinity]", b"[1e999]", b"[--1]", b"[1eE2]", b"[0e]", b"[012]", b"[-012]", b"[2.e3]", b"[1 000]",
    b'["]', b'[""', b"['a']", b'["\\x41"]', b'["\\u12"]', b'["\\u{41}"]', b'["\\"]', b'["\t"]', b'["\n"]', b'["\x00"]',
    b'["\\ud800"]', b'["\\udc00"]', b'["\\ud800\\u0041"]', b'["\\ud800\\ud800"]', b'["\\a"]', b'["a\x1fb"]', b'["a\\',
    b"{1:1}", b"{a:1}", b"{'a':1}", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{,"a":1}', b'{"a":1,,"b":2}', b'{"a" 1}',
    b'{"a":1 "b":2}', b'{"a":1}}', b'{"a":1}]', b'{"a":1}#', b'{"a":1}/**/', b'{"a":1}//', b'{/**/"a":1}', b'{"a":1',
    b'{"a":[1}', b'{"a":tru}', b'{"a":NaN}', b'{"a":"', b'{"a":1}{"b":2}', b'{"a":1} x', b"{]",
    b"{{}}",
    b"<html>", b"sku=1&retailer=bestbuy", b"1", b'"text"', b"null", b"-1", b"true",
    '{"a":1}'.encode("utf-16"), '["é"]'.encode("latin-1"), b"[" * 20_000, b"[" * 20_000 + b"]" * 20_000,
    b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'[{"a":[' * 5_000, b'{"metadata":' + b"[" * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:24]))
def test_what_is_not_json_is_said_to_be_so(body: bytes):
    with pytest.raises(NotJsonError) as told:
        decoded(body)
    assert orjson.dumps(told.value.as_json())


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda tail: b'{"sku":' + tail))
@settings(max_examples=300)
def test_any_bytes_at_all_raise_nothing_but_errors_of_ours(body: bytes):
    with contextlib.suppress(TocsinError):
        submission, _ = decoded(body)
        assert all((item.alert is None) != (item.invalid is None) for item in submission.items)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.dictionaries(
    st.sampled_from(["type", "sku", "retailer", "price", "url", "timestamp", "metadata", "priority", "idempotency_key"])
    | st.text(max_size=8),
    JSON | st.sampled_from(["in_stock", "back_order", "2026-11-23T11:59:00Z", "https://shop.example/1", "1.50"]),
)


@given(FIELDS | JSON)
@settings(max_examples=300)
def test_any_value_at_all_is_an_alert_or_a_receipt_that_can_be_told(value: object):
    item = one(value)
    assert (item.alert is None) != (item.invalid is None)
    if item.invalid is not None:
        assert orjson.dumps(item.invalid.as_json())
    else:
        assert item.alert is not None
        assert 1 <= item.alert.priority <= 10
        assert orjson.dumps(dict(item.alert.metadata))
        assert (item.alert.product_name or "x").isprintable() or item.alert.product_name


# --- frames ---------------------------------------------------------------------------------------------------


def test_the_bytes_say_whether_it_is_one_many_or_lines():
    text = orjson.dumps(ALERT)
    assert decoded(text)[1] is True
    assert decoded(b"\xef\xbb\xbf \r\n" + text + b"\n")[1] is True
    assert len(decoded(b"[" + text + b"," + text + b"]")[0].items) == 2
    assert len(decoded(text + b"\r\n\r\n" + text + b"\n")[0].items) == 2
    assert decoded(b"[]") == (Submission(()), False)
    pretty = orjson.dumps(ALERT, option=orjson.OPT_INDENT_2)
    assert decoded(pretty)[1] is True


def test_a_line_that_is_no_json_harms_no_neighbour():
    text = orjson.dumps(ALERT)
    items = decoded(text + b'\n{"sku": \n' + text)[0].items
    assert [item.alert is not None for item in items] == [True, False, True]
    assert items[1].invalid is not None
    assert items[1].invalid.error is not None
    assert items[1].invalid.error["code"] == "not_json"


def test_one_alert_that_is_too_large_harms_no_neighbour():
    text, large = orjson.dumps(ALERT), orjson.dumps(ALERT | {"product_name": "x" * 70_000})
    for body in (b"[" + text + b"," + large + b"]", text + b"\n" + large):
        items = decoded(body)[0].items
        assert items[0].alert is not None
        assert items[1].invalid is not None
        assert items[1].invalid.error is not None
        assert items[1].invalid.error["code"] == "too_large"
    with pytest.raises(TooLargeError):
        decoded(large)


TOO_MUCH = {
    "array": b"[" + b"1," * MAX_ITEMS + b"1]",
    "lines": b"{}\n" * MAX_ITEMS + b"{}",
    "containers": b"[" + b"[]," * 300_000 + b"[]]",
    "bytes": b"[" + b" " * MAX_BODY + b"]",
}


@pytest.mark.parametrize("body", TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_refused_as_a_whole(body: bytes):
    with pytest.raises(TooLargeError):
        decoded(body)


# --- fields ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        ({"type": "instock"}, "type", "'in_stock'"),
        ({"type": 7}, "type", "must be one of"),
        ({"sku": None}, "sku", "is required"),
        ({"sku": ""}, "sku", "is required"),
        ({"sku": " "}, "sku", "blank"),
        ({"sku": 6634940}, "sku", "put it in quotes"),
        ({"sku": "\u200b\ufeff"}, "sku", "blank"),
        ({"sku": "66\x1b34"}, "sku", "control"),
        ({"sku": "66\ud83d"}, "sku", "control"),
        ({"sku": "x" * 129}, "sku", "at most 128"),
        ({"price": None}, "price", "required for in_stock"),
        ({"price": -0.01}, "price", "at least 0"),
        ({"price": True}, "price", "not true or false"),
        ({"price": "$5"}, "price", "decimal string"),
        ({"price": "1,000"}, "price", "commas"),
        ({"price": "NaN"}, "price", "decimal string"),
        ({"price": float("nan")}, "price", "finite"),
        ({"price": float("inf")}, "price", "finite"),
        ({"price": 1e300}, "price", "below"),
        ({"price": "1.1234567"}, "price", "6 decimals"),
        ({"price": [1]}, "price", "an array"),
        ({"priority": 0}, "priority", "1 (low)"),
        ({"priority": 11}, "priority", "10"),
        ({"priority": 9.5}, "priority", "whole number"),
        ({"priority": True}, "priority", "whole number"),
        ({"currency": "dollar"}, "currency", "ISO 4217"),
        ({"url": "javascript:alert(1)"}, "url", "http or https"),
        ({"url": "//shop.example"}, "url", "http or https"),
        ({"url": "https://shop.example@evil.example/"}, "url", "user names"),
        ({"url": "https:///path"}, "url", "http or https"),
        ({"url": "https://shop .example/a"}, "url", "http or https"),
        ({"url": "https://shop\u00a0.example/a"}, "url", "http or https"),
        ({"url": "/p/1"}, "url", "http or https"),
        ({"url": "https://shop.example/" + "\u00ad" * 700 + "x"}, "url", "at most 2048"),
        ({"url": "https://shop.example/" + "x" * 2048}, "url", "at most 2048"),
        ({"timestamp": "2026-11-23T12:00:00"}, "timestamp", "2026-11-23T12:00:00Z"),
        ({"timestamp": "yesterday"}, "timestamp", "RFC 3339"),
        ({"timestamp": "2026-W47-1"}, "timestamp", "RFC 3339"),
        ({"timestamp": "2026-13-01T00:00:00Z"}, "timestamp", "no time that exists"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp", "no time that exists"),
        ({"timestamp": "2026-11-23T12:42:00Z"}, "timestamp", "42 min in the future"),
        ({"timestamp": 1763899200}, "timestamp", "must be a string"),
        ({"metadata": [1]}, "metadata", "must be an object"),
        ({"metadata": "a"}, "metadata", "must be an object"),
        ({"metadata": {"a": "x" * 17_000}}, "metadata", "at most 16384"),
        ({"metadata": {"a": [[[[[[[[1]]]]]]]]}}, "metadata", "8 deep"),
        ({"idempotency_key": "x" * 256}, "idempotency_key", "at most 255"),
        ({"prise": 1}, "prise", "'price'"),
        ({"stock": 3, "price": 1}, "stock", "metadata"),
    ],
    ids=lambda value: repr(value)[:40] if isinstance(value, dict) else "",
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_path_and_how_to_mend_it(changes: Mapping[str, Any], path: str, said: str):
    found = wrong(**changes)
    assert set(found) == {path}
    assert said in found[path]


def test_a_number_too_long_to_be_written_out_is_told_like_any_other():
    assert wrong(sku=10**5000) == {"sku": "must be a string, not a number: put it in quotes"}
    assert "below" in wrong(price=10**5000)["price"]


def test_everything_wrong_is_named_at_once_but_not_without_end():
    assert set(wrong(type="x", price=-1, url="x", nonsense=1)) == {"type", "price", "url", "nonsense"}
    assert len(wrong(**{f"nonsense{number}": 1 for number in range(1000)})) == 8


def test_times_up_to_five_minutes_ahead_are_a_clock_that_differs():
    ahead = (NOW + timedelta(minutes=5)).isoformat()
    assert one(ALERT | {"timestamp": ahead}).alert is not None
    old = one(ALERT | {"timestamp": "1999-01-01T00:00:00.5-05:00"}).alert
    assert old is not None
    assert old.timestamp == datetime(1999, 1, 1, 5, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("price", ["0.1", 0.1, Decimal("0.10"), "0.100000000000"])
def test_the_same_amount_is_the_same_however_it_is_spelled(price: Any):
    alert = one(ALERT | {"price": price}).alert
    assert alert is not None
    assert alert.price == Decimal("0.1")


def test_a_restock_soon_needs_no_price_and_an_empty_text_is_no_text():
    alert = one({"type": "restock_soon", "sku": "1", "retailer": "x", "product_name": "", "url": None}).alert
    assert alert is not None
    assert (alert.price, alert.product_name, alert.url) == (None, None, None)


def test_links_of_apps_may_have_schemes_of_their_own():
    links = {"ios": "bestbuy://product/6634940", "android": "intent://x#Intent;scheme=bestbuy;end"}
    assert one(ALERT | {"metadata": {"deep_links": links}}).alert is not None


def test_metadata_is_a_copy_that_nobody_can_change():
    mine = {"tags": ["a"], "price": Decimal("1.5")}
    alert = one(ALERT | {"metadata": mine}).alert
    mine["tags"].append("b")
    assert alert is not None
    assert dict(alert.metadata) == {"tags": ["a"], "price": "1.5"}


def test_a_program_in_this_process_may_say_it_in_its_own_types():
    said = {"type": AlertType.PRICE_DROP, "price": Decimal("49.99"), "timestamp": NOW - timedelta(seconds=1)}
    alert = one(ALERT | said).alert
    assert alert is not None
    assert (alert.type, alert.price) == (AlertType.PRICE_DROP, Decimal("49.99"))


# --- idempotency ----------------------------------------------------------------------------------------------


def test_the_digest_of_an_item_follows_what_it_says():
    def digest(**changes: Any) -> str:
        item = one({**ALERT, "idempotency_key": "k", **changes})
        assert item.idempotency is not None
        assert (item.idempotency.owner, item.idempotency.key) in {("engine", "k"), ("engine", "other")}
        return item.idempotency.digest

    assert digest() == digest(price="1999.990") == digest(idempotency_key="other") == digest(product_name=None)
    assert digest() == digest(price="1999.99") == digest(seller=" ", url="\n")
    assert len({digest(), digest(sku="2"), digest(price=1), digest(metadata={"a": 1})}) == 4
    assert digest(metadata={"a": 1, "b": 2}) == digest(metadata={"b": 2, "a": 1})


@pytest.mark.parametrize("body", [b"[]", b"[1]", b'{"a": 1}', b'[{"a": 1}, {"b": 2}]', b"\xef\xbb\xbf [7]\n"])
def test_what_is_json_as_a_whole_need_not_be_looked_through(body: bytes):
    assert frame_whole(body) == frame(body)


@pytest.mark.parametrize("body", [b'{"a": 1}\n{"b": 2}', b'[{"a": "\\ud83d"}]', b'[{"a": 1e400}, {"a": 1}]'])
def test_what_is_wrong_in_places_or_comes_in_lines_is_looked_through(body: bytes):
    assert frame_whole(body) is None
    assert frame(body).values


def test_the_header_covers_the_whole_request():
    body = orjson.dumps(ALERT)
    one_key, again = decoded(body, "k")[0].idempotency, decoded(body, "k")[0].idempotency
    assert one_key is not None
    assert one_key == again
    assert decoded(body + b" ", "k")[0].idempotency != decoded(b"[]", "k")[0].idempotency
    with pytest.raises(InvalidRequestError):
        decoded(body, "x" * 256)
