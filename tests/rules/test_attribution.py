"""Attribution: the last click of a person before the purchase, within the window; robots and suspects never."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.made import HOUR, MINUTE, NOW, SECOND

from tocsin.core.attribution import Credit, CreditReason, Span, Told, Trail, Way
from tocsin.core.click import Click, ClickKind
from tocsin.core.delivery import Target
from tocsin.rules.attribution import Crediting, by_answer

SMS, MAIL, DISCORD = Target("sms", "vip"), Target("email", "daily"), Target("discord", "general")
R = CreditReason
DAY = timedelta(days=1)
CREDITING = Crediting()
ONCE = Span(NOW, NOW)
TODAY = Span(NOW.replace(hour=0), NOW.replace(hour=0) + DAY - SECOND / 1_000_000)


def clicked(at: datetime, kind: ClickKind = ClickKind.PERSON) -> Click:
    return Click(at, kind, "" if kind is ClickKind.PERSON else "why")


def told(*clicks: Click, delivery: int = 1, target: Target = SMS, **more: object) -> Told:
    plain = Told(delivery=delivery, alert=7, target=target, contact=3, at=NOW - HOUR, clicks=clicks)
    return replace(plain, **more)


PERSON, SUSPECT, ROBOT = ClickKind.PERSON, ClickKind.SUSPECT, ClickKind.ROBOT


@pytest.mark.parametrize(
    ("reason", "bought", "clicks"),
    [
        (R.CLICK, ONCE, [clicked(NOW - MINUTE)]),
        (R.CLICK, ONCE, [clicked(NOW)]),
        (R.CLICK, ONCE, [clicked(NOW - DAY)]),
        (R.CLICK, ONCE, [clicked(NOW - MINUTE, ROBOT), clicked(NOW - 2 * MINUTE)]),
        (R.OUTSIDE_WINDOW, ONCE, [clicked(NOW - DAY - SECOND)]),
        (R.BEFORE_CLICK, ONCE, [clicked(NOW + SECOND)]),
        (R.OUTSIDE_WINDOW, ONCE, [clicked(NOW - 2 * DAY), clicked(NOW + SECOND)]),
        (R.NOT_A_PERSON, ONCE, [clicked(NOW - MINUTE, ROBOT), clicked(NOW - MINUTE, SUSPECT)]),
        (R.NO_CLICK, ONCE, []),
        # a day of a report covers every click of that day, and those of the window before it
        (R.CLICK, TODAY, [clicked(NOW + 11 * HOUR)]),
        (R.CLICK, TODAY, [clicked(TODAY.first - DAY)]),
        (R.BEFORE_CLICK, TODAY, [clicked(TODAY.last + SECOND)]),
        (R.OUTSIDE_WINDOW, TODAY, [clicked(TODAY.first - DAY - SECOND)]),
    ],
)
def test_a_click_that_came_back(reason: CreditReason, bought: Span, clicks: list[Click]):
    credit = CREDITING.credit(bought, Trail(Way.CLICK, (told(*clicks),)))
    assert credit.reason is reason
    assert (credit.target == SMS) is (reason is R.CLICK)


def test_of_several_clicks_the_last_one_counts():
    first, last = clicked(NOW - 2 * HOUR), clicked(NOW - HOUR)
    later = clicked(NOW + HOUR)
    credit = CREDITING.credit(ONCE, Trail(Way.CLICK, (told(first, last, later),)))
    assert credit == Credit(reason=R.CLICK, target=SMS, alert=7, delivery=1, contact=3, clicked_at=last.at)


def test_what_is_not_kept_any_more_is_credited_to_nobody():
    assert CREDITING.credit(ONCE, Trail(Way.CLICK)).reason is R.FORGOTTEN
    assert CREDITING.credit(ONCE, Trail(Way.PERSON, known=False)).reason is R.FORGOTTEN
    assert CREDITING.credit(ONCE, Trail(Way.NONE)).reason is R.NO_KEY


def test_a_person_is_credited_to_the_link_they_followed_last():
    mail = told(clicked(NOW - MINUTE), delivery=2, target=MAIL)
    sms = told(clicked(NOW - HOUR), confirmed=True)
    credit = CREDITING.credit(ONCE, Trail(Way.PERSON, (sms, mail)))
    assert (credit.reason, credit.target, credit.clicked_at) == (R.LAST_CLICK, MAIL, NOW - MINUTE)


@pytest.mark.parametrize(
    ("reason", "delivery", "trail"),
    [
        (R.TOLD, 1, [told(confirmed=True), told(delivery=2, at=NOW - MINUTE)]),
        (R.TOLD, 2, [told(), told(delivery=2, at=NOW - MINUTE)]),
        (R.TOLD, 1, [told(clicked(NOW - MINUTE, ROBOT))]),
        (R.TOLD, 1, [told(), told(delivery=2, at=None)]),
        (R.NOT_TOLD, None, [told(at=None)]),
        (R.NOT_TOLD, None, [told(at=NOW + SECOND)]),
        (R.OUTSIDE_WINDOW, None, [told(at=NOW - DAY - SECOND)]),
        (R.NOT_TOLD, None, []),
    ],
)
def test_a_person_who_followed_no_link_is_credited_to_what_told_them_last(
    reason: CreditReason, delivery: int | None, trail: list[Told]
):
    credit = CREDITING.credit(ONCE, Trail(Way.PERSON, tuple(trail)))
    assert (credit.reason, credit.delivery) == (reason, delivery)


@pytest.mark.parametrize(
    ("reason", "delivery", "trail"),
    [
        (R.TRACKING, 2, [told(), told(clicked(NOW - HOUR), delivery=2)]),
        (R.TRACKING, None, [told(clicked(NOW - HOUR, SUSPECT))]),
        (R.NOT_TOLD, None, [told(at=NOW - DAY - SECOND)]),
        (R.NOT_TOLD, None, []),
    ],
)
def test_a_channel_is_credited_where_it_told_of_the_product(
    reason: CreditReason, delivery: int | None, trail: list[Told]
):
    credit = CREDITING.credit(ONCE, Trail(Way.TRACKING, tuple(trail)))
    assert (credit.reason, credit.delivery, credit.target == SMS) == (reason, delivery, reason is R.TRACKING)


def test_what_a_person_says_is_of_what_told_them():
    assert by_answer(told(delivery=5)) == Credit(reason=R.ANSWER, target=SMS, alert=7, delivery=5, contact=3)


moments = st.timedeltas(-3 * DAY, 3 * DAY).map(lambda away: NOW + away)
clicks = st.builds(Click, moments, st.sampled_from(ClickKind), st.just(""))
trails = st.lists(st.lists(clicks, max_size=4), max_size=3).map(
    lambda made: tuple(told(*one, delivery=number) for number, one in enumerate(made))
)


@given(trails, st.timedeltas(timedelta(0), 2 * DAY), st.sampled_from([Way.CLICK, Way.PERSON, Way.TRACKING]))
def test_a_click_that_is_credited_is_the_last_that_could_be(trail: tuple[Told, ...], window: timedelta, way: Way):
    credit = Crediting(window=window).credit(ONCE, Trail(way, trail))
    fit = [
        click.at
        for one in trail
        for click in one.clicks
        if click.kind is PERSON and timedelta(0) <= NOW - click.at <= window
    ]
    assert credit.clicked_at == max(fit, default=None)
    if credit.target is None:
        assert credit.delivery is None
