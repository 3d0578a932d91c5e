"""What a text says: one segment, the important first, the link whole."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.scenes import a_record
from tests.golden.alerts import AWKWARD, TEST, TYPICAL

from tocsin.channels.text import clusters
from tocsin.channels.twilio.body import body_of
from tocsin.channels.twilio.gsm7 import is_gsm7
from tocsin.channels.twilio.segments import segments
from tocsin.channels.twilio.template import EMOJI, BrokenTemplateError, Template, compile_template
from tocsin.core.alert import AlertType

LINK = "https://alerts.example/r/1x7GhQ2kZ"
SIREN = compile_template("emoji")
FAMILY = "👨\u200d👩\u200d👧\u200d👦"
PIECES = st.one_of(st.characters(), st.sampled_from([FAMILY, "€", "http://", ".com", "e\u0301", "word "]))
HOSTILE = st.lists(PIECES, max_size=150).map("".join)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, f"IN STOCK: GeForce RTX 5090, Best Buy, $1,999.99 {LINK}"),
        ({"variant": "32 GB"}, f"IN STOCK: GeForce RTX 5090, 32 GB, Best Buy, $1,999.99 {LINK}"),
        (
            {"type": AlertType.PRICE_DROP, "metadata": {"previous_price": 2199.99}},
            f"9% OFF: GeForce RTX 5090, Best Buy, $1,999.99 (was $2,199.99) {LINK}",
        ),
        (
            {"type": AlertType.PRICE_DROP, "metadata": {"previous_price": 1500}},
            f"PRICE DROP: GeForce RTX 5090, Best Buy, $1,999.99 {LINK}",
        ),
        ({"type": AlertType.RESTOCK_SOON, "price": None}, f"BACK SOON: GeForce RTX 5090, Best Buy {LINK}"),
        ({"type": AlertType.BACK_ORDER}, f"BACK ORDER: GeForce RTX 5090, Best Buy, $1,999.99 {LINK}"),
        ({"price": Decimal(58000), "currency": "KRW"}, f"IN STOCK: GeForce RTX 5090, Best Buy, KRW 58,000 {LINK}"),
        ({"price": Decimal(58000), "currency": "JPY"}, f"IN STOCK: GeForce RTX 5090, Best Buy, ¥58,000 {LINK}"),
        ({"product_name": "ニンテンドースイッチ"}, f"IN STOCK: 6634940, Best Buy, $1,999.99 {LINK}"),
        ({"product_name": None}, f"IN STOCK: 6634940, Best Buy, $1,999.99 {LINK}"),
    ],
)  # fmt: skip
def test_each_type_has_words_of_its_own(changes: dict[str, Any], text: str):
    assert body_of(a_record(**changes), "Best Buy", LINK) == text


def test_a_test_says_so_first():
    assert body_of(TEST, "Best Buy", LINK) == f"TEST, nothing for sale: GeForce RTX 5090, Best Buy {LINK}"
    assert body_of(TEST, "Best Buy", LINK, SIREN).startswith("TEST: ")


@pytest.mark.parametrize("name", [*TYPICAL, *AWKWARD])
def test_the_built_in_text_is_one_segment_of_gsm7_with_its_link_whole(name: str):
    text = body_of((TYPICAL | AWKWARD)[name], "Best Buy", LINK)
    assert is_gsm7(text)
    assert segments(text) == 1
    assert text.endswith(" " + LINK)


@given(HOSTILE, HOSTILE, HOSTILE, st.sampled_from(AlertType), st.sampled_from([None, SIREN]))
def test_whatever_an_alert_says_its_text_fits_and_leads_nowhere_else(
    name: str, retailer: str, variant: str, kind: AlertType, siren: Template | None
):
    record = a_record(product_name=name or None, type=kind, variant=variant or None, sku=name or "1")
    text = body_of(record, retailer, LINK, siren)
    assert is_gsm7(text) or siren
    assert segments(text) <= (2 if siren else 1)
    assert text.endswith(LINK)
    assert "://" not in text.removesuffix(LINK)


def test_a_name_is_cut_between_what_a_reader_takes_for_characters():
    text = body_of(a_record(product_name=FAMILY * 60), "Best Buy", LINK, SIREN)
    name = text.removeprefix("🚨 ").partition("…")[0]
    assert set(clusters(name)) == {FAMILY}
    assert segments(text) == 2


@pytest.mark.parametrize("name", ["Free at evil.example/x", "evil.co", "HTTPS://evil.example", "evil。example"])
def test_a_product_name_makes_no_link(name: str):
    for template in (None, SIREN):
        words = body_of(a_record(product_name=name), "Best Buy", LINK, template).removesuffix(LINK)
        assert not any(mark in words for mark in ("evil.e", "evil.c", "evil。e", "://"))
    assert "v1.5" in body_of(a_record(product_name="Switch v1.5"), "Best Buy", LINK)


def test_the_address_of_a_shop_is_never_cut_and_may_take_more():
    address = "https://www.bestbuy.example/site/" + "x" * 150
    text = body_of(a_record(), "Best Buy", address)
    assert text == f"IN STOCK: GeForce RTX 5090, Best Buy, $1,999.99 {address}"
    assert segments(text) == 2


@pytest.mark.parametrize("link", [None, "javascript:alert(1)", "https://shop.example/" + "x" * 3000])
def test_what_is_no_address_or_longer_than_texts_are_is_left_out(link: str | None):
    assert body_of(a_record(), "Best Buy", link) == "IN STOCK: GeForce RTX 5090, Best Buy, $1,999.99"


def test_the_text_with_the_siren_says_what_it_costs_before_it_is_sent():
    assert SIREN.cost == "2 segments a text (UCS-2, for its 🚨)"
    assert body_of(a_record(), "Best Buy", LINK, SIREN) == (
        f"🚨 GeForce RTX 5090 available at Best Buy! $1,999.99 - {LINK}"
    )
    assert compile_template(EMOJI) == SIREN
    assert compile_template("{product} {link}").cost == "1 segment a text (GSM-7)"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{prodct}", "there is no {prodct}: product"),
        ("{product", "not a template"),
        ("{product.__class__}", "between braces stands a name alone"),
        ("{product!r}", "between braces stands a name alone"),
        ("{product:>999999}", "between braces stands a name alone"),
        ("{0}", "between braces stands a name alone"),
        ("{}", "between braces stands a name alone"),
        ("", "0 characters long"),
        ("x" * 1601, "1601 characters long"),
        ("a\x00b", "printable"),
    ],
)
def test_a_broken_template_says_what_is_wrong(written: str, said: str):
    with pytest.raises(BrokenTemplateError) as broken:
        compile_template(written)
    assert said in str(broken.value)


def test_a_template_of_gsm7_keeps_to_it_and_to_what_its_usual_text_takes():
    template = compile_template("{{{product}}} @ {retailer}: {price} {seller} {link}")
    text = body_of(a_record(product_name="Größe 🚨 " * 50, seller=None), "Best Buy", LINK, template)
    assert segments(text) == template.segments == 1
    assert text.startswith("{Größe Größe")
    assert text.endswith(f"...}} @ Best Buy: $1,999.99 {LINK}")


INTRODUCTION = "Restock Club: alerts you agreed to. Reply STOP to end them."


@given(HOSTILE)
def test_the_first_text_says_who_writes_and_stays_one_segment(name: str):
    text = body_of(a_record(product_name=name or "x"), "Best Buy", LINK, None, INTRODUCTION)
    assert text.startswith(f"{INTRODUCTION} IN STOCK: ")
    assert text.endswith(LINK)
    assert segments(text) == 1


def test_a_long_introduction_is_whole_and_costs_what_it_costs():
    text = body_of(a_record(), "Best Buy", LINK, SIREN, INTRODUCTION * 3)
    assert text.startswith(INTRODUCTION * 3)
    assert text.endswith(LINK)
