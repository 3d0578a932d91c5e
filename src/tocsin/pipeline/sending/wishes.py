"""Looks at what people wish of what is about to leave: how many alerts a day, and no sound while they sleep."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin.channels.contract import Attempt, Member
from tocsin.core.recipients import Recipient
from tocsin.ledger.contract import DayLimit
from tocsin.rules.personal import day_of, is_silent, wishes_of
from tocsin.rules.rulebook import Rulebook


def day_limit(recipient: Recipient, channel: str, now: datetime, zone_of_others: ZoneInfo) -> DayLimit | None:
    """How many alerts the person wants of that channel today; None: all."""
    most = wishes_of(recipient).by(channel).per_day
    return None if most is None else DayLimit(most, *day_of(recipient, now, zone_of_others))


def as_wished(attempt: Attempt, book: Rulebook) -> Attempt:
    """The attempt as each of its people wants it to arrive."""
    if all(_has_no_wish(member) for member in attempt.members):
        return attempt
    members = tuple(replace(one, silent=_is_silent(one, attempt.started_at, book)) for one in attempt.members)
    return replace(attempt, members=members)


def _has_no_wish(member: Member) -> bool:
    return member.recipient is None or member.recipient.wishes is None


def _is_silent(member: Member, now: datetime, book: Rulebook) -> bool:
    """What is critical wakes whoever sleeps."""
    if member.recipient is None or member.delivery.route in book.routing.critical:
        return False
    return is_silent(member.recipient, member.record.alert, book.catalog, now, book.people.zone)
