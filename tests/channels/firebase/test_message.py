"""What a message of Firebase says: by type and band, and whatever names come in."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.scenes import NOW, a_record
from tests.golden.alerts import AWKWARD, TEST, TYPICAL
from tests.material import FCM_SPEC, needs

from tocsin.channels.firebase.message import MOST_BYTES, Manner, channel_of, message_of, sound_for
from tocsin.channels.push.notification import notification_of
from tocsin.channels.push.template import BrokenTemplateError, Template, compile_template
from tocsin.channels.text import clusters, plain
from tocsin.core.alert import AlertType, Band
from tocsin.core.record import AlertRecord
from tocsin.sandbox.firebase.rules import check

LINK = "https://alerts.example/r/1x7GhQ2kZ"
MANNER = Manner(deadline=NOW + timedelta(minutes=10))
DEEP = {"ios": "bestbuy://p/6634940", "android": "bestbuy://p/6634940?a=1"}


def written(record: AlertRecord, manner: Manner = MANNER, link: str | None = LINK, **how: Any) -> dict[str, Any]:
    return message_of(record, notification_of(record, "Best Buy", **how), link, manner, NOW)


def aimed(message: dict[str, Any]) -> dict[str, Any]:
    return {"message": {"token": "x", **message}}


@pytest.mark.parametrize("name", [*TYPICAL, *AWKWARD])
def test_whatever_comes_in_is_a_message_that_firebase_takes(name: str):
    record = {**TYPICAL, **AWKWARD}[name]
    message = written(record)
    check(aimed(message))
    assert len(orjson.dumps(message)) <= MOST_BYTES
    title = message["notification"]["title"]
    assert title == plain(title), "one line, with nothing invisible in it"


PIECES = (
    "\r\n", "\x00", "</style>", "<script>", '"', "\\", "👨\u200d👩\u200d👧\u200d👦", "🇩🇪", "e\u0301", "ن", "\u202e",
    "漢", "x", " ", "{product}",
)  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=4000).map("".join)


@settings(max_examples=60, deadline=None)
@given(
    name=HOSTILE,
    other=HOSTILE,
    kind=st.sampled_from(AlertType),
    closed=st.none() | st.just(60.0),
    extra=st.integers(0, 3000),
)
def test_no_name_breaks_a_message_nor_is_cut_within_what_a_reader_takes_for_one(
    name: str, other: str, kind: AlertType, closed: float | None, extra: int
):
    long = "https://shop.example/?q=" + "a" * extra
    record = a_record(
        product_name=name, retailer=other or "x", sku=other or "x", variant=other, seller=other, type=kind,
        closed_after=closed, url=long, metadata={"image_url": long, "deep_links": {"ios": f"shop://{other}"}},
    )  # fmt: skip
    message = message_of(record, notification_of(record, other), long, MANNER, NOW)
    packed = orjson.dumps(message)
    assert len(packed) <= MOST_BYTES
    assert json.loads(packed) == message
    check(aimed(message))
    product = message["data"]["product"].removesuffix("…")
    whole = list(clusters(plain(name) or plain(other or "x") or "Product"))
    shown = list(clusters(product))
    assert shown == whole[: len(shown)]


@needs(FCM_SPEC)
@pytest.mark.parametrize("name", [*TYPICAL, *AWKWARD, "test"])
def test_a_message_is_valid_by_the_official_description(name: str):
    schema = schema_of(json.loads(FCM_SPEC.read_text()))
    jsonschema.validate(aimed(camel(written({**TYPICAL, **AWKWARD, "test": TEST}[name]))), schema)


_PROSE = ("description", "enumDescriptions", "id", "format")
_AS_THEY_ARE = ("data", "payload", "headers")  # what is in them is named by others


def schema_of(discovery: dict[str, Any]) -> dict[str, Any]:
    """Google's discovery document as a JSON schema: no field is taken that it does not have."""

    def strict(one: Any) -> Any:
        if isinstance(one, list):
            return [strict(each) for each in one]
        if not isinstance(one, dict):
            return one
        made = {
            key: strict(each)
            for key, each in one.items()
            if key not in ("description", "enumDescriptions", "id", "format")
        }
        if "$ref" in made:
            return {"$ref": f"#/$defs/{made['$ref']}"}
        if made.get("type") == "any":
            return {}
        if made.get("type") == "object" and "properties" in made:
            made["additionalProperties"] = False
        return made

    return {"$defs": strict(discovery["schemas"]), "$ref": "#/$defs/SendMessageRequest"}


def camel(message: dict[str, Any]) -> dict[str, Any]:
    """ProtoJSON takes both spellings; the description has the one."""

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                _camel(key): named(each) if key not in ("data", "payload", "headers") else each
                for key, each in value.items()
            }
        return value

    found: dict[str, Any] = named(message)
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@pytest.mark.parametrize(
    ("priority", "android", "apple", "level"),
    [(9, "HIGH", "10", "time-sensitive"), (5, "HIGH", "10", "active"), (2, "NORMAL", "5", "passive")],
)
def test_importance_decides_how_it_is_delivered(priority: int, android: str, apple: str, level: str):
    message = written(a_record(priority=priority))
    assert message["android"]["priority"] == android
    assert message["apns"]["headers"]["apns-priority"] == apple
    assert message["apns"]["payload"]["aps"]["interruption-level"] == level
    assert message["android"]["ttl"] == "600s"
    assert message["apns"]["headers"]["apns-expiration"] == str(int((NOW + timedelta(minutes=10)).timestamp()))


def test_an_offer_has_one_tag_and_a_product_one_group():
    one, again = written(a_record(1)), written(a_record(2, price=Decimal(5)))
    shop = written(a_record(3, retailer="newegg", sku="N82E"))
    tags = [message["android"]["notification"]["tag"] for message in (one, again, shop)]
    groups = {message["apns"]["payload"]["aps"]["thread-id"] for message in (one, again, shop)}
    assert tags[0] == tags[1] != tags[2]
    assert len(groups) == 1
    assert len(one["apns"]["headers"]["apns-collapse-id"].encode()) <= 64
    assert one["apns"]["headers"]["apns-collapse-id"] == one["android"]["collapse_key"] == tags[0]
    named = [written(a_record(product_name=name), product="rtx-5090-fe") for name in ("5090 FE", "GeForce 5090")]
    assert len({message["apns"]["payload"]["aps"]["thread-id"] for message in named}) == 1


def test_a_test_replaces_nothing():
    tags = {written(record)["android"]["notification"]["tag"] for record in (TEST, a_record())}
    assert len(tags) == 2
    assert written(TEST)["data"]["test"] == "true"


def test_deep_links_lead_into_the_shops_app_and_others_nowhere():
    data = written(a_record(metadata={"deep_links": DEEP}))["data"]
    assert (data["link"], data["link_ios"], data["link_android"]) == (LINK, DEEP["ios"], DEEP["android"])
    for hostile in (
        "javascript:alert(1)", "data:text/html,x", "intent://x#Intent;end", "file:///etc/passwd", "x", 5, "a b://c",
        "shop://" + "x" * 900,
    ):  # fmt: skip
        assert "link_ios" not in written(a_record(metadata={"deep_links": {"ios": hostile}}))["data"]
    assert "link_ios" not in written(a_record(metadata={"deep_links": "x"}))["data"]


@pytest.mark.parametrize(
    ("wish", "usual", "brought", "heard"),
    [
        (None, None, (), "default"),
        (None, "bell", (), "bell"),
        ("siren", "bell", (), "siren"),
        ("siren", "bell", ("siren.caf", "bell.caf"), "siren.caf"),
        ("siren.caf", None, ("siren",), "siren"),
        ("siren", "bell", ("bell",), "default"),
        ("../../etc", "bell", (), "bell"),
        ("a b", None, ("a b",), "default"),
    ],
)
def test_a_sound_is_the_persons_then_the_bands_as_the_app_has_it(
    wish: str | None, usual: str | None, brought: tuple[str, ...], heard: str
):
    assert sound_for(wish, usual, brought) == heard


def test_android_has_a_channel_for_each_sound():
    assert channel_of(Band.HIGH, "default") == "alerts_high"
    assert channel_of(Band.HIGH, "siren.ogg") == "alerts_siren"
    assert channel_of(Band.HIGH, None) == "alerts_silent"


def test_a_template_takes_the_place_of_the_words_but_not_of_sold_out_and_test():
    own = compile_template("{product} for {price}", "{stock} left at {retailer}")
    record = a_record(metadata={"stock": 4})
    assert written(record, template=own)["notification"] == {
        "title": "GeForce RTX 5090 for $1,999.99",
        "body": "4 left at Best Buy",
    }
    gone = a_record(closed_after=60)
    assert written(gone, template=own)["notification"]["title"] == "Sold out: GeForce RTX 5090"
    assert written(TEST, template=own)["notification"]["title"].startswith("TEST: ")
    assert compile_template(None, None) == Template()


@pytest.mark.parametrize("source", ["{nope}", "{product", "{product.x}", "{product!r}", "{0}", "a\x07b", "", "x" * 201])
def test_a_broken_template_is_refused(source: str):
    with pytest.raises(BrokenTemplateError):
        compile_template(source, None)
