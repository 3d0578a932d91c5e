from datetime import timedelta
from decimal import Decimal

import pytest
from tests.rules.made import CATALOG, HOUR, MINUTE, NOW, SECOND, accepted, alert, episode

from tocsin.core.alert import AlertType
from tocsin.core.decision import Filtered, Reason
from tocsin.rules.filters import (
    MAX_AGE,
    FilterPolicy,
    end_of_life,
    from_the_future,
    priority_of,
    screen,
)

OPEN = FilterPolicy()
TEN_PERCENT = FilterPolicy(min_price_drop_percent=Decimal(10))
MICROSECOND = timedelta(microseconds=1)


def screened(given, policy=OPEN, last=None, now=NOW):
    filtered = screen(given, last, now, policy, CATALOG)
    return filtered and filtered.reason


@pytest.mark.parametrize("spelling", ["bestbuy", "BestBuy ", "Best Buy", "bby"])
def test_an_excluded_retailer_is_held_back_however_it_is_spelled(spelling):
    policy = FilterPolicy(excluded_retailers=frozenset({spelling}))
    assert screened(alert(), policy) is Reason.EXCLUDED_RETAILER
    assert screened(alert(retailer="newegg"), policy) is None


@pytest.mark.parametrize("kind", AlertType)
def test_an_alert_is_stale_from_the_end_of_its_life_on(kind):
    def detected(ago):
        return alert(type=kind, timestamp=NOW - ago)

    assert screened(detected(MAX_AGE[kind] - MICROSECOND)) is None
    assert screened(detected(MAX_AGE[kind])) is Reason.STALE


def test_the_operator_sets_the_life_of_a_type_and_leaves_the_others():
    policy = FilterPolicy(max_age={AlertType.IN_STOCK: MINUTE})
    assert screened(alert(timestamp=NOW - MINUTE), policy) is Reason.STALE
    assert screened(alert(type=AlertType.PRICE_DROP, timestamp=NOW - HOUR), policy) is None


def test_a_timestamp_ahead_of_us_buys_no_longer_life():
    assert end_of_life(alert(timestamp=NOW + MINUTE), NOW, MAX_AGE) == NOW + 10 * MINUTE
    assert end_of_life(alert(timestamp=NOW - MINUTE), NOW, MAX_AGE) == NOW + 9 * MINUTE


def test_five_minutes_ahead_is_a_wrong_clock_and_more_is_no_alert():
    assert not from_the_future(NOW + 5 * MINUTE, NOW)
    assert from_the_future(NOW + 5 * MINUTE + MICROSECOND, NOW)
    assert not from_the_future(NOW - HOUR, NOW)


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        ("1499.99", Reason.BELOW_MIN_PRICE),
        ("1500", None),
        ("2199.00", None),
        ("2199.01", Reason.ABOVE_MAX_PRICE),
        (None, None),
    ],
)
def test_price_limits_are_those_of_the_product_and_include_themselves(price, reason):
    assert screened(alert(price=price and Decimal(price))) is reason
    assert screened(alert(price=price and Decimal(price), sku="unlisted")) is None


@pytest.mark.parametrize(
    ("price", "told", "reason"),
    [
        ("90", 100, None),
        ("90.01", 100, Reason.PRICE_DROP_TOO_SMALL),
        ("90", "100.00", None),
        ("90", " 100 ", None),
        ("95", 100.0, Reason.PRICE_DROP_TOO_SMALL),
        ("100", "100", Reason.PRICE_DROP_TOO_SMALL),
        ("110", "100", Reason.PRICE_ROSE),
        ("0", "100", None),
        ("99", "a lot", None),
        ("99", None, None),
        ("99", True, None),
        ("99", float("nan"), None),
        ("99", "Infinity", None),
        ("99", -100, None),
        ("99", 0, None),
        ("99", [100], None),
        ("99", {"amount": 100}, None),
    ],
)
def test_a_drop_is_weighed_against_the_previous_price_its_detector_tells(price, told, reason):
    drop = alert(type=AlertType.PRICE_DROP, sku="x", price=Decimal(price), metadata={"previous_price": told})
    assert screened(drop, TEN_PERCENT) is reason


def test_without_one_it_is_weighed_against_the_last_price_of_the_episode():
    def drop(price):
        return alert(type=AlertType.PRICE_DROP, sku="x", price=Decimal(price))

    last = episode(
        opened_at=NOW - HOUR,
        in_stock=accepted(NOW - HOUR, "200"),
        price_drop=accepted(NOW - MINUTE, "100"),
        back_order=accepted(NOW - SECOND, None),
    )
    assert screened(drop("95"), TEN_PERCENT, last) is Reason.PRICE_DROP_TOO_SMALL
    assert screened(drop("90"), TEN_PERCENT, last) is None


def test_the_price_of_an_episode_that_has_ended_weighs_nothing():
    drop = alert(type=AlertType.PRICE_DROP, sku="x", price=Decimal(99))
    ended = episode(opened_at=NOW - HOUR, closed_at=NOW - MINUTE, in_stock=accepted(NOW - HOUR, "100"))
    before = episode(opened_at=NOW - MINUTE, in_stock=accepted(NOW - HOUR, "100"))
    assert screened(drop, TEN_PERCENT, ended) is None
    assert screened(drop, TEN_PERCENT, before) is None


def test_only_price_drops_are_weighed_so_and_small_ones_only_where_the_operator_asks():
    dearer = {"sku": "x", "price": Decimal(110), "metadata": {"previous_price": 100}}
    assert screened(alert(**dearer), TEN_PERCENT) is None
    assert screened(alert(type=AlertType.PRICE_DROP, **dearer), OPEN) is Reason.PRICE_ROSE
    less = {"sku": "x", "price": Decimal(99), "metadata": {"previous_price": 100}}
    assert screened(alert(type=AlertType.PRICE_DROP, **less), OPEN) is None


def test_a_rise_is_no_drop_whoever_knows_what_it_cost_before():
    last = episode(opened_at=NOW - HOUR, in_stock=accepted(NOW - HOUR, "100"))

    def sent(price, **metadata):
        return alert(type=AlertType.PRICE_DROP, sku="x", price=Decimal(price), metadata=metadata)

    assert screened(sent("110"), OPEN, last) is Reason.PRICE_ROSE
    assert screened(sent("110", previous_price="150"), OPEN, last) is None
    assert screened(sent("90", previous_price="80"), OPEN, last) is Reason.PRICE_ROSE
    assert screened(sent("110"), OPEN) is None


@pytest.mark.parametrize(
    ("price", "told", "currency", "reason"),
    [
        ("19.99", "19.994", "USD", None),
        ("19.994", "19.99", "USD", None),
        ("20.00", "19.994", "USD", Reason.PRICE_ROSE),
        ("1500.4", "1500.3", "JPY", None),
        ("1501", "1500.3", "JPY", Reason.PRICE_ROSE),
        ("1.2345", "1.2343", "KWD", None),
        ("1.236", "1.2343", "KWD", Reason.PRICE_ROSE),
    ],
)
def test_a_rise_is_one_where_people_can_see_it(price, told, currency, reason):
    drop = alert(
        type=AlertType.PRICE_DROP,
        sku="x",
        price=Decimal(price),
        currency=currency,
        metadata={"previous_price": told},
    )
    assert screened(drop, OPEN) is reason


def test_a_drop_is_not_weighed_against_a_price_in_another_currency():
    told = {"opened_at": NOW - HOUR, "in_stock": accepted(NOW - HOUR, "100")}
    euros = alert(type=AlertType.PRICE_DROP, sku="x", price=Decimal(110), currency="EUR")
    assert screened(euros, TEN_PERCENT, episode(**told)) is None
    both = episode(**told, in_stock_EUR=accepted(NOW - 2 * MINUTE, "115"))
    assert screened(euros, TEN_PERCENT, both) is Reason.PRICE_DROP_TOO_SMALL


@pytest.mark.parametrize("price", ["1", "1499.99", "2199.01", "1000000"])
def test_a_price_limit_says_nothing_of_another_currency(price):
    assert screened(alert(price=Decimal(price), currency="EUR")) is None
    assert screened(alert(price=Decimal(price))) is not None


def test_a_price_limit_is_compared_with_what_people_are_shown():
    assert screened(alert(price=Decimal("2199.004"))) is None
    assert screened(alert(price=Decimal("1499.996"))) is None


def test_filters_speak_in_their_order():
    policy = FilterPolicy(min_price_drop_percent=Decimal(10), excluded_retailers=frozenset({"bestbuy"}))
    bad = {"type": AlertType.PRICE_DROP, "price": Decimal(1), "metadata": {"previous_price": "1"}}
    late = NOW - 7 * HOUR
    assert screened(alert(**bad, timestamp=late), policy) is Reason.EXCLUDED_RETAILER
    assert screened(alert(**bad, timestamp=late), TEN_PERCENT) is Reason.STALE
    assert screened(alert(**bad), TEN_PERCENT) is Reason.BELOW_MIN_PRICE
    assert screened(alert(**bad, sku="x"), TEN_PERCENT) is Reason.PRICE_DROP_TOO_SMALL


def test_a_filtered_alert_carries_its_reason():
    assert screen(alert(timestamp=NOW - HOUR), None, NOW, OPEN, CATALOG) == Filtered(Reason.STALE)


@pytest.mark.parametrize(
    ("sku", "retailer", "asked", "priority"),
    [
        ("6634940", "bestbuy", None, 10),
        ("6634940", "anybody", 1, 10),
        ("14", "newegg", 3, 10),
        ("14", "NewEgg", 3, 10),
        ("14", "bestbuy", 3, 3),
        ("14", "bestbuy", None, 9),
    ],
)
def test_a_priority_sku_comes_first_whatever_its_sender_asked_for(sku, retailer, asked, priority):
    policy = FilterPolicy(priority_skus=frozenset({"6634940", "NewEgg: 14"}))
    assert priority_of(AlertType.IN_STOCK, sku, retailer, asked, policy) == priority


@pytest.mark.parametrize(
    ("kind", "priority"),
    [
        (AlertType.IN_STOCK, 9),
        (AlertType.PRICE_DROP, 8),
        (AlertType.RESTOCK_SOON, 5),
        (AlertType.BACK_ORDER, 2),
    ],
)
def test_a_type_has_its_own_priority_where_nobody_asks(kind, priority):
    assert priority_of(kind, "x", "y", None, OPEN) == priority
