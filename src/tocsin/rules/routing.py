"""Which targets hear of an alert."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Plan
from tocsin.core.delivery import Target
from tocsin.rules.catalog import Catalog
from tocsin.rules.filters import MAX_AGE
from tocsin.rules.match import Match
from tocsin.rules.mentions import MentionRule
from tocsin.rules.gate import GatePolicy
from tocsin.rules.quiet import QuietRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    name: str
    match: Match
    to: tuple[Target, ...]
    fallback: tuple[Target, ...] = ()
    parallel: bool = False  # the fallback is told at once, beside `to`
    stop: bool = False  # later routes are not looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPolicy:
    """How one target wants to be served. `lane` names the provider limit it shares with others."""

    target: Target
    lane: str
    gate: GatePolicy = field(default_factory=GatePolicy)
    max_age: Mapping[AlertType, timedelta] = field(default_factory=lambda: MAX_AGE)
    fail_over_after: timedelta | None = None  # None: the smaller of 30 s and 20 % of the life
    on_lost_answer: Literal["resend", "hold"] | None = None  # None: resend the high band, hold the others
    shadow: bool = False
    mentions: tuple[MentionRule, ...] = ()
    quiet: QuietRule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """`targets` has only those of enabled channels that this version has; a route to another plans nothing."""

    routes: tuple[Route, ...]
    targets: Mapping[Target, TargetPolicy]


def plan(
    alert: Alert, now: datetime, policy: RoutingPolicy, catalog: Catalog, disabled: frozenset[Target] = frozenset()
) -> tuple[Plan, ...]:
    """One plan a target: of every matching route in order until one stops, then of the retailer's own."""
    raise NotImplementedError
