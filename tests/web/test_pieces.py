"""Bodies that are not JSON as a whole: what is wrong in one place harms no other, wherever it stands."""

import re
from codecs import BOM_UTF8
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.house import ALERT, House
from tests.web.test_decode import decoded

from tocsin.core.errors import NotJsonError, TooLargeError
from tocsin.pipeline.intake.decode import MAX_ITEMS
from tocsin.pipeline.intake.parsing import items_of

GOOD = orjson.dumps(ALERT)

# Items that are no JSON, whatever stands around them.
BROKEN = {
    "infinite": b'{"type":"in_stock","sku":"1","retailer":"x","price":1e400}',
    "NaN": b'{"price":NaN}',
    "bad UTF-8": b'{"sku":"\xff"}',
    "half of a character in UTF-8": b'{"sku":"\xed\xa0\xbd"}',
    "a word": b"undefined",
    "single quotes": b"{'sku': 'a'}",
    "a comma too many": b'{"sku":"1",}',
    "a bracket for a brace": b'{"a":[1}',
    "a brace for a bracket": b'{"a":{"b":1],"c":2}',
    "a control character": b'{"sku":"a\x00"}',
    "commas and brackets in strings": b'{"a":"},{\\"[","b":"\\\\",}',
    "a comment": b'{"a":1/* , */}',
}


def whole(body: bytes) -> list[bool]:
    """Which items are alerts."""
    submission, single = decoded(body)
    assert not single
    return [item.alert is not None for item in submission.items]


def codes(body: bytes) -> list[str]:
    errors: list[Any] = [item.invalid.error for item in decoded(body)[0].items if item.invalid is not None]
    return [error["code"] for error in errors]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_item_harms_no_neighbour_wherever_it_stands(broken: bytes, place: int):
    items = [GOOD, GOOD]
    items.insert(place, broken)
    expected = [True, True]
    expected.insert(place, False)
    for body in (b"[" + b",".join(items) + b"]", b"[\n " + b" ,\n".join(items) + b"\n]\n", b"\n".join(items)):
        assert whole(body) == expected
        assert codes(body) == ["not_json"]


@pytest.mark.parametrize(
    "cut", [b'{"type": "in_stock", "sku": "66', b'stock", "sku": "1"}', b'"', b"}", b"[1", b"[", b","]
)
def test_a_line_that_is_cut_short_harms_no_other(cut: bytes):
    assert whole(b"\n".join((cut, GOOD, GOOD))) == [False, True, True]
    assert whole(b"\r\n".join((GOOD, GOOD, cut))) == [True, True, False]


def test_an_array_that_is_cut_short_has_the_items_that_are_whole():
    assert whole(b"[" + GOOD + b"," + GOOD + b',{"sku":"66') == [True, True, False]
    assert whole(b"[" + GOOD + b"," + GOOD) == [True, True]


def test_files_with_byte_order_marks_may_be_put_one_behind_the_other():
    assert whole(BOM_UTF8 + GOOD + b"\n" + BOM_UTF8 + GOOD + b"\n") == [True, True]


def test_nothing_between_two_commas_is_an_item_that_is_none():
    assert whole(b"[" + GOOD + b",," + GOOD + b",]") == [True, False, True, False]


def test_a_string_that_does_not_end_ends_with_its_line():
    assert whole(b'[\n{"sku":"a},\n' + GOOD + b",\n" + GOOD + b"\n]") == [False, True, True]


def test_half_an_emoji_in_a_name_costs_the_half():
    half = GOOD[:-1] + b',"product_name":"Pok\\u00e9mon \\ud83d","metadata":{"a":"\\ude00"}}'
    for body in (half, b"[" + half + b"]", b"[" + half + b"," + GOOD + b"]", half + b"\n" + GOOD):
        item = decoded(body)[0].items[0]
        assert item.alert is not None
        assert item.alert.product_name == "Pokémon"
        assert dict(item.alert.metadata) == {"a": ""}
        assert [note.path for note in item.notes] == ["product_name", "metadata"]
    assert decoded(half)[1] is True


def test_half_an_emoji_in_what_tells_products_apart_is_told_by_its_field():
    sku = GOOD.replace(b'"6634940"', b'"\\ud83d"')
    error: Any = decoded(sku)[0].items[0].invalid
    assert error.error["details"][0]["path"] == "sku"
    key: Any = decoded(GOOD[:-1] + b',"\\ud83d":1}')[0].items[0].invalid
    assert key.error["code"] == "invalid_alert"


def test_numbers_beside_half_an_emoji_are_those_that_they_are_without():
    with pytest.raises(NotJsonError):
        decoded(b'{"product_name":"\\ud83d","price":NaN}')
    with pytest.raises(NotJsonError):
        decoded(b'{"product_name":"\\ud83d","price":1e400}')
    alert = (
        decoded(GOOD[:-1] + b',"product_name":"\\ud83d","metadata":{"n":123456789012345678901234567890}}')[0]
        .items[0]
        .alert
    )
    assert alert is not None
    assert alert.metadata["n"] == 123456789012345678901234567890.0


def test_more_behind_an_array_is_neither_dropped_nor_taken_for_part_of_it():
    for more in (b"x", b"[" + GOOD + b"]", b"]", b"null"):
        with pytest.raises(NotJsonError):
            decoded(b"[" + GOOD + b"]" + more)
    assert whole(b"[1]\n" + GOOD) == [False, True]


def test_too_much_is_told_whether_or_not_it_is_json():
    with pytest.raises(TooLargeError):
        decoded(b"[NaN" + b",1" * MAX_ITEMS + b"]")
    large = orjson.dumps(ALERT | {"metadata": {"x": "y" * 70_000}})
    assert codes(b"[" + GOOD + b"," + large + b",NaN]") == ["too_large", "not_json"]


def test_an_item_too_deep_to_be_written_harms_no_neighbour():
    deep = b'{"metadata":' + b'{"a":' * 300 + b"1" + b"}" * 301
    filler = orjson.dumps(ALERT | {"metadata": {"x": "y" * 10_000}})
    for items in ([GOOD, deep], [GOOD, deep, *[filler] * 7]):
        assert whole(b"[" + b",".join(items) + b"]") == [True, False] + [True] * (len(items) - 2)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON, min_size=1), st.booleans())
def test_an_array_that_is_json_is_cut_where_a_parser_would_cut_it(values: list[Any], pretty: bool):  # noqa: FBT001 - drawn, not passed
    body = orjson.dumps(values, option=orjson.OPT_INDENT_2 if pretty else None)
    assert [orjson.loads(item) for item in items_of(body)] == values


@given(st.binary())
def test_nothing_that_begins_like_an_array_breaks_the_cutting(rest: bytes):
    try:
        items = list(items_of(b"[" + rest))
    except NotJsonError:
        return
    assert b",".join(items) in rest


async def test_a_bad_item_over_http_is_one_result_of_several(house: House):
    body = b"[" + GOOD + b',{"price":1e400},' + GOOD.replace(b"6634940", b"2") + b"]"
    status, told = await house.call("POST", "/api/v1/alerts", token="engine", data=body)
    assert (status, [result["decision"] for result in told["results"]]) == (202, ["accepted", "invalid", "accepted"])
    assert told["results"][1]["error"]["code"] == "not_json"


async def test_what_is_not_json_is_told_in_the_same_words_on_every_route(house: House):
    _, schema = await house.call("GET", "/openapi.json")
    routes = {("POST", "/api/v1/routes/test")} | {
        (method.upper(), re.sub(r"\{.*?\}", "x", path))
        for path, calls in schema["paths"].items()
        for method, call in calls.items()
        if "application/json" in call.get("requestBody", {}).get("content", {})
        and not path.startswith("/hooks")  # a signature comes first there
        and not path.endswith(("/import", "/config/check"))  # files: a table, or one with comments in it
    }
    assert {("POST", "/api/v1/alerts"), ("POST", "/api/v1/stock"), ("PUT", "/api/v1/monitors/x")} < routes
    for method, path in sorted(routes):
        for body in (b'{"sku":NaN}', b'{"a":"\xff"}', b"{", b"1", b'"text"', b"null", b"NaN", b'{"interval":1e400}'):
            status, told = await house.call(method, path, data=body)
            assert (status, told["error"]["code"]) == (400, "not_json"), (path, body)
            assert told["error"]["message"].startswith("the body is n")
        for body in (b'{"\\ud83d":1}', b'{"sku":"\\ud83d","retailer":"\\ud83d","target":"\\ud83d","name":"\\ud83d"}'):
            status, told = await house.call(method, path, data=body)
            assert status == 422, (path, told)
