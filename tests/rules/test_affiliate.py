"""The way to the shop: templates of affiliate networks, on whatever address a product has."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import alert

from tocsin.core.link import encode
from tocsin.rules.affiliate import product_address, through
from tocsin.rules.catalog import Retailer


def test_a_template_takes_the_address_escaped_or_adds_to_it():
    assert through("https://a.example/?u={url}&c={click}", "https://x.example/?a=1", click="k") == (
        "https://a.example/?u=https%3A%2F%2Fx.example%2F%3Fa%3D1&c=k"
    )


@pytest.mark.parametrize(
    ("template", "url", "place"),
    [
        ("{url}?tag={click}", "https://x.example/p", "https://x.example/p?tag=k"),
        ("{url}?tag=me-20", "https://x.example/dp/B0?th=1", "https://x.example/dp/B0?th=1&tag=me-20"),
        ("{url}?tag=me-20", "https://x.example/p#reviews", "https://x.example/p?tag=me-20#reviews"),
        ("{url}?tag=me-20", "https://x.example/p?a=1#top?b", "https://x.example/p?a=1&tag=me-20#top?b"),
        ("{url}?tag=me-20", "https://x.example/p?", "https://x.example/p?tag=me-20"),
        ("{url}?tag=me-20", "https://x.example/p?a=1&", "https://x.example/p?a=1&tag=me-20"),
        ("{url}&tag=me-20", "https://x.example/p", "https://x.example/p?tag=me-20"),
        ("{url}&tag=me-20", "https://x.example/a&b", "https://x.example/a&b?tag=me-20"),
        ("{url}&tag=me-20&c={click}", "https://x.example/p?a=1", "https://x.example/p?a=1&tag=me-20&c=k"),
        ("{url}/ref=me?c={click}", "https://x.example/p?a=1", "https://x.example/p/ref=me?a=1&c=k"),
        ("{url}#me", "https://x.example/p?a=1#x", "https://x.example/p?a=1#me"),
        ("{url}?from={url}", "https://x.example/p", "https://x.example/p?from=https%3A%2F%2Fx.example%2Fp"),
        ("{url}", "https://x.example/p?a=1#x", "https://x.example/p?a=1#x"),
    ],
)
def test_what_a_template_adds_goes_where_it_belongs(template: str, url: str, place: str):
    assert through(template, url, click="k") == place


@pytest.mark.parametrize(
    ("template", "url", "place"),
    [
        ("{url}?tag=me-20&ascsubtag={click}", "https://x.example/p", "https://x.example/p?tag=me-20"),
        ("{url}?ascsubtag={click}&tag=me-20", "https://x.example/p", "https://x.example/p?tag=me-20"),
        ("{url}?ascsubtag={click}", "https://x.example/p#a", "https://x.example/p#a"),
        ("{url}?tag={tracking}", "https://x.example/p?a=1", "https://x.example/p?a=1"),
        (
            "https://a.example/c?u1={click}&to={url}",
            "https://x.example",
            "https://a.example/c?to=https%3A%2F%2Fx.example",
        ),
        ("https://a.example/c?sid=a-{click}", "https://x.example", "https://a.example/c?sid=a-"),
        ("https://a.example/{click}/p", "https://x.example", "https://a.example//p"),
    ],
)
def test_a_parameter_that_nothing_is_known_for_is_left_out(template: str, url: str, place: str):
    assert through(template, url) == place


@pytest.mark.parametrize(
    ("template", "url", "place"),
    [
        ("{url}?tag=me-20", "https://x.example/p?tag=other-21&a=1", "https://x.example/p?a=1&tag=me-20"),
        ("{url}?tag=me-20", "https://x.example/p?tag", "https://x.example/p?tag=me-20"),
        ("{url}?tag=me-20", "https://x.example/p?tags=1", "https://x.example/p?tags=1&tag=me-20"),
    ],
)
def test_the_tag_of_somebody_else_gives_way(template: str, url: str, place: str):
    assert through(template, url) == place


# What each network calls the parameter that comes back with a purchase.
NETWORKS = {
    "ascsubtag": "{url}?tag=me-20&ascsubtag={click}",
    "u1": "https://click.linksynergy.example/deeplink?id=1&mid=2&u1={click}&murl={url}",
    "sid": "https://www.anrdoezrs.example/click-1-2?sid={click}&url={url}",
    "subId1": "https://impact.example/c/1/2/3?subId1={click}&u={url}",
    "clickref": "https://www.awin1.example/cread.php?awinmid=1&awinaffid=2&clickref={click}&ued={url}",
}
paths = st.text(st.sampled_from("ab1/?&=#%;é "), max_size=20)


@pytest.mark.parametrize("parameter", NETWORKS)
@given(path=paths, key=st.integers(0, 2**63 - 1))
def test_the_code_comes_back_whole_in_the_parameter_of_each_network(parameter: str, path: str, key: int):
    code = encode(key, b"secret")
    way = through(NETWORKS[parameter], f"https://shop.example/{path}", click=code)
    told = parse_qsl(urlsplit(way).query)
    assert [value for name, value in told if name == parameter] == [code]
    assert way.isascii()
    assert way.isprintable()


def test_each_channel_has_the_tracking_id_that_is_its_own():
    shop = Retailer(key="amazon", title="Amazon", link="{url}?tag={tracking}", tracking={"sms": "me-sms-20"})
    told = alert(url="https://amazon.example/dp/B0")
    assert product_address(told, shop, "sms", "k") == "https://amazon.example/dp/B0?tag=me-sms-20"
    assert product_address(told, shop, "email", "k") == "https://amazon.example/dp/B0"


def test_a_way_that_would_be_too_long_is_the_straight_one():
    shop = Retailer(key="a", title="A", link="https://a.example/?to={url}")
    told = alert(url="https://x.example/" + "%20" * 600)
    assert product_address(told, shop, "sms") == told.url
    assert product_address(alert(), shop, "sms") is None
