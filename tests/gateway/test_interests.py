"""Which rooms an alert is for."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.station import record

from tocsin.core.alert import AlertType, Band
from tocsin.core.clock import SystemClock
from tocsin.gateway.broadcast import Writer
from tocsin.gateway.gauges import Gauges
from tocsin.gateway.interests import Interests
from tocsin.gateway.peer import Socket
from tocsin.rules.catalog import Catalog, Product, Retailer
from tocsin.rules.match import Match

CATALOG = Catalog(
    products={"fe": Product(name="fe", family="rtx50", skus=("bestbuy:1", "2"))},
    retailers={"bestbuy": Retailer(key="bestbuy", title="Best Buy", aliases=("bb",))},
)
SKUS = ["1", "2", "bestbuy:1", "Best Buy:1", "bb:2", "1*", "newegg:*", "bestbuy:a:b", "a:b"]
MATCHES = st.builds(
    Match,
    types=st.frozensets(st.sampled_from(AlertType), max_size=2),
    bands=st.frozensets(st.sampled_from(Band), max_size=1),
    min_priority=st.integers(1, 10),
    skus=st.frozensets(st.sampled_from(SKUS), max_size=3),
    retailers=st.frozensets(st.sampled_from(["bestbuy", "BB", "newegg", "best*"]), max_size=2),
    families=st.frozensets(st.sampled_from(["rtx50", "x"]), max_size=1),
)
RECORDS = st.builds(
    record,
    type=st.sampled_from(AlertType),
    priority=st.integers(1, 10),
    sku=st.sampled_from(["1", "2", "11", "a:b"]),
    retailer=st.sampled_from(["bestbuy", "newegg"]),
    price=st.just(Decimal(1)),
)


class Member(Socket):
    """A socket that is only counted."""

    def __init__(self) -> None:
        self.room = None


def interests() -> Interests:
    gauges = Gauges()
    return Interests(Writer(SystemClock(), gauges), gauges)


@settings(max_examples=200)
@given(st.lists(MATCHES, max_size=8), RECORDS)
def test_the_index_finds_exactly_the_rooms_that_match(matches, record_):
    index = interests()
    for match in matches:
        index.join(Member(), match)
    found = list(index.rooms(record_.alert, CATALOG))
    wanted = {match for match in matches if match.admits(record_.alert, CATALOG)}
    assert len(found) == len(wanted)
    assert sum(len(room.sockets) for room in found) == sum(match in wanted for match in matches)


def test_equal_interests_are_one_room():
    index = interests()
    for _ in range(3):
        index.join(Member(), Match(skus=frozenset({"1"})))
    (room,) = index.rooms(record(sku="1").alert, CATALOG)
    assert len(room.sockets) == 3


def test_other_interests_are_not_even_weighed():
    class Weighed(Match):
        def admits(self, alert, catalog):
            del catalog
            raise AssertionError(f"{self.skus} was weighed for {alert.sku}")

    index = interests()
    for number in range(5000):
        index.join(Member(), Weighed(skus=frozenset({str(number)})))
    assert list(index.rooms(record(sku="not one of them").alert, CATALOG)) == []


def test_an_empty_room_is_forgotten():
    index, gauges = interests(), Gauges()
    index = Interests(Writer(SystemClock(), gauges), gauges)
    match, member = Match(retailers=frozenset({"bestbuy"}), skus=frozenset({"1", "2"})), Member()
    index.join(member, match)
    assert gauges.interests == 1
    index.leave(match)
    assert gauges.interests == 1
    (room,) = index.rooms(record(sku="1").alert, CATALOG)
    room.sockets.clear()
    index.leave(match)
    assert gauges.interests == 0
    assert list(index.rooms(record(sku="1").alert, CATALOG)) == []
