from dataclasses import replace
from decimal import Decimal

from tests.rules.made import CATALOG, GENERAL, HIGH, HOUR, MINUTE, NOW, accepted, alert, episode

from tocsin.core.decision import Accepted, Duplicate, Filtered, Reason
from tocsin.core.delivery import Why
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy
from tocsin.rules.filters import FilterPolicy
from tocsin.rules.match import Match
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy
from tocsin.rules.rulebook import Rulebook

BOOK = Rulebook(
    catalog=CATALOG,
    filters=FilterPolicy(),
    dedup=AlertDeduplicator(DedupPolicy()),
    routing=RoutingPolicy(
        routes=(
            Route(name="gpu", match=Match(families=frozenset({"rtx50"})), to=(HIGH,)),
            Route(name="rest", match=Match(unrouted=True), to=(GENERAL,)),
        ),
        targets={target: TargetPolicy(target=target, lane=str(target)) for target in (HIGH, GENERAL)},
    ),
)
IN_STOCK = episode(opened_at=NOW - MINUTE, in_stock=accepted(NOW - MINUTE))


def test_an_accepted_alert_carries_its_reason_and_its_plans():
    ruling = BOOK.decide(alert(), None, NOW)
    assert isinstance(ruling, Accepted)
    assert (ruling.reason, [each.target for each in ruling.plans]) == (Reason.NEW, [HIGH])


def test_filters_speak_before_dedup():
    assert BOOK.decide(alert(timestamp=NOW - HOUR), IN_STOCK, NOW) == Filtered(Reason.STALE)


def test_a_duplicate_is_planned_nowhere():
    assert BOOK.decide(alert(), IN_STOCK, NOW) == Duplicate(Reason.REPEAT, IN_STOCK.last[alert().repeat_key].alert_id)


def test_an_alert_that_no_target_hears_of_is_accepted_all_the_same():
    nowhere = replace(BOOK, routing=RoutingPolicy(routes=(), targets={}))
    assert nowhere.decide(alert(price=Decimal(2000)), None, NOW) == Accepted(Reason.NEW)


def test_disabled_targets_reach_the_plan():
    ruling = BOOK.decide(alert(), None, NOW, frozenset({HIGH}))
    assert isinstance(ruling, Accepted)
    assert [each.why for each in ruling.plans] == [Why.NO_TARGET]


def test_deciding_twice_is_deciding_once():
    assert BOOK.decide(alert(), IN_STOCK, NOW) == BOOK.decide(alert(), IN_STOCK, NOW)
