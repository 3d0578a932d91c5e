import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import CATALOG, alert

from tocsin.core.alert import AlertType, Band
from tocsin.core.errors import InvalidRequestError
from tocsin.core.spelling import spelled
from tocsin.rules.catalog import Catalog, Product, fold
from tocsin.rules.match import EVERYTHING, LONGEST_WORD, MOST_WORDS, Match, parse_match

IN_STOCK = alert(priority=9)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"types": ["in_stock", "price_drop"]},
        {"bands": ["high"]},
        {"min_priority": 9},
        {"skus": ["6634940"]},
        {"skus": ["bestbuy:6634940"]},
        {"skus": ["Best Buy:6634940"]},
        {"skus": ["BBY: 6634940"]},
        {"skus": ["663*"]},
        {"skus": ["*:6634940"]},
        {"skus": ["best*:66*40"]},
        {"skus": ["other", "6634940"]},
        {"retailers": ["bestbuy"]},
        {"retailers": ["Best Buy"]},
        {"retailers": [" BEST_buy "]},
        {"retailers": ["Best*"]},
        {"families": ["rtx50"]},
        {"families": ["rtx*"]},
        {"products": ["rtx-5090-fe"]},
        {"families": ["rtx50"], "products": ["rtx-*"], "types": ["in_stock"], "retailers": ["*"], "min_priority": 1},
    ],
)
def test_an_alert_that_meets_every_condition_is_admitted(value):
    assert parse_match(value).admits(IN_STOCK, CATALOG)


@pytest.mark.parametrize(
    "value",
    [
        {"types": ["price_drop"]},
        {"bands": ["medium", "low"]},
        {"min_priority": 10},
        {"skus": ["663494"]},
        {"skus": ["newegg:6634940"]},
        {"skus": ["newegg:*"]},
        {"skus": ["b*"]},
        {"skus": ["66[3]4940"]},
        {"skus": ["663494?"]},
        {"retailers": ["newegg"]},
        {"retailers": ["est*"]},
        {"families": ["console"]},
        {"families": ["RTX50"]},
        {"products": ["switch-2"]},
        {"families": ["rtx50"], "products": ["switch-2"]},
        {"skus": ["6634940"], "types": ["back_order"]},
    ],
)
def test_an_alert_that_misses_one_condition_is_not_admitted(value):
    assert not parse_match(value).admits(IN_STOCK, CATALOG)


def test_skus_are_compared_exactly():
    assert not parse_match({"skus": ["nsw2"]}).admits(alert(sku="NSW2"), CATALOG)
    assert not parse_match({"skus": ["nsw*"]}).admits(alert(sku="NSW2"), CATALOG)


def test_a_product_without_a_family_is_in_none():
    assert not parse_match({"families": ["*"]}).admits(alert(sku="77"), CATALOG)
    assert parse_match({"products": ["*"]}).admits(alert(sku="77"), CATALOG)


def test_equal_interests_are_one_value_even_after_use():
    first, second = (parse_match({"skus": ["66*", "77"], "types": ["in_stock"]}) for _ in range(2))
    first.admits(IN_STOCK, CATALOG)
    assert first == second
    assert len({first, second, parse_match({"types": "in_stock", "skus": "77,66*"})}) == 1


def test_a_sku_with_a_colon_is_written_with_its_retailer():
    assert parse_match({"skus": ["Best Buy:A:b"]}).admits(alert(sku="A:b"), CATALOG)
    assert not parse_match({"skus": ["Best Buy:A:b"]}).admits(alert(sku="b"), CATALOG)


def test_a_spelling_follows_the_catalog_of_the_moment():
    match = parse_match({"retailers": ["bby"]})
    assert match.admits(IN_STOCK, CATALOG)
    assert not match.admits(IN_STOCK, Catalog())


WORDS = st.text(alphabet="ab*", min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    st.frozensets(WORDS, max_size=4), st.frozensets(WORDS, max_size=4), st.text(alphabet="ab", min_size=1, max_size=5)
)
def test_admitting_agrees_with_weighing_every_word_by_itself(skus, products, sku):
    catalog = Catalog(products={sku: Product(name=sku, skus=(sku,))})
    expected = all(not words or any(fnmatch.fnmatchcase(sku, word) for word in words) for words in (skus, products))
    assert Match(skus=skus, products=products).admits(alert(sku=sku, retailer="x"), catalog) == expected


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=1, max_size=20))
def test_an_alert_is_admitted_by_a_match_of_its_own_words(name):
    sku = spelled(name.replace("*", "")) or "x"
    of_itself = alert(sku=sku, retailer=fold(sku.replace(":", "")))
    assert parse_match({"skus": [f"{of_itself.retailer}:{sku}"], "retailers": [of_itself.retailer]}).admits(
        of_itself, Catalog()
    )


def test_a_strangers_pattern_cannot_stall_the_service():
    hostile = parse_match({"skus": ["*a" * 90 + "*b"]})  # one that backtracks would never come back
    assert not hostile.admits(alert(sku="a" * 5000), CATALOG)


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ({}, EVERYTHING),
        ({"types": "in_stock, price_drop"}, Match(types=frozenset({AlertType.IN_STOCK, AlertType.PRICE_DROP}))),
        ({"types": "IN_STOCK"}, Match(types=frozenset({AlertType.IN_STOCK}))),
        ({"bands": ["high", "high"]}, Match(bands=frozenset({Band.HIGH}))),
        ({"min_priority": "8"}, Match(min_priority=8)),
        ({"min_priority": 10}, Match(min_priority=10)),
        ({"skus": "a,,b,"}, Match(skus=frozenset({"a", "b"}))),
        ({"skus": []}, EVERYTHING),
        ({"skus": ""}, EVERYTHING),
        ({"retailers": ("x",)}, Match(retailers=frozenset({"x"}))),
    ],
)
def test_lists_and_comma_separated_strings_mean_the_same(value, match):
    assert parse_match(value) == match


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({"typs": []}, "typs", "did you mean 'types'?"),
        ({"sku": "x"}, "sku", "did you mean 'skus'?"),
        ({"zzz": 1}, "zzz", "it is one of types, bands"),
        ({"types": ["in_stok"]}, "types", "did you mean 'in_stock'?"),
        ({"types": 3}, "types", "must be a list of strings, not a number"),
        ({"types": None}, "types", "not null"),
        ({"bands": ["urgent"]}, "bands", "it is one of high, medium, low"),
        ({"skus": ["a", 6634940]}, "skus.1", "must be a string, not a number"),
        ({"skus": [["a"]]}, "skus.0", "not a list"),
        ({"skus": {"a": 1}}, "skus", "not an object"),
        ({"skus": True}, "skus", "not a boolean"),
        ({"skus": ["x" * (LONGEST_WORD + 1)]}, "skus.0", "characters"),
        ({"skus": ["x"] * (MOST_WORDS + 1)}, "skus", "are the most"),
        ({"min_priority": 0}, "min_priority", "from 1 to 10"),
        ({"min_priority": 11}, "min_priority", "from 1 to 10"),
        ({"min_priority": "high"}, "min_priority", "from 1 to 10"),
        ({"min_priority": True}, "min_priority", "from 1 to 10"),
        ({"min_priority": 8.5}, "min_priority", "from 1 to 10"),
        ({"min_priority": "²"}, "min_priority", "from 1 to 10"),
        ({"unrouted": True}, "unrouted", "unknown key"),
    ],
)
def test_what_is_wrong_is_named_by_its_path_and_how_to_mend_it(value, path, words):
    with pytest.raises(InvalidRequestError) as caught:
        parse_match(value)
    (detail,) = caught.value.details
    assert detail.path == path
    assert words in detail.message


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(InvalidRequestError) as caught:
        parse_match({"typs": [], "skus": [1, 2], "min_priority": 99})
    assert [detail.path for detail in caught.value.details] == ["skus.0", "skus.1", "min_priority", "typs"]


def test_only_a_route_may_ask_for_the_unrouted():
    assert parse_match({"unrouted": True}, unrouted_allowed=True) == Match(unrouted=True)
    with pytest.raises(InvalidRequestError, match="true or false"):
        parse_match({"unrouted": "yes"}, unrouted_allowed=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["types", "bands", "min_priority", "skus", "retailers", "families", "products", "unrouted", "typ"]
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_whatever_comes_in_is_a_match_or_an_error_with_its_details(value):
    assert _admits_or_explains(value)


def _admits_or_explains(value) -> bool:
    try:
        parse_match(value, unrouted_allowed=True).admits(IN_STOCK, CATALOG)
    except InvalidRequestError as error:
        return bool(error.details)
    return True
