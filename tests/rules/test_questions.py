"""A reader is asked once for a click, neither at once nor late, and seldom."""

from datetime import timedelta

import pytest
from tests.rules.made import NOW

from tocsin.core.address import AddressKind
from tocsin.core.recipients import Question, Recipient
from tocsin.core.secret import Secret
from tocsin.rules.questions import AFTER, WITHIN, QuestionRule

WEEK = QuestionRule(every=timedelta(days=7))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A_BIT = timedelta(microseconds=1)


def reader(clicked: timedelta, asked: timedelta | None = None, wishes: str | None = None) -> Recipient:
    """So long ago."""
    question = Question(about=1, title="PS5", clicked_at=NOW - clicked, asked_at=None if asked is None else NOW - asked)
    return Recipient(
        slot=1, kind=AddressKind.MAILBOX, value=Secret("a@example.com"), lookup=b"", wishes=wishes, question=question
    )


@pytest.mark.parametrize(
    ("clicked", "asked", "is_asked"),
    [
        (AFTER - A_BIT, None, False),
        (AFTER, None, True),
        (WITHIN, None, True),
        (WITHIN + A_BIT, None, False),
        (DAY, 7 * DAY, True),
        (DAY, 7 * DAY - A_BIT, False),
        (2 * DAY, DAY, False),
    ],
)
def test_a_click_is_asked_of_in_its_time_and_not_sooner_than_a_week_after_the_last(
    clicked: timedelta, asked: timedelta | None, is_asked: object
):
    assert WEEK.is_asked(reader(clicked, asked), NOW) is is_asked


def test_a_click_is_asked_of_once_however_often_may_be_asked():
    often = QuestionRule(every=HOUR)
    assert often.is_asked(reader(2 * DAY, 3 * DAY), NOW)
    assert not often.is_asked(reader(2 * DAY, DAY), NOW)


def test_who_wants_no_questions_is_asked_none_nor_anybody_where_none_are_asked():
    assert not WEEK.is_asked(reader(DAY, wishes='{"questions": false}'), NOW)
    assert WEEK.is_asked(reader(DAY, wishes='{"questions": true}'), NOW)
    assert not QuestionRule(every=None).is_asked(reader(DAY), NOW)
    nothing = Recipient(slot=1, kind=AddressKind.MAILBOX, value=Secret("a@example.com"), lookup=b"")
    assert not WEEK.is_asked(nothing, NOW)
