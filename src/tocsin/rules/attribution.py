"""To what a purchase is credited: the last click of a person that was made before it and within the window. Robots and
suspects never count.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from tocsin.core.attribution import Credit, CreditReason, Span, Told, Trail, Way
from tocsin.core.click import ClickKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Crediting:
    """`window` is how long after a click, or after an alert was told, a purchase may follow from it; for `bought_mute`
    who bought a product hears no more of it.
    """

    window: timedelta = timedelta(days=1)
    bought_mute: timedelta = timedelta(days=30)

    def credit(self, bought: Span, trail: Trail) -> Credit:
        """Credit a purchase to what is on its trail."""
        return _WAYS[trail.way](bought, trail, self.window)


def by_click(bought: Span, trail: Trail, window: timedelta) -> Credit:
    """Credit what came back with the code of a click to the delivery whose link that was."""
    if not trail.told:
        return Credit(reason=CreditReason.FORGOTTEN)
    found = _last_click(bought, trail.told, window)
    if found is None:
        return Credit(reason=_why_none(bought, trail.told))
    return _credited(CreditReason.CLICK, *found)


def by_person(bought: Span, trail: Trail, window: timedelta) -> Credit:
    """Credit what that person bought after that alert: to the link they followed last, else to what told them last,
    what is known to have arrived first.
    """
    if not trail.known:
        return Credit(reason=CreditReason.FORGOTTEN)
    found = _last_click(bought, trail.told, window)
    if found is not None:
        return _credited(CreditReason.LAST_CLICK, *found)
    told = [one for one in trail.told if one.at is not None and _is_within(one.at, bought, window)]
    if told:
        best = max(told, key=lambda one: (one.confirmed, one.at, one.delivery))
        return _credited(CreditReason.TOLD, best)
    late = any(one.at is not None and one.at <= bought.last for one in trail.told)
    return Credit(reason=CreditReason.OUTSIDE_WINDOW if late else CreditReason.NOT_TOLD)


def by_tracking(bought: Span, trail: Trail, window: timedelta) -> Credit:
    """Credit what came by a channel after the product was told of there: to the last click, else to the channel."""
    found = _last_click(bought, trail.told, window)
    if found is not None:
        return _credited(CreditReason.TRACKING, *found)
    told = [one for one in trail.told if one.at is not None and _is_within(one.at, bought, window)]
    if not told:
        return Credit(reason=CreditReason.NOT_TOLD)
    latest = max(told, key=lambda one: (one.at, one.delivery))
    return Credit(reason=CreditReason.TRACKING, target=latest.target, alert=latest.alert)


def by_nothing(_bought: Span, _trail: Trail, _window: timedelta) -> Credit:
    """Credit nothing: nothing says what brought it."""
    return Credit(reason=CreditReason.NO_KEY)


def by_answer(told: Told) -> Credit:
    """Credit what the person says of the very message that told them."""
    return _credited(CreditReason.ANSWER, told)


_WAYS: Mapping[Way, Callable[[Span, Trail, timedelta], Credit]] = MappingProxyType(
    {Way.CLICK: by_click, Way.PERSON: by_person, Way.TRACKING: by_tracking, Way.NONE: by_nothing}
)


def _last_click(bought: Span, told: Iterable[Told], window: timedelta) -> tuple[Told, datetime] | None:
    """The last of a person before the purchase and within the window. The last wins, whenever it was made on the day of
    a report: no one knows better.
    """
    made = [(click.at, one) for one in told for click in one.clicks if click.kind is ClickKind.PERSON]
    fit = [(at, one) for at, one in made if _is_within(at, bought, window)]
    if not fit:
        return None
    at, one = max(fit, key=lambda pair: (pair[0], pair[1].delivery))
    return one, at


def _why_none(bought: Span, told: Iterable[Told]) -> CreditReason:
    clicks = [click for one in told for click in one.clicks]
    made = [click.at for click in clicks if click.kind is ClickKind.PERSON]
    if not clicks:
        return CreditReason.NO_CLICK
    if not made:
        return CreditReason.NOT_A_PERSON
    return CreditReason.BEFORE_CLICK if min(made) > bought.last else CreditReason.OUTSIDE_WINDOW


def _is_within(at: datetime, bought: Span, window: timedelta) -> bool:
    return at <= bought.last and bought.first - at <= window


def _credited(reason: CreditReason, told: Told, clicked_at: datetime | None = None) -> Credit:
    return Credit(
        reason=reason,
        target=told.target,
        alert=told.alert,
        delivery=told.delivery,
        contact=told.contact,
        clicked_at=clicked_at,
    )
