"""What a browser reads in a push, field for field. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.scenes import a_record
from tests.golden.alerts import AWKWARD, TEST, TYPICAL

from tocsin.channels.browser.payload import LARGEST, Shown, payload_of
from tocsin.channels.push.notification import notification_of
from tocsin.channels.push.template import compile_template
from tocsin.channels.text import clusters
from tocsin.core.record import AlertRecord

FOLDER = Path(__file__).parent / "browser"
OWN = compile_template("{product} for {price}", "{stock} left at {retailer}, {percent} {sku}")
LINK, PAGE = "https://alerts.example/r/1x7GhQ2kZ", "https://alerts.example/a/1x7GhQ2kZ"
PICTURE = {"image_url": "https://shop.example/5090.jpg"}

ALL: dict[str, tuple[AlertRecord, dict[str, Any]]] = {
    **{name: (record, {}) for name, record in TYPICAL.items()},
    **{name: (AWKWARD[name], {}) for name in (
        "name_of_10000_letters", "name_of_emoji_families", "name_in_arabic", "name_of_zalgo", "name_with_controls",
        "name_of_nothing_visible", "everything_long", "picture_that_is_a_script", "price_in_yen",
        "address_longer_than_an_embed", "retailer_with_mentions",
    )},
    "picture": (a_record(metadata=PICTURE), {}),
    "silent": (a_record(), {"silent": True}),
    "low_band": (a_record(priority=2), {}),
    "without_an_address_of_our_own": (a_record(), {"link": "https://bestbuy.example/1", "page": None}),
    "link_that_is_none": (a_record(), {"link": "javascript:alert(1)", "page": None}),
    "template": (a_record(metadata={"stock": 4}), {"template": OWN}),
    "test": (TEST, {}),
}  # fmt: skip


def payload(record: AlertRecord, **changes: Any) -> bytes:
    notification = notification_of(record, "Best Buy", template=changes.pop("template", None))
    told = {"delivery": "0198-of-the-delivery", "link": LINK, "page": PAGE} | changes
    return payload_of(Shown(record=record, notification=notification, **told))


@pytest.mark.parametrize("name", ALL)
def test_a_payload_is_as_its_golden_file(name: str):
    record, changes = ALL[name]
    made = json.loads(payload(record, **changes))
    golden = FOLDER / f"{name}.json"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    assert made == json.loads(golden.read_text(encoding="utf-8"))


def test_there_is_no_golden_file_without_its_payload():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(ALL)


FAMILY = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
_NASTY = (FAMILY * 400, "\u05d0\u202e" * 300, 'a"\\' * 400, "\r\nX-Evil: 1", "</style>" * 100)
_TEXT = st.text(max_size=600) | st.sampled_from(_NASTY)


@given(name=_TEXT, variant=_TEXT, seller=_TEXT, picture=_TEXT.map("https://shop.example/".__add__))
@settings(max_examples=60, deadline=None)
def test_whatever_an_alert_says_it_fits_and_is_whole(name: str, variant: str, seller: str, picture: str):
    record = a_record(product_name=name, variant=variant, seller=seller, metadata={"image_url": picture})
    written = payload(record, link="https://shop.example/" + "x" * 700, page=PAGE)
    assert len(written) <= LARGEST
    shown = json.loads(written)["notification"]
    assert shown["title"]
    assert shown["navigate"]
    for text in (shown["title"], shown["body"]):
        assert not {"Cc", "Cs"} & {unicodedata.category(each) for each in text}
        assert "\u202e" not in text


def test_nothing_is_cut_within_what_a_reader_takes_for_one_character():
    shown = json.loads(payload(a_record(product_name=FAMILY * 400)))["notification"]
    assert set(clusters(shown["title"].removeprefix("In stock: "))) == {FAMILY, "…"}


def test_what_is_too_long_loses_its_picture_before_its_buttons():
    long = "https://shop.example/" + "p" * 760
    record = a_record(product_name="x" * 300, metadata={"image_url": long})
    shown = json.loads(payload(record, link="https://shop.example/" + "l" * 300))["notification"]
    assert "image" not in shown
    assert [one["title"] for one in shown["actions"]] == ["Buy", "Bought it"]
    shorter = json.loads(payload(record, link="https://shop.example/" + "l" * 770))["notification"]
    assert "actions" not in shorter
    assert shorter["navigate"]
