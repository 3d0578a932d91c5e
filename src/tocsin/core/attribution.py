"""Attribution: which alert, told where and to whom, brought a purchase."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from tocsin.core.click import Click
from tocsin.core.delivery import Target

LONGEST_WINDOW = timedelta(days=60)
"""So long at most after a click, or after an alert was told, a purchase may follow from it: what was told is looked for
that far back, and no further."""


class CreditReason(StrEnum):
    """The reasons why a purchase is credited as it is; those after `answer` say why it is not."""

    CLICK = "click"  # the code of its click came back
    LAST_CLICK = "last_click"  # of the links of that alert, the person followed that one last
    TOLD = "told"  # the person was told of that alert so, and followed no link
    TRACKING = "tracking"  # the network knows the channel, and the product was told of there
    ANSWER = "answer"  # the person says so
    NO_KEY = "no_key"  # nothing says what brought it
    NO_CLICK = "no_click"  # nobody followed that link
    NOT_A_PERSON = "not_a_person"  # robots and suspects alone followed it
    BEFORE_CLICK = "before_click"  # it was bought before anybody followed the link
    OUTSIDE_WINDOW = "outside_window"  # it was bought too long after
    NOT_TOLD = "not_told"  # of no such alert that person, or that channel, was told
    FORGOTTEN = "forgotten"  # what was told is not kept any more


class Span(NamedTuple):
    """When something was bought: an instant, or from the first to the last of a report's day."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery as purchases are credited to it; the numbers are the ledger's. `at` is when the provider took it, None
    where it has not; `confirmed`: it is known to have arrived. `clicks` are all of its link, the oldest first.
    """

    delivery: int
    alert: int
    target: Target
    contact: int | None = None
    at: datetime | None = None
    confirmed: bool = False
    clicks: tuple[Click, ...] = ()


class Way(StrEnum):
    """By what a purchase is traced back to what was told: the first of these that it says counts."""

    CLICK = "click"
    PERSON = "person"  # the alert and the contact
    TRACKING = "tracking"  # what a network calls the channel, and the product
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Trail:
    """What the ledger knows of what was told, for one purchase. `known`: there was such a thing at all."""

    way: Way
    told: tuple[Told, ...] = ()
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """To whom a purchase is credited, and why. Without a target to nobody; `delivery` and `contact` are None where only
    the channel is known.
    """

    reason: CreditReason
    target: Target | None = None
    alert: int | None = None
    delivery: int | None = None
    contact: int | None = None
    clicked_at: datetime | None = None
