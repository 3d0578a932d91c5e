from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import CATALOG, GENERAL, HIGH, HOUR, MINUTE, NOW, SECOND, STAFF, alert

from tocsin.core.address import AddressKind
from tocsin.core.alert import AlertType
from tocsin.core.decision import Chosen, Plan, Reserve
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.rules.audience import Directory, KeptList, ListPolicy, Wish
from tocsin.rules.catalog import Catalog, Retailer
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.quiet import QuietAction, QuietHours, QuietRule
from tocsin.rules.routing import Route, RoutingPolicy, TargetPolicy, plan

NOWHERE = Target("fax", "basement")
UNLISTED = Catalog()
LIFE = 10 * MINUTE
STATE, WHY = DeliveryState, Why


def targets(*names: Target, **changes) -> dict[Target, TargetPolicy]:
    """Policies for these targets; `changes` are of the first."""
    policies = {name: TargetPolicy(target=name, lane=f"lane {name}") for name in names}
    return policies | {names[0]: replace(policies[names[0]], **changes)}


def route(*to: Target, match: Match = EVERYTHING, **more) -> Route:
    return Route(name="a route", match=match, to=to, **more)


def planned(*routes: Route, told=None, known=None, disabled=(), catalog=UNLISTED, now=NOW) -> tuple[Plan, ...]:
    policy = RoutingPolicy(routes=routes, targets=known or targets(GENERAL, HIGH, STAFF))
    return plan(told or alert(), now, policy, catalog, frozenset(disabled))


def told_to(*routes: Route, **given_) -> list[Target]:
    return [each.target for each in planned(*routes, **given_)]


SKIPPED = Match(types=frozenset({AlertType.BACK_ORDER}))
UNROUTED = Match(unrouted=True)


def test_a_plan_says_which_lane_from_when_and_until_when():
    (made,) = planned(route(GENERAL))
    assert made == Plan(target=GENERAL, lane="lane discord:general", due=NOW, expires_at=NOW + LIFE, route="a route")


def test_a_plan_names_the_route_that_led_to_it_first():
    catalog = Catalog(retailers={"bestbuy": Retailer(key="bestbuy", title="Best Buy", to=(STAFF, GENERAL))})
    gpu = Route(name="gpu", match=EVERYTHING, to=(HIGH,), fallback=(GENERAL,))
    rest = Route(name="rest", match=EVERYTHING, to=(GENERAL, HIGH))
    plans = planned(gpu, rest, catalog=catalog)
    assert [(str(each.target), each.route) for each in plans] == [
        ("discord:high_priority", "gpu"),
        ("discord:general", "rest"),
        ("discord:staff", "retailer bestbuy"),
    ]
    (backed,) = planned(gpu)
    assert [each.route for each in (backed, *backed.fallback)] == ["gpu", "gpu"]


def test_retailers_with_the_same_targets_are_told_apart():
    shops = {key: Retailer(key=key, title=key, to=(STAFF,)) for key in ("bestbuy", "newegg")}
    policy = RoutingPolicy(routes=(), targets=targets(STAFF))
    for key in shops:
        (made,) = plan(alert(retailer=key), NOW, policy, Catalog(retailers=shops))
        assert made.route == f"retailer {key}"


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([], []),
        ([route(GENERAL, match=SKIPPED)], []),
        ([route(HIGH), route(GENERAL)], [HIGH, GENERAL]),
        ([route(HIGH, GENERAL), route(GENERAL, HIGH, STAFF)], [HIGH, GENERAL, STAFF]),
        ([route(HIGH, stop=True), route(GENERAL)], [HIGH]),
        ([route(HIGH, stop=True, match=SKIPPED), route(GENERAL)], [GENERAL]),
        ([route(HIGH), route(GENERAL, match=UNROUTED)], [HIGH]),
        ([route(HIGH, match=SKIPPED), route(GENERAL, match=UNROUTED)], [GENERAL]),
        ([route(HIGH, match=UNROUTED), route(GENERAL, match=UNROUTED), route(STAFF)], [HIGH, STAFF]),
        ([route(NOWHERE), route(GENERAL, match=UNROUTED)], []),
        ([route(NOWHERE, GENERAL)], [GENERAL]),
    ],
    ids=str,
)
def test_every_matching_route_adds_its_targets_until_one_stops(routes, expected):
    assert told_to(*routes) == expected


def test_a_retailers_own_targets_are_added_once():
    catalog = Catalog(retailers={"bestbuy": Retailer(key="bestbuy", title="Best Buy", to=(STAFF, GENERAL, NOWHERE))})
    assert told_to(route(GENERAL, stop=True), catalog=catalog) == [GENERAL, STAFF]
    assert told_to(catalog=catalog) == [STAFF, GENERAL]
    assert told_to(route(GENERAL), told=alert(retailer="newegg"), catalog=catalog) == [GENERAL]


def test_life_is_the_targets_own_and_counts_from_the_earlier_time():
    brief = targets(GENERAL, HIGH, max_age={AlertType.IN_STOCK: 3 * MINUTE})
    general, high = planned(route(GENERAL, HIGH), known=brief, told=alert(timestamp=NOW - MINUTE))
    assert (general.expires_at, high.expires_at) == (NOW + 2 * MINUTE, NOW + 9 * MINUTE)
    (ahead,) = planned(route(HIGH), known=brief, told=alert(timestamp=NOW + MINUTE))
    assert ahead.expires_at == NOW + LIFE


def test_what_is_past_its_life_for_one_target_is_expired_there_alone():
    brief = targets(GENERAL, HIGH, max_age={AlertType.IN_STOCK: 3 * MINUTE})
    general, high = planned(route(GENERAL, HIGH), known=brief, told=alert(timestamp=NOW - 3 * MINUTE))
    assert (general.state, general.why) == (STATE.EXPIRED, WHY.PAST_LIFE)
    assert (high.state, high.why) == (STATE.PENDING, None)


def test_in_shadow_everything_is_decided_and_nothing_sent():
    (made,) = planned(route(GENERAL), known=targets(GENERAL, shadow=True))
    assert (made.state, made.why, made.expires_at) == (STATE.CANCELLED, WHY.SHADOW, NOW + LIFE)


QUIET = QuietHours(start=time(11), end=time(12, 5), zone=ZoneInfo("UTC"), loud=Match(min_priority=10), name="lunch")
END = datetime(2026, 3, 2, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("do", "state", "why", "due", "detail"),
    [
        (QuietAction.UNMENTION, STATE.PENDING, None, NOW, ""),
        (QuietAction.SILENT, STATE.PENDING, None, NOW, ""),
        (QuietAction.HOLD, STATE.PENDING, None, END, "held until 12:05 (UTC) by the quiet hours lunch"),
        (QuietAction.DROP, STATE.CANCELLED, WHY.QUIET, NOW, "dropped by the quiet hours lunch"),
    ],
)
def test_quiet_hours_hold_or_drop_what_is_not_loud(do, state, why, due, detail):
    quiet = targets(GENERAL, quiet=QuietRule(QUIET, do))
    (made,) = planned(route(GENERAL), known=quiet)
    assert (made.state, made.why, made.due, made.detail) == (state, why, due, detail)
    (loud,) = planned(route(GENERAL), known=quiet, told=alert(priority=10))
    assert (loud.state, loud.due, loud.detail) == (STATE.PENDING, NOW, "")


def test_what_is_not_held_after_all_is_not_said_to_be():
    """In shadow, or too old for its channel already."""
    for more in ({"shadow": True}, {"max_age": {AlertType.IN_STOCK: 0 * SECOND}}):
        (made,) = planned(route(GENERAL), known=targets(GENERAL, quiet=QuietRule(QUIET, QuietAction.HOLD), **more))
        assert (made.state is STATE.PENDING, made.detail) == (False, "")


def test_what_does_not_outlive_the_quiet_hours_waits_all_the_same():
    night = QuietHours(start=time(11), end=time(20), zone=ZoneInfo("UTC"))
    (made,) = planned(route(GENERAL), known=targets(GENERAL, quiet=QuietRule(night, QuietAction.HOLD)))
    assert made.state is STATE.PENDING
    assert made.due > made.expires_at


def test_a_fallback_stands_behind_every_target_of_its_route():
    high, staff = planned(route(HIGH, STAFF, fallback=(GENERAL,)))
    assert [each.target for each in high.fallback] == [GENERAL]
    assert high.fallback == staff.fallback
    (behind,) = high.fallback
    assert (behind.lane, behind.expires_at, behind.fallback) == ("lane discord:general", NOW + LIFE, ())
    assert behind.fail_over_at is None


@pytest.mark.parametrize(
    ("kind", "configured", "patience"),
    [
        (AlertType.IN_STOCK, None, 30 * SECOND),
        (AlertType.BACK_ORDER, None, 30 * SECOND),
        (AlertType.RESTOCK_SOON, None, 12 * SECOND),
        (AlertType.IN_STOCK, 3 * SECOND, 3 * SECOND),
    ],
)
def test_a_fallback_takes_over_after_half_a_minute_or_a_fifth_of_a_life(kind, configured, patience):
    known = targets(HIGH, GENERAL, fail_over_after=configured, max_age={AlertType.RESTOCK_SOON: MINUTE})
    (made,) = planned(route(HIGH, fallback=(GENERAL,)), told=alert(type=kind), known=known)
    assert made.fail_over_at == NOW + patience


def test_without_a_fallback_there_is_no_time_to_fail_over():
    (made,) = planned(route(HIGH))
    assert made.fail_over_at is None
    (unknown,) = planned(route(HIGH, fallback=(NOWHERE,)))
    assert (unknown.fallback, unknown.fail_over_at) == ((), None)


def test_what_quiet_hours_hold_fails_over_only_after_them():
    quiet = targets(HIGH, GENERAL, quiet=QuietRule(QUIET, QuietAction.HOLD))
    (made,) = planned(route(HIGH, fallback=(GENERAL,)), known=quiet)
    assert made.fail_over_at == END + 30 * SECOND


def test_fallbacks_stand_in_a_row_each_with_its_own_patience():
    known = targets(GENERAL, HIGH, STAFF, fail_over_after=7 * SECOND)
    (made,) = planned(route(HIGH, fallback=(GENERAL, STAFF)), known=known)
    first, second = made.fallback
    assert (first.target, first.fail_over_at) == (GENERAL, NOW + 7 * SECOND)
    assert (second.target, second.fail_over_at) == (STAFF, None)


def test_a_parallel_fallback_is_told_at_once():
    made = planned(route(HIGH, fallback=(GENERAL,), parallel=True))
    assert [(each.target, each.fallback) for each in made] == [(HIGH, ()), (GENERAL, ())]


def test_what_hears_of_it_anyway_is_nobodys_fallback():
    high, general = planned(route(HIGH, fallback=(GENERAL,)), route(GENERAL))
    assert (high.fallback, high.fail_over_at) == ((), None)
    assert general.target == GENERAL


def test_two_routes_to_one_target_join_their_fallbacks():
    (made,) = planned(route(HIGH, fallback=(GENERAL,)), route(HIGH, fallback=(STAFF, GENERAL)))
    assert [each.target for each in made.fallback] == [GENERAL, STAFF]


def test_a_disabled_target_is_refused_and_its_fallback_told_at_once():
    high, general = planned(route(HIGH, fallback=(GENERAL, STAFF)), disabled=[HIGH])
    assert (high.target, high.state, high.why, high.fallback) == (HIGH, STATE.REFUSED, WHY.NO_TARGET, ())
    assert (general.target, general.state, general.due) == (GENERAL, STATE.PENDING, NOW)
    assert [each.target for each in general.fallback] == [STAFF]


def test_a_disabled_fallback_is_passed_over():
    high, staff = planned(route(HIGH, fallback=(GENERAL, STAFF)), disabled=[HIGH, GENERAL])
    assert (high.why, staff.target, staff.fallback, staff.fail_over_at) == (WHY.NO_TARGET, STAFF, (), None)


def test_a_fallback_that_is_disabled_now_may_be_enabled_when_its_turn_comes():
    (made,) = planned(route(HIGH, fallback=(GENERAL,)), disabled=[GENERAL])
    assert [(each.target, each.state) for each in made.fallback] == [(GENERAL, STATE.PENDING)]


def test_with_every_target_disabled_the_refusals_are_on_record():
    made = planned(route(HIGH, fallback=(GENERAL,)), disabled=[HIGH, GENERAL])
    assert [(each.target, each.why) for each in made] == [(HIGH, WHY.NO_TARGET)]


def test_a_fallback_in_shadow_or_past_its_life_takes_over_from_nobody():
    shadow = targets(GENERAL, HIGH, shadow=True)
    (made,) = planned(route(HIGH, fallback=(GENERAL,)), known=shadow)
    assert made.fallback == ()
    brief = targets(GENERAL, HIGH, max_age={AlertType.IN_STOCK: SECOND})
    (late,) = planned(route(HIGH, fallback=(GENERAL,)), known=brief, told=alert(timestamp=NOW - MINUTE))
    assert late.fallback == ()


ALL = (GENERAL, HIGH, STAFF, NOWHERE)
SOME = st.lists(st.sampled_from(ALL), unique=True, max_size=3).map(tuple)
ROUTES = st.builds(
    Route,
    name=st.just("r"),
    match=st.sampled_from([EVERYTHING, SKIPPED, UNROUTED]),
    to=SOME,
    fallback=SOME,
    parallel=st.booleans(),
    stop=st.booleans(),
)


@settings(max_examples=200)
@given(st.lists(ROUTES, max_size=4), st.frozensets(st.sampled_from(ALL)), st.integers(0, 700))
def test_however_routes_are_drawn_no_target_is_planned_twice_and_every_plan_can_be_kept(routes, disabled, age):
    told = alert(timestamp=NOW - timedelta(seconds=age))
    made = planned(*routes, told=told, disabled=disabled)
    names = [each.target for each in made]
    assert len(names) == len(set(names))
    assert NOWHERE not in names
    for each in made:
        row = [behind.target for behind in each.fallback]
        assert len(row) == len(set(row))
        assert (each.fail_over_at is not None) == bool(row)
        assert each.expires_at - told.timestamp == LIFE
        if each.state is STATE.PENDING:
            assert each.target not in disabled
            assert each.expires_at > NOW
        else:
            assert each.why is not None
            assert row == []


@given(st.lists(ROUTES, max_size=4))
def test_whoever_an_enabled_route_names_hears_of_it(routes):
    names = set(told_to(*routes))
    first = next((each for each in routes if each.match is not SKIPPED), None)
    if first is not None:
        assert set(first.to) - {NOWHERE} <= names


def test_an_hour_old_alert_is_still_planned_for_the_record():
    (made,) = planned(route(GENERAL), told=alert(timestamp=NOW - HOUR))
    assert made.state is STATE.EXPIRED


def test_only_what_the_catalog_knows_joins_and_only_where_the_target_wants_it():
    joining = targets(GENERAL, HIGH, join=30 * MINUTE)
    general, high = planned(route(GENERAL, HIGH), known=joining, catalog=CATALOG)
    assert (general.product, high.product) == ("rtx-5090-fe", None)
    (unlisted,) = planned(route(GENERAL), known=joining)
    assert unlisted.product is None
    (first,) = planned(route(HIGH, fallback=(GENERAL,)), known=joining, catalog=CATALOG)
    assert [behind.product for behind in first.fallback] == ["rtx-5090-fe"]


def test_a_lane_knows_which_of_its_targets_join():
    policy = RoutingPolicy(routes=(), targets=targets(GENERAL, HIGH, join=30 * MINUTE))
    assert {lane: [one.target for one in each] for lane, each in policy.joining.items()} == {
        f"lane {GENERAL}": [GENERAL]
    }


PHONE = frozenset({AddressKind.PHONE})
EVERYONE, VIP, NIGHT = (Target("sms", name) for name in ("everyone", "vip", "night"))
MANY = ListPolicy(kinds=PHONE, most=5, given=True)
BY_SMS = TargetPolicy(target=EVERYONE, lane="sms:main", people=MANY, fail_over_after=7 * SECOND)
TWO, THREE = 0b0110, 0b1110  # the slots 1 and 2, and one more


def texting(*routes: Route, written: ListPolicy | None = None) -> RoutingPolicy:
    """A channel of people beside others; `written`: the file has a list, too."""
    known = targets(GENERAL) | {EVERYONE: BY_SMS}
    fixed = {} if written is None else {VIP: replace(BY_SMS, target=VIP, people=written)}
    return RoutingPolicy(routes=routes, targets=known | fixed, lists={"sms": BY_SMS})


def three_people(**lists: KeptList) -> Directory:
    kept = {Target("sms", name): one for name, one in lists.items()}
    return Directory(
        version=1, kinds={AddressKind.PHONE: THREE}, tags={"vip": TWO}, willing=THREE, contacts=[0, 1, 2, 3], lists=kept
    )


def heard(policy: RoutingPolicy, directory: Directory, catalog: Catalog = UNLISTED) -> dict[Target, object]:
    plans = plan(alert(), NOW, policy, catalog, directory=directory)
    return {each.target: each.people.everybody if isinstance(each.people, Chosen) else None for each in plans}


VIPS = KeptList(tag="vip")


@pytest.mark.parametrize(
    ("policy", "lists", "expected"),
    [
        (texting(route(VIP)), {}, {}),
        (texting(route(VIP)), {"vip": VIPS}, {VIP: TWO}),
        (texting(route(VIP)), {"night": VIPS}, {}),
        (texting(route(VIP, GENERAL)), {}, {GENERAL: None}),
        (texting(route(VIP, EVERYONE)), {"vip": VIPS}, {VIP: TWO, EVERYONE: 0b1000}),
        (texting(route(EVERYONE)), {"vip": VIPS}, {EVERYONE: THREE}),
        (texting(route(EVERYONE)), {"everyone": VIPS}, {EVERYONE: TWO}),
        (texting(route(VIP), written=ListPolicy(kinds=PHONE)), {"vip": VIPS}, {VIP: THREE}),
        (texting(route(VIP)), {"vip": KeptList(contacts=0b0100)}, {VIP: 0b0100}),
        (RoutingPolicy(routes=(route(VIP, GENERAL),), targets=targets(GENERAL)), {"vip": VIPS}, {GENERAL: None}),
    ],
    ids=[
        "nobody keeps it",
        "a call keeps it",
        "a call keeps another",
        "the others of the route are told",
        "nobody is told twice",
        "a list without a route is told nothing",
        "a call says who everyone is",
        "what the file says counts",
        "people by name",
        "its channel is not there",
    ],
)
def test_a_list_of_a_call_is_a_target_as_soon_as_it_is_kept(policy, lists, expected):
    assert heard(policy, three_people(**lists)) == expected
    assert heard(policy, three_people(**lists)) == expected, "the second time from what was kept"


def test_a_list_that_comes_and_goes_is_a_target_while_it_is_there():
    policy = texting(route(VIP))
    for lists in ({}, {"vip": VIPS}, {}, {"vip": KeptList(contacts=THREE)}):
        assert heard(policy, three_people(**lists)).keys() == ({VIP} if lists else set())


def test_a_list_of_a_call_is_served_as_all_of_its_channel():
    policy = texting(route(VIP, fallback=(GENERAL,)))
    (made,) = plan(alert(), NOW, policy, UNLISTED, directory=three_people(vip=VIPS))
    assert (made.lane, made.fail_over_at, [each.target for each in made.fallback]) == (
        "sms:main",
        NOW + 7 * SECOND,
        [GENERAL],
    )
    assert policy.policy_of(NIGHT) == replace(BY_SMS, target=NIGHT)
    assert policy.policy_of(NOWHERE) is None


def test_a_list_of_a_call_stands_behind_another_target():
    policy = texting(route(GENERAL, fallback=(VIP, NIGHT)))
    (without,) = plan(alert(), NOW, policy, UNLISTED, directory=three_people())
    assert without.fallback == ()
    (backed,) = plan(alert(), NOW, policy, UNLISTED, directory=three_people(vip=VIPS))
    assert [(each.target, each.people) for each in backed.fallback] == [(VIP, Reserve(TWO, 5))]


def test_a_list_of_a_call_that_is_disabled_is_refused():
    policy = texting(route(VIP))
    (made,) = plan(alert(), NOW, policy, UNLISTED, frozenset({VIP}), directory=three_people(vip=VIPS))
    assert (made.state, made.why) == (STATE.REFUSED, WHY.NO_TARGET)


def test_a_retailers_own_list_may_be_one_of_a_call():
    catalog = Catalog(retailers={"bestbuy": Retailer(key="bestbuy", title="Best Buy", to=(VIP,))})
    assert heard(texting(), three_people(), catalog) == {}
    assert heard(texting(), three_people(vip=VIPS), catalog) == {VIP: TWO}


def test_what_needs_no_list_is_served_as_the_configuration_has_it():
    policy = texting(route(GENERAL))
    assert heard(policy, three_people(vip=VIPS)) == {GENERAL: None}
    assert not next(iter(policy.known.values())).lists


def test_what_one_of_its_routes_calls_critical_passes_mutes_and_is_told_by_that_routes_name():
    picture = replace(three_people(), muted=(Wish(EVERYTHING, TWO),))
    plain, loud = (replace(route(EVERYONE), name=name, critical=name == "loud") for name in ("plain", "loud"))
    for routes, name, told in (((plain,), "plain", THREE ^ TWO), ((plain, loud), "loud", THREE)):
        (made,) = plan(alert(), NOW, texting(*routes), UNLISTED, directory=picture)
        assert isinstance(made.people, Chosen)
        assert (made.route, made.people.everybody) == (name, told)
    behind = route(GENERAL, fallback=(EVERYONE,), critical=True)
    (made,) = plan(alert(), NOW, texting(behind), UNLISTED, directory=picture)
    assert made.fallback[0].people == Reserve(THREE, 5)
