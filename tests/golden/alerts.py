"""The alerts whose messages are kept as golden files: one of each type, and the awkward ones."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.channels.scenes import a_record

from tocsin.core.alert import AlertType
from tocsin.core.decision import Reason
from tocsin.core.record import AlertRecord

PICTURE = "https://img.bestbuy.example/6634940.jpg"
CART = "https://www.bestbuy.example/cart/add/6634940"
FAMILY = "👨\u200d👩\u200d👧\u200d👦"


def _with(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata}


TYPICAL: dict[str, AlertRecord] = {
    "in_stock": a_record(variant="Founders Edition", **_with(image_url=PICTURE, cart_url=CART, stock=4)),
    "price_drop": a_record(type=AlertType.PRICE_DROP, **_with(previous_price=2199.99, image_url=PICTURE)),
    "restock_soon": a_record(type=AlertType.RESTOCK_SOON, price=None, **_with(image_url=PICTURE)),
    "back_order": a_record(type=AlertType.BACK_ORDER, seller="Trusted Traders"),
    "in_stock_sold_out": a_record(closed_after=192, **_with(image_url=PICTURE, cart_url=CART)),
}

AWKWARD: dict[str, AlertRecord] = {
    "name_of_10000_letters": a_record(product_name="Geforce " * 1250),
    "name_of_10000_stars": a_record(product_name="*" * 10_000),
    "name_of_emoji_families": a_record(product_name=FAMILY * 60),
    "name_of_flags": a_record(product_name="🇩🇪🇫🇷🇯🇵" * 80),
    "name_of_skin_tones": a_record(product_name="👍🏽👎🏿" * 90),
    "name_in_arabic": a_record(product_name="بطاقة رسومات جيفورس آر تي إكس ٥٠٩٠"),
    "name_in_hebrew_and_english": a_record(product_name="כרטיס מסך GeForce RTX 5090"),
    "name_in_hindi": a_record(product_name="निन्टेंडो स्विच २ " * 30),
    "name_in_korean_jamo": a_record(product_name="\u1112\u1161\u11ab\u1100\u1173\u11af " * 70),
    "name_in_japanese": a_record(product_name="ニンテンドースイッチ２ 本体", currency="JPY", price=Decimal(49980)),
    "name_of_zalgo": a_record(product_name="".join(c + "\u0335\u0321\u0489\u0301\u0302" * 20 for c in "RTX 5090")),
    "name_that_turns_the_line_round": a_record(product_name="RTX \u202e0905\u202c \u2066x\u2069\u200f 5090"),
    "name_with_controls": a_record(product_name="RTX\x00\x07\x1b[31m\r\n5090\u2028next\u2029\ud800"),
    "name_of_nothing_visible": a_record(product_name="\u200b\u2060\ufeff \t"),
    "name_with_markdown": a_record(product_name="**b** _i_ ~~s~~ `c` ||spoiler|| > quote # head - list"),
    "name_that_begins_a_heading": a_record(variant="# Big", seller="-# small", **_with(stock="1. first")),
    "name_with_a_masked_link": a_record(product_name="[Free GPUs](https://evil.example/?a=(b)) https://evil.example"),
    "name_with_mentions": a_record(product_name="@everyone @here <@1180000000000000002> <@&1180000000000000003>"),
    "name_with_markup_of_discord": a_record(product_name="<#118> <t:0:R> <:x:1> </run:1> <id:guide> :smile:"),
    "name_with_a_code_block": a_record(product_name="```js\nalert(1)\n```"),
    "name_ending_in_a_backslash": a_record(product_name="RTX 5090 \\"),
    "name_that_is_missing": a_record(product_name=None),
    "retailer_with_mentions": a_record(retailer="@everyone **store** [x](https://evil.example)"),
    "everything_long": a_record(
        product_name="n" * 5000, retailer="r" * 5000, sku="s" * 5000, variant="v" * 5000, seller="e" * 5000
    ),
    "address_missing": a_record(url=None),
    "address_longer_than_a_button": a_record(url="https://www.bestbuy.example/?q=" + "a" * 600),
    "address_longer_than_an_embed": a_record(url="https://www.bestbuy.example/?q=" + "a" * 3000),
    "address_with_letters_beyond_ascii": a_record(url="https://münchen.example/straße?q=grün"),
    "picture_missing": a_record(**_with(image_url=None)),
    "picture_that_is_a_script": a_record(**_with(image_url="javascript:alert(1)", cart_url="data:text/html,x")),
    "picture_with_a_password": a_record(**_with(image_url="https://bestbuy.example@evil.example/x.jpg")),
    "picture_that_is_no_text": a_record(**_with(image_url={"a": 1}, cart_url=7, stock=[], previous_price=True)),
    "price_zero": a_record(price=Decimal(0)),
    "price_1e9": a_record(price=Decimal("1e9")),
    "price_with_many_digits": a_record(price=Decimal("1999.994999")),
    "price_in_yen": a_record(price=Decimal(58000), currency="JPY", **_with(previous_price="63800")),
    "price_in_dinar": a_record(price=Decimal("0.125"), currency="KWD"),
    "price_in_francs": a_record(price=Decimal("12.5"), currency="CHF"),
    "price_before_was_lower": a_record(type=AlertType.PRICE_DROP, **_with(previous_price=1500)),
    "price_before_is_nonsense": a_record(type=AlertType.PRICE_DROP, **_with(previous_price="1e999")),
    "price_fell_by_almost_nothing": a_record(type=AlertType.PRICE_DROP, **_with(previous_price="2000.00")),
    "price_fell_by_less_than_is_shown": a_record(
        type=AlertType.PRICE_DROP, price=Decimal("19.99"), **_with(previous_price="19.994")
    ),
    "detected_long_ago": a_record(timestamp=datetime(1970, 1, 1, tzinfo=UTC)),
}

TEST = a_record(reason=Reason.TEST, **_with(cart_url=CART))
