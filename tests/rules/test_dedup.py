from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import HOUR, MINUTE, NOW, SECOND, accepted, alert, episode

from tocsin.core.alert import Alert, AlertType, RepeatKey
from tocsin.core.decision import Accepted, Duplicate, Episode, LastAccepted, Reason
from tocsin.rules.dedup import AlertDeduplicator, DedupPolicy

RULES = AlertDeduplicator(DedupPolicy())
UNTIL_CLOSED = AlertDeduplicator(DedupPolicy(realert="episode"))
ORIGINAL = UUID(int=7)
MICROSECOND = timedelta(microseconds=1)


def in_stock_since(ago: timedelta, price: str | None = "1999.99") -> Episode:
    return episode(opened_at=NOW - ago, in_stock=accepted(NOW - ago, price))


def sold_out_since(ago: timedelta, *, in_stock: timedelta = HOUR) -> Episode:
    return episode(opened_at=NOW - in_stock, closed_at=NOW - ago, in_stock=accepted(NOW - in_stock))


def test_what_was_never_heard_of_is_new():
    assert RULES.should_send(alert(), None, NOW) == Accepted(Reason.NEW)
    assert RULES.should_send(alert(), episode(), NOW) == Accepted(Reason.NEW)


def test_a_repeat_within_the_cooldown_is_counted_on_its_original():
    assert RULES.should_send(alert(), in_stock_since(HOUR - MICROSECOND), NOW) == Duplicate(Reason.REPEAT, ORIGINAL)


def test_after_the_cooldown_a_repeat_is_news_again():
    assert RULES.should_send(alert(), in_stock_since(HOUR), NOW) == Accepted(Reason.COOLDOWN_OVER)


def test_a_type_may_have_its_own_cooldown():
    rules = AlertDeduplicator(DedupPolicy(by_type={AlertType.IN_STOCK: 30 * MINUTE}))
    assert rules.should_send(alert(), in_stock_since(30 * MINUTE), NOW) == Accepted(Reason.COOLDOWN_OVER)


def test_types_are_told_apart():
    drop = alert(type=AlertType.PRICE_DROP)
    assert RULES.should_send(drop, in_stock_since(MINUTE), NOW) == Accepted(Reason.NEW)


@pytest.mark.parametrize(
    ("earlier", "price", "same"),
    [
        ("100", "100", True),
        ("100", "101", True),
        ("100", "99.00", True),
        ("100", "101.01", False),
        ("100", "98.99", False),
        ("0", "0", True),
        ("0", "0.01", False),
        (None, None, True),
        (None, "100", False),
        ("100", None, False),
    ],
)
def test_a_price_is_the_same_within_the_tolerance_of_the_earlier_one(earlier, price, same):
    given_price = None if price is None else Decimal(price)
    ruling = RULES.should_send(alert(price=given_price), in_stock_since(MINUTE, earlier), NOW)
    assert ruling == (Duplicate(Reason.REPEAT, ORIGINAL) if same else Accepted(Reason.PRICE_CHANGED))


@pytest.mark.parametrize(
    ("earlier", "price", "same"),
    [("19.994", "19.99", True), ("19.99", "19.994", True), ("19.99", "19.985", False), ("0.004", "0", True)],
)
def test_prices_are_compared_as_people_are_shown_them(earlier, price, same):
    to_the_cent = AlertDeduplicator(DedupPolicy(price_tolerance_percent=Decimal(0)))
    ruling = to_the_cent.should_send(alert(price=Decimal(price)), in_stock_since(MINUTE, earlier), NOW)
    assert ruling == (Duplicate(Reason.REPEAT, ORIGINAL) if same else Accepted(Reason.PRICE_CHANGED))


def test_one_currency_never_equals_another():
    euros = alert(currency="EUR")
    assert RULES.should_send(euros, in_stock_since(MINUTE), NOW) == Accepted(Reason.PRICE_CHANGED)
    assert UNTIL_CLOSED.should_send(euros, in_stock_since(48 * HOUR), NOW) == Accepted(Reason.PRICE_CHANGED)


def test_a_shop_that_speaks_of_two_currencies_by_turns_tells_no_news_each_time():
    both = {"in_stock": accepted(NOW - MINUTE, identity=7), "in_stock_EUR": accepted(NOW - SECOND, "1800", identity=8)}
    told = episode(opened_at=NOW - HOUR, **both)
    assert RULES.should_send(alert(), told, NOW) == Duplicate(Reason.REPEAT, UUID(int=7))
    euros = alert(price=Decimal(1800), currency="EUR")
    assert RULES.should_send(euros, told, NOW) == Duplicate(Reason.REPEAT, UUID(int=8))


def test_without_a_price_the_currency_says_nothing():
    unpriced = episode(back_order=accepted(NOW - MINUTE, None))
    ruling = RULES.should_send(alert(type=AlertType.BACK_ORDER, price=None, currency="EUR"), unpriced, NOW)
    assert ruling == Duplicate(Reason.REPEAT, ORIGINAL)


def test_for_those_who_want_it_a_repeat_is_no_news_until_the_episode_ends():
    repeat = UNTIL_CLOSED.should_send(alert(), in_stock_since(48 * HOUR), NOW)
    assert repeat == Duplicate(Reason.SAME_EPISODE, ORIGINAL)
    assert UNTIL_CLOSED.should_send(alert(), in_stock_since(MINUTE), NOW) == Duplicate(Reason.REPEAT, ORIGINAL)
    cheaper = alert(price=Decimal(1000))
    assert UNTIL_CLOSED.should_send(cheaper, in_stock_since(MINUTE), NOW) == Accepted(Reason.PRICE_CHANGED)
    assert UNTIL_CLOSED.should_send(alert(), sold_out_since(10 * MINUTE), NOW) == Accepted(Reason.REOPENED)


def test_what_was_never_in_stock_has_no_episode_that_could_last():
    soon = alert(type=AlertType.RESTOCK_SOON)
    never_open = episode(restock_soon=accepted(NOW - 2 * HOUR))
    assert UNTIL_CLOSED.should_send(soon, never_open, NOW) == Accepted(Reason.COOLDOWN_OVER)


def test_back_in_stock_goes_through_even_within_the_cooldown():
    assert RULES.should_send(alert(), sold_out_since(2 * MINUTE), NOW) == Accepted(Reason.REOPENED)


def test_back_at_once_is_the_same_restock_flickering():
    back = RULES.should_send(alert(), sold_out_since(2 * MINUTE - MICROSECOND), NOW)
    assert back == Duplicate(Reason.FLAPPING, ORIGINAL)


def test_a_flicker_is_counted_on_the_last_of_its_type_in_that_episode():
    ended = {"opened_at": NOW - HOUR, "closed_at": NOW - SECOND}
    drop, stock = accepted(NOW - MINUTE, identity=8), accepted(NOW - HOUR, identity=7)
    both = episode(**ended, in_stock=stock, price_drop=drop)
    assert RULES.should_send(alert(), both, NOW) == Duplicate(Reason.FLAPPING, UUID(int=7))
    older = episode(**ended, in_stock=accepted(NOW - 5 * HOUR), price_drop=drop)
    assert RULES.should_send(alert(), older, NOW) == Duplicate(Reason.FLAPPING, UUID(int=8))
    nothing = episode(**ended)
    assert RULES.should_send(alert(), nothing, NOW) == Accepted(Reason.REOPENED)


def test_an_episode_that_has_ended_silences_nothing_of_the_next():
    reopened = episode(opened_at=NOW - MINUTE, in_stock=accepted(NOW - MINUTE), price_drop=accepted(NOW - 20 * MINUTE))
    assert RULES.should_send(alert(type=AlertType.PRICE_DROP), reopened, NOW) == Accepted(Reason.NEW)


def test_news_that_nobody_can_buy_neither_flicker_nor_reopen():
    soon = alert(type=AlertType.RESTOCK_SOON)
    assert RULES.should_send(soon, sold_out_since(SECOND), NOW) == Accepted(Reason.NEW)
    ended = {"opened_at": NOW - HOUR, "closed_at": NOW - 2 * MINUTE}
    told_before = episode(**ended, restock_soon=accepted(NOW - 3 * MINUTE))
    told_since = episode(**ended, restock_soon=accepted(NOW - MINUTE))
    assert RULES.should_send(soon, told_before, NOW) == Accepted(Reason.NEW)
    assert RULES.should_send(soon, told_since, NOW) == Duplicate(Reason.REPEAT, ORIGINAL)


@pytest.mark.parametrize("back", [SECOND, MINUTE, 59 * MINUTE])
def test_a_small_step_back_of_the_clock_makes_no_repeat_news(back):
    assert isinstance(RULES.should_send(alert(), in_stock_since(-back), NOW), Duplicate)


@pytest.mark.parametrize("back", [HOUR, 24 * HOUR, timedelta(days=365)])
def test_a_large_step_back_of_the_clock_silences_nobody(back):
    assert RULES.should_send(alert(), in_stock_since(-back), NOW) == Accepted(Reason.COOLDOWN_OVER)
    assert RULES.should_send(alert(), sold_out_since(-back), NOW) == Accepted(Reason.REOPENED)


# --- whole histories ------------------------------------------------------------------------------------------


class Taken(NamedTuple):
    """An accepted one. `stage` tells apart before, within and between episodes."""

    at: datetime
    key: RepeatKey
    price: Decimal | None
    reason: Reason
    stage: tuple[int, datetime | None]


@dataclass
class History:
    """One SKU as the ledger would remember it: what is accepted becomes the last of its type, and opens the episode;
    nothing is ever forgotten of an episode that has ended.
    """

    rules: AlertDeduplicator
    now: datetime = NOW
    episode: Episode | None = None
    taken: list[Taken] = field(default_factory=list)
    closes: int = 0

    def detect(self, kind: AlertType, price: Decimal | None, currency: str = "USD") -> Accepted | Duplicate:
        told = alert(type=kind, price=price, currency=currency, timestamp=self.now)
        ruling = self.rules.should_send(told, self.episode, self.now)
        if isinstance(ruling, Accepted):
            self._remember(told, ruling.reason)
        return ruling

    def close(self) -> None:
        known = self.episode
        if known is not None and known.opened_at is not None and known.closed_at is None:
            self.closes += 1
            self.episode = Episode(key=known.key, opened_at=known.opened_at, closed_at=self.now, last=known.last)

    def _remember(self, told: Alert, reason: Reason) -> None:
        known = self.episode or episode()
        opened_at, closed_at = known.opened_at, known.closed_at
        if told.type.buyable and (opened_at is None or closed_at is not None):
            opened_at, closed_at = self.now, None
        last = {**known.last, told.repeat_key: LastAccepted(UUID(int=len(self.taken) + 1), self.now, told.price)}
        self.episode = Episode(key=known.key, opened_at=opened_at, closed_at=closed_at, last=last)
        self.taken.append(Taken(self.now, told.repeat_key, told.price, reason, (self.closes, opened_at)))


PRICES = st.sampled_from([None, Decimal(100), Decimal("100.5"), Decimal(150)])
DETECTION = st.tuples(st.just("detect"), st.sampled_from(AlertType), PRICES, st.sampled_from(["USD", "EUR"]))
FORWARD = st.tuples(st.just("wait"), st.sampled_from([1, 30, 90, 119, 120, 600, 1800, 3599, 3600, 7200]))
JUMP = st.tuples(st.just("wait"), st.sampled_from([-1, -60, -1800, -3600, -86400]))
CLOSE = st.tuples(st.just("close"))
POLICIES = st.sampled_from([RULES, UNTIL_CLOSED, AlertDeduplicator(DedupPolicy(cooldown=timedelta(0)))])


def live(history: History, steps: list[tuple]) -> list[Accepted | Duplicate]:
    rulings = []
    for verb, *given_values in steps:
        match verb:
            case "detect":
                rulings.append(history.detect(*given_values))
            case "wait":
                history.now += timedelta(seconds=given_values[0])
            case "close":
                history.close()
    return rulings


@settings(max_examples=150, deadline=None)
@given(POLICIES, st.lists(DETECTION | FORWARD | CLOSE, max_size=40))
def test_nothing_is_accepted_twice_in_a_row_within_its_cooldown_in_one_episode(rules, steps):
    history = History(rules)
    live(history, steps)
    last: dict[RepeatKey, Taken] = {}
    for taken in history.taken:
        before = last.get(taken.key)
        if before is not None and before.stage == taken.stage and _alike(before.price, taken.price):
            assert taken.at - before.at >= rules.policy.cooldown_of(taken.key.type)
        last[taken.key] = taken


def _alike(one: Decimal | None, other: Decimal | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) < 1


@settings(max_examples=150, deadline=None)
@given(POLICIES, st.lists(DETECTION | FORWARD | CLOSE, max_size=40))
def test_after_each_close_one_restock_goes_through_and_only_one_is_called_so(rules, steps):
    history = History(rules)
    live(history, steps)
    reopened = [taken.stage[0] for taken in history.taken if taken.reason is Reason.REOPENED]
    assert len(reopened) == len(set(reopened))
    history.close()
    if history.closes:
        history.now += rules.policy.reopen_after_close
        assert history.detect(AlertType.IN_STOCK, Decimal(100)) == Accepted(Reason.REOPENED)


@settings(max_examples=150, deadline=None)
@given(POLICIES, st.lists(DETECTION | FORWARD | CLOSE | JUMP, max_size=40))
def test_whatever_the_clock_did_a_restock_is_told_within_twice_the_longest_window(rules, steps):
    history = History(rules)
    live(history, steps)
    history.close()
    reopens = history.episode is not None and history.episode.closed_at is not None
    if reopens or rules.policy.realert == "cooldown":
        before = len(history.taken)
        for _ in range(25):
            history.detect(AlertType.IN_STOCK, Decimal(100))
            history.now += 5 * MINUTE
        assert len(history.taken) > before


@settings(max_examples=150, deadline=None)
@given(POLICIES, st.lists(DETECTION | FORWARD | CLOSE | JUMP, max_size=40), st.sampled_from(AlertType), PRICES)
def test_the_same_detection_twice_at_one_time_is_at_most_one_alert(rules, steps, kind, price):
    history = History(rules)
    live(history, steps)
    history.detect(kind, price)
    if rules.policy.cooldown_of(kind):
        assert isinstance(history.detect(kind, price), Duplicate)


@settings(max_examples=60, deadline=None)
@given(st.lists(DETECTION | FORWARD | CLOSE, max_size=30), st.sampled_from([3600, 7200, 36000]), PRICES)
def test_a_clock_set_back_makes_at_most_a_few_repeats_news(steps, back, price):
    """A detector that goes on repeating one fact all day is not told all day."""
    history = History(RULES)
    live(history, steps)
    history.detect(AlertType.IN_STOCK, price)
    history.now -= timedelta(seconds=back)
    before = len(history.taken)
    for _ in range(back // 300):
        history.now += 5 * MINUTE
        history.detect(AlertType.IN_STOCK, price)
    assert len(history.taken) - before <= 3 + back // 3600


@settings(max_examples=60, deadline=None)
@given(POLICIES, st.lists(DETECTION | FORWARD | CLOSE | JUMP, max_size=40))
def test_a_duplicate_names_an_alert_that_was_accepted(rules, steps):
    history = History(rules)
    for ruling in live(history, steps):
        if isinstance(ruling, Duplicate):
            assert 1 <= ruling.original.int <= len(history.taken)
