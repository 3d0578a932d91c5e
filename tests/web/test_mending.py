"""What is not as it should be and can be mended: the alert is taken, and its answer says what was done."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.web.house import ALERT
from tests.web.test_decode import one

from tocsin.core.alert import Alert
from tocsin.pipeline.intake.fields import is_web_url


def mended(**changes: Any) -> tuple[Alert, dict[str, str]]:
    """The standard alert with these changes as it was taken, and what is said of that, by path."""
    item = one(ALERT | changes)
    assert item.alert is not None, item.invalid
    return item.alert, {note.path: note.message for note in item.notes}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("GeForce\x00 RTX\x1b[31m", "GeForce  RTX [31m"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("a\u2066b\u2069", "ab"),
        ("lone \ud800 half", "lone  half"),
        ("two\nlines\u2028three", "two lines three"),
        ("\u0007", None),
        ("x" * 600, "x" * 512),
    ],
)
def test_names_for_people_lose_what_turns_or_breaks_the_text_around_them(name: str, kept: str | None):
    alert, notes = mended(product_name=name)
    assert alert.product_name == kept
    assert set(notes) == {"product_name"}


@pytest.mark.parametrize("name", ["@everyone </script>", "שלום 👩\u200d💻", "x" * 512])
def test_a_name_that_harms_nobody_is_left_as_it_is(name: str):
    alert, notes = mended(product_name=name)
    assert (alert.product_name, notes) == (name, {})


@pytest.mark.parametrize(
    ("price", "currency", "taken", "noted"),
    [
        (299.96999999999997, "USD", "299.97", False),
        (0.1 + 0.2, "EUR", "0.3", False),
        (1999.99, "USD", "1999.99", False),
        (1299.0000000000002, "JPY", "1299", False),
        (12.345000000000001, "KWD", "12.345", False),
        (100 / 3, "USD", "33.33", True),
        (3.459, "USD", "3.46", True),
        (1e-7, "USD", "0", False),
        (-0.0, "USD", "0", False),
        ("3.459", "USD", "3.459", False),
        (Decimal("3.459"), "USD", "3.459", False),
        (1999, "usd ", "1999", False),
    ],
)
def test_a_number_is_the_float_it_is_in_its_currency_and_a_text_is_exact(
    price: Any, currency: str, taken: str, *, noted: bool
):
    alert, notes = mended(price=price, currency=currency, metadata={"previous_price": price})
    assert alert.price == Decimal(taken)
    assert not alert.price.is_signed()
    assert Decimal(str(alert.metadata["previous_price"])) == Decimal(taken)
    assert set(notes) == ({"price", "metadata.previous_price"} if noted else set())


@given(st.floats(0, 1e12, exclude_max=True), st.sampled_from(["USD", "JPY", "KWD"]))
def test_no_number_that_can_be_a_price_is_lost(price: float, currency: str):
    alert, _ = mended(price=price, currency=currency)
    assert alert.price is not None
    assert abs(float(alert.price) - price) <= max(0.5, price / 2**50)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (" https://shop.example/1\n", "https://shop.example/1"),
        ("\ufeffhttps://shop.example/1\u200b", "https://shop.example/1"),
        ("https://shop.example/a b?c=d e#f", "https://shop.example/a%20b?c=d%20e#f"),
        ("https://shop.example/a\r\n\tb", "https://shop.example/ab"),
        ("https://shop.example/\r\nSet-Cookie: a", "https://shop.example/Set-Cookie:%20a"),
        ('https://shop.example/?q="<b>"', "https://shop.example/?q=%22%3Cb%3E%22"),
        ("https://shop.example/a\x00b\u00a0c\u202ed", "https://shop.example/a%00b%C2%A0c%E2%80%AEd"),
        ("https:\\\\shop.example\\1", "https://shop.example/1"),
        ("https://shop.example/\ud83d/1", "https://shop.example/%3F/1"),
    ],
)
def test_a_link_is_mended_where_it_can_be_wherever_it_stands(url: str, kept: str):
    alert, notes = mended(url=url, metadata={"image_url": url, "cart_url": url, "deep_links": {"ios": url}})
    links = alert.metadata
    assert [alert.url, links["image_url"], links["cart_url"], links["deep_links"]["ios"]] == [kept] * 4
    assert set(notes) == {"url", "metadata.image_url", "metadata.cart_url", "metadata.deep_links.ios"}


def test_a_link_of_blanks_is_no_link():
    alert, notes = mended(url=" \n", metadata={"image_url": "\t"})
    assert (alert.url, dict(alert.metadata), notes) == (None, {}, {})


@given(st.text(max_size=40), st.text(max_size=10))
@settings(max_examples=300)
def test_any_end_of_a_link_can_be_mended_for_good(end: str, start: str):
    once = one(ALERT | {"url": f"https://shop.example/{end}"})
    assert once.alert is not None
    again = one(ALERT | {"url": once.alert.url})
    assert again.alert is not None
    assert (again.alert.url, again.notes) == (once.alert.url, ())
    anywhere = one(ALERT | {"url": start + "https://shop.example/"}).alert
    assert anywhere is None or is_web_url(anywhere.url or "")


@pytest.mark.parametrize(
    ("metadata", "left", "paths"),
    [
        ({"image_url": "//shop.example/1.jpg"}, {}, ["image_url"]),
        ({"image_url": "/1.jpg"}, {}, ["image_url"]),
        ({"image_url": "data:image/png;base64," + "A" * 30_000, "a": 1}, {"a": 1}, ["image_url"]),
        ({"image_url": {"url": "https://shop.example/1.jpg"}}, {}, ["image_url"]),
        ({"image_url": ["https://shop.example/1.jpg"]}, {}, ["image_url"]),
        ({"image_url": "https://shop.example/" + "x" * 3000}, {}, ["image_url"]),
        ({"cart_url": "javascript:alert(1)"}, {}, ["cart_url"]),
        ({"previous_price": "$5"}, {}, ["previous_price"]),
        ({"previous_price": -1}, {}, ["previous_price"]),
        ({"previous_price": True}, {}, ["previous_price"]),
        ({"previous_price": float("nan")}, {}, ["previous_price"]),
        ({"deep_links": "shop:1"}, {}, ["deep_links"]),
        ({"deep_links": {"ios": "javascript:1", "symbian": "x:y"}}, {}, ["deep_links.symbian", "deep_links.ios"]),
        (
            {"deep_links": {"ios": "javascript:1", "android": "shop:1"}},
            {"deep_links": {"android": "shop:1"}},
            ["deep_links.ios"],
        ),
        ({"sound": ["siren"]}, {}, ["sound"]),
        ({"sound": "x" * 65}, {}, ["sound"]),
        ({"stock": {"count": 5}}, {}, ["stock"]),
        ({"stock": True}, {}, ["stock"]),
        ({"note": "half \ud83d", "nul\0": ["\0a"]}, {"note": "half ", "nul": ["a"]}, [""]),
        ({"stock": 3, "sound": "siren", "previous_price": "5.5", "image_url": None, "own": {}}, None, []),
        ({"stock": "5+", "cart_url": ""}, None, []),
    ],
)  # fmt: skip
def test_metadata_that_is_of_no_use_is_left_out_and_loses_no_alert(
    metadata: dict[str, Any], left: dict[str, Any] | None, paths: list[str]
):
    alert, notes = mended(metadata=metadata)
    assert dict(alert.metadata) == (metadata if left is None else left)
    assert list(notes) == [f"metadata.{path}".rstrip(".") for path in paths]
    assert dict(mended(metadata=dict(alert.metadata))[0].metadata) == dict(alert.metadata)


def test_a_note_says_why():
    _, notes = mended(metadata={"image_url": "//shop.example/1.jpg", "previous_price": "$5"})
    assert notes["metadata.image_url"].startswith("was left out: it must be an http or https address")
    assert "decimal string" in notes["metadata.previous_price"]


def test_whole_numbers_are_whole_however_their_language_writes_them():
    alert, notes = mended(priority=10.0, metadata={"stock": 3.0})
    assert (alert.priority, alert.metadata["stock"], notes) == (10, 3, {})
    assert isinstance(alert.metadata["stock"], int)
    assert mended(metadata=[])[0].metadata == {}


def test_a_blank_variant_or_seller_is_none():
    alert, notes = mended(variant="", seller=" \u00a0\u200b")
    assert (alert.variant, alert.seller, alert.episode, notes) == (None, None, ("6634940", "bestbuy", "", ""), {})
