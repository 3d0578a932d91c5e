from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import CATALOG, alert

from tocsin.core.delivery import Target
from tocsin.rules.catalog import Catalog, Product, Retailer, fold


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("bestbuy", "bestbuy"),
        (" BestBuy ", "bestbuy"),
        ("Best Buy", "bestbuy"),
        ("BEST   BUY", "bestbuy"),
        ("best_buy", "bestbuy"),
        ("bby", "bestbuy"),
        ("NewEgg", "newegg"),
        ("  Micro   Center", "micro center"),
        ("MÜLLER", "müller"),
        ("", ""),
    ],
)
def test_a_retailer_is_known_in_every_spelling_its_operator_listed(spelling, key):
    assert CATALOG.canonical(spelling) == key


@given(st.text())
def test_folding_a_canonical_retailer_changes_nothing(spelling):
    once = CATALOG.canonical(spelling)
    assert CATALOG.canonical(once) == once


@given(st.text())
def test_folding_is_stable(spelling):
    assert fold(fold(spelling)) == fold(spelling)


def test_a_key_is_never_taken_for_the_alias_of_another_retailer():
    catalog = Catalog(
        retailers={
            "target": Retailer(key="target", title="Target"),
            "tgt": Retailer(key="tgt", title="TGT", aliases=("target",)),
        }
    )
    assert catalog.canonical("Target") == "target"


def test_an_unlisted_retailer_is_its_own_title():
    assert CATALOG.retailer("walmart") == Retailer(key="walmart", title="walmart")
    assert CATALOG.retailer("bestbuy").title == "Best Buy"


def test_every_spelling_of_a_retailer_is_one_that_leads_to_its_key():
    assert CATALOG.spellings("bestbuy") == {"bestbuy", "best buy", "best_buy", "bby"}
    assert {CATALOG.canonical(spelling) for spelling in CATALOG.spellings("bestbuy")} == {"bestbuy"}
    assert CATALOG.spellings("walmart") == {"walmart"}


@pytest.mark.parametrize(
    ("sku", "retailer", "name"),
    [
        ("6634940", "bestbuy", "rtx-5090-fe"),
        ("6634940", "walmart", None),
        ("14-932-101", "newegg", "rtx-5090-fe"),
        ("14-932-101", "bestbuy", None),
        ("14-9321", "newegg", None),
        ("NSW2", "anybody", "switch-2"),
        ("nsw2", "anybody", None),
        ("unheard of", "bestbuy", None),
    ],
)
def test_a_product_is_found_by_its_sku(sku, retailer, name):
    product = CATALOG.product_of(alert(sku=sku, retailer=retailer))
    assert (product.name if product else None) == name


def test_the_narrower_listing_of_a_sku_wins():
    catalog = Catalog(
        products={
            "glob": Product(name="glob", skus=("6*",)),
            "bare": Product(name="bare", skus=("66",)),
            "exact": Product(name="exact", skus=("bestbuy:66",)),
        }
    )
    found = [
        catalog.product_of(alert(sku=sku, retailer=shop)) for sku, shop in (("66", "bestbuy"), ("66", "x"), ("67", "x"))
    ]
    assert [product and product.name for product in found] == ["exact", "bare", "glob"]


def test_a_bare_glob_never_reads_the_retailers_name():
    catalog = Catalog(products={"b": Product(name="b", skus=("b*",), max_price=Decimal(1))})
    assert catalog.product_of(alert(sku="6634940", retailer="bestbuy")) is None
    assert catalog.product_of(alert(sku="b1", retailer="walmart")) is not None


def test_a_catalog_is_a_value():
    to = (Target("discord", "staff"),)
    first, second = (Catalog(retailers={"a": Retailer(key="a", title="A", to=to)}) for _ in range(2))
    assert first.canonical("A") == "a"  # builds the index of the one, and of the one alone
    assert first == second
