from tests.rules.made import HOUR, MINUTE, NOW, SECOND, accepted, episode

from tocsin.core.alert import AlertType, RepeatKey
from tocsin.rules.episode import standing

EARLY, LATE = accepted(NOW - HOUR), accepted(NOW - MINUTE)


def test_of_nothing_nothing_stands():
    assert standing(None, NOW) == {}
    assert standing(episode(), NOW) == {}


def test_before_the_first_restock_all_of_it_stands():
    assert standing(episode(restock_soon=EARLY), NOW) == {RepeatKey(AlertType.RESTOCK_SOON, "USD"): EARLY}


def test_what_was_accepted_before_the_restock_does_not_stand():
    both = episode(opened_at=NOW - MINUTE, in_stock=LATE, price_drop=EARLY)
    assert standing(both, NOW) == standing(both, LATE.at) == {RepeatKey(AlertType.IN_STOCK, "USD"): LATE}


def test_while_sold_out_only_what_came_since_stands():
    both = episode(opened_at=NOW - 2 * HOUR, closed_at=NOW - 2 * MINUTE, in_stock=EARLY, restock_soon=LATE)
    assert standing(both, NOW) == {RepeatKey(AlertType.RESTOCK_SOON, "USD"): LATE}


def test_a_beginning_that_lies_ahead_tells_nothing():
    both = episode(opened_at=NOW + SECOND, in_stock=LATE, price_drop=EARLY)
    assert len(standing(both, NOW)) == 2
