"""Routing decides which targets hear of an alert."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain
from typing import Literal

from tocsin.core.alert import Alert, AlertType
from tocsin.core.decision import Chosen, Plan, Reserve, Way
from tocsin.core.delivery import DeliveryState, Target, Why
from tocsin.core.recipients import NOBODY
from tocsin.rules.audience import NO_PEOPLE, Directory, ListPolicy
from tocsin.rules.catalog import Catalog, Retailer
from tocsin.rules.choice import Asked, Choice
from tocsin.rules.filters import MAX_AGE, end_of_life, life
from tocsin.rules.lane import LanePolicy
from tocsin.rules.match import Match
from tocsin.rules.mentions import MentionRule
from tocsin.rules.quiet import QuietAction, QuietRule, hush, quiet_until, told_held

LONGEST_PATIENCE = timedelta(seconds=30)  # before the fallback takes over, where nothing else is configured
PATIENCE_OF_LIFE = 5  # and no more than this part of a life: a fifth


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead brings an alert to a target: the route that named it first, or its retailer's own list, and who stands in
    for it. Where one of its routes is `critical`, it is that one's.
    """

    route: str
    fallback: tuple[Target, ...] = ()
    critical: bool = False


Leads = Mapping[Target, Lead]
"""The targets that hear of an alert."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the routes want to be told. Who is behind the names of `lists` the directory says: they are lists of calls,
    or may be.
    """

    leads: Leads
    lists: frozenset[Target] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route sends the alerts that its match admits to its targets. What is `critical` passes the mutes and the quiet
    hours of people, and nothing else of what they wish.
    """

    name: str
    match: Match
    to: tuple[Target, ...]
    fallback: tuple[Target, ...] = ()
    parallel: bool = False  # the fallback is told at once, beside `to`
    stop: bool = False  # later routes are not looked at
    critical: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPolicy:
    """A target's policy: how it wants to be served, and the lane that it stands in with all that share its provider's
    limit.
    """

    target: Target
    lane: str
    max_age: Mapping[AlertType, timedelta] = field(default_factory=lambda: MAX_AGE)
    fail_over_after: timedelta | None = None  # None: the smaller of 30 s and 20 % of the life
    on_lost_answer: Literal["resend", "hold"] | None = None  # None: resend the high band, hold the others
    shadow: bool = False
    mentions: tuple[MentionRule, ...] = ()
    quiet: QuietRule | None = None
    join: timedelta | None = None  # an alert joins a younger message about the same product; None: it never does
    people: ListPolicy | None = None  # it is a list of people

    @property
    def memory(self) -> timedelta:
        """How long ago an attempt still counts: the longest of its mention budgets."""
        return max((rule.budget.per for rule in self.mentions if rule.budget), default=timedelta())


@dataclass(frozen=True, kw_only=True)
class RoutingPolicy:
    """The routes in their order, and the policy of each target: of enabled channels that this version has alone. A
    route to another plans nothing. `lists` has for each channel of people how one that a call keeps is served.
    """

    routes: tuple[Route, ...]
    targets: Mapping[Target, TargetPolicy]
    lists: Mapping[str, TargetPolicy] = field(default_factory=dict)
    lanes: Mapping[str, LanePolicy] = field(default_factory=dict)  # each that a target stands in
    known: dict[tuple[tuple[int, ...], str | None], Wanted] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def policy_of(self, target: Target) -> TargetPolicy | None:
        """How it is served, or would be if it is a list and a call keeps it; None where it cannot be one."""
        policy = self.targets.get(target)
        if policy is None and target.channel in self.lists:
            return replace(self.lists[target.channel], target=target)
        return policy

    def served(self, target: Target, directory: Directory) -> TargetPolicy | None:
        """How it is served, with who is on it where a call keeps it; None where nobody has written it down. What the
        file says of a list counts.
        """
        policy, kept = self.targets.get(target), directory.lists.get(target)
        if kept is None or not self.by_calls(target):
            return policy
        usual = self.lists[target.channel]
        return replace(usual, target=target, people=usual.people.kept_as(kept) if usual.people else None)

    def kept(self, directory: Directory) -> Mapping[Target, TargetPolicy]:
        """The lists that calls keep, and how they are served."""
        served = {target: self.served(target, directory) for target in directory.lists}
        return {target: policy for target, policy in served.items() if policy is not None}

    def by_calls(self, target: Target) -> bool:
        """Whether calls say who is on it, if it is a list."""
        policy = self.targets.get(target)
        given = policy is None or (policy.people is not None and policy.people.given)
        return given and target.channel in self.lists

    @cached_property
    def by_lane(self) -> Mapping[str, tuple[TargetPolicy, ...]]:
        """The targets of each lane."""
        lanes: defaultdict[str, tuple[TargetPolicy, ...]] = defaultdict(tuple)
        for policy in self.targets.values():
            lanes[policy.lane] += (policy,)
        return dict(lanes)

    @cached_property
    def memory(self) -> timedelta:
        """How long ago an attempt still counts: the longest window of a rate or of a mention budget."""
        lanes = (lane.memory for lane in self.lanes.values())
        return max((*lanes, *(target.memory for target in self.targets.values())), default=timedelta())

    @cached_property
    def joining(self) -> Mapping[str, tuple[TargetPolicy, ...]]:
        """By lane: the targets where an alert may join a message that stands."""
        lanes: defaultdict[str, tuple[TargetPolicy, ...]] = defaultdict(tuple)
        for policy in self.targets.values():
            if policy.join:
                lanes[policy.lane] += (policy,)
        return dict(lanes)

    @cached_property
    def tells_people(self) -> bool:
        """Whether any target is a list, so that a directory is needed to decide who is told."""
        return any(policy.people for policy in self.targets.values())

    @cached_property
    def critical(self) -> frozenset[str]:
        """The names of the routes that are."""
        return frozenset(route.name for route in self.routes if route.critical)

    @cached_property
    def shadow(self) -> frozenset[Target]:
        """The targets for which everything is decided and shown, and to which nothing is sent."""
        return frozenset(target for target, policy in self.targets.items() if policy.shadow)


def plan(
    alert: Alert,
    now: datetime,
    policy: RoutingPolicy,
    catalog: Catalog,
    disabled: frozenset[Target] = frozenset(),
    *,
    directory: Directory = NO_PEOPLE,
) -> tuple[Plan, ...]:
    """Plan one delivery a target: of every matching route in order until one stops, then of the retailer's own list.

    A disabled target is planned `refused`, and the first of its fallback that can take over is planned beside it.
    Whoever is told by one list, in the order of the routes, is told by no other of its channel.
    """
    leads, targets = _known(_wanted(alert, policy, catalog), policy, directory)
    case = _Case(alert, now, targets, catalog, disabled, Choice(directory, alert, catalog, now))
    chosen = case.chosen(leads)
    plans = {target: case.plan(target, lead, chosen.get(target)) for target, lead in leads.items()}
    for target, lead in leads.items():
        row = case.row(lead) if lead.fallback else ()
        if row:
            backed = _backed(plans[target], row, case, plans.keys(), critical=lead.critical)
            plans[backed.target] = backed
        if target in chosen and directory.ways:
            plans[target] = replace(plans[target], ways=case.ways(target, leads, chosen, row))
    return tuple(plans.values())


def _wanted(alert: Alert, policy: RoutingPolicy, catalog: Catalog) -> Wanted:
    """The targets that hear of it. Few routes make few different answers: each is kept."""
    retailer = catalog.retailer(alert.retailer)
    case = (tuple(_matching(alert, policy.routes, catalog)), retailer.key if retailer.to else None)
    wanted = policy.known.get(case)
    if wanted is None:
        wanted = policy.known[case] = _targets_of([policy.routes[number] for number in case[0]], retailer, policy)
    return wanted


def _known(wanted: Wanted, policy: RoutingPolicy, directory: Directory) -> tuple[Leads, Mapping[Target, TargetPolicy]]:
    """Those of what is wanted that are there at this moment, and how they are served."""
    if not wanted.lists:
        return wanted.leads, policy.targets
    served = {target: policy.served(target, directory) for target in wanted.lists}
    unknown = {target for target, how in served.items() if how is None}
    leads = {
        target: replace(lead, fallback=tuple(each for each in lead.fallback if each not in unknown))
        for target, lead in wanted.leads.items()
        if target not in unknown
    }
    return leads, {**policy.targets, **{target: how for target, how in served.items() if how is not None}}


def _targets_of(routes: Iterable[Route], retailer: Retailer, policy: RoutingPolicy) -> Wanted:
    """What hears of the alert anyway falls back for nobody."""
    names: dict[Target, str] = {}
    critical: set[Target] = set()
    behind: defaultdict[Target, dict[Target, None]] = defaultdict(dict)
    for route in routes:
        told, fallback = (route.to + route.fallback, ()) if route.parallel else (route.to, route.fallback)
        for target in told:
            names.setdefault(target, route.name)
            if route.critical and target not in critical:
                names[target] = route.name
                critical.add(target)
            behind[target].update(dict.fromkeys(fallback))
    for target in retailer.to:
        names.setdefault(target, f"retailer {retailer.key}")
    able = {each for each in (*names, *chain(*behind.values())) if each in policy.targets or policy.by_calls(each)}
    leads = {
        target: Lead(
            name, tuple(each for each in behind[target] if each in able and each not in names), target in critical
        )
        for target, name in names.items()
        if target in able
    }
    return Wanted(leads, frozenset(filter(policy.by_calls, able)))


def _matching(alert: Alert, routes: Iterable[Route], catalog: Catalog) -> Iterator[int]:
    """The numbers of the routes that the alert takes."""
    routed = False
    for number, route in enumerate(routes):
        if (routed and route.match.unrouted) or not route.match.admits(alert, catalog):
            continue
        routed = True
        yield number
        if route.stop:
            return


def _backed(plan: Plan, row: tuple[Plan, ...], case: "_Case", planned: Collection[Target], *, critical: bool) -> Plan:
    """The plan with its fallback behind it; where its target is disabled, the one that stands in for it."""
    if plan.state is DeliveryState.PENDING:
        return case.behind(plan, row)
    if plan.why is Why.NO_TARGET:
        for place, each in enumerate(row):
            if each.target not in case.disabled and each.target not in planned:
                return case.behind(case.called_up(each, critical=critical), row[place + 1 :])
    return plan


@dataclass(frozen=True, slots=True)
class _Case:
    """One alert at one time, for any target."""

    alert: Alert
    now: datetime
    targets: Mapping[Target, TargetPolicy]
    catalog: Catalog
    disabled: frozenset[Target]
    choice: Choice

    def chosen(self, leads: Leads) -> Mapping[Target, Chosen]:
        """Who is told by those of them that are lists."""
        asked = {
            target: Asked(people, lead.critical)
            for target, lead in leads.items()
            if (people := self.targets[target].people) is not None
        }
        if not asked:
            return {}
        unable = {target for target in asked if target in self.disabled or self.targets[target].shadow}
        return self.choice.among(asked, unable)

    def plan(self, target: Target, lead: Lead, chosen: Chosen | None) -> Plan:
        """Refused from the start where the target is disabled."""
        drafted = self._draft(target, lead.route, chosen)
        if target in self.disabled and drafted.why is not Why.SHADOW:
            return replace(drafted, state=DeliveryState.REFUSED, why=Why.NO_TARGET)
        return drafted

    def ways(
        self, target: Target, leads: Leads, chosen: Mapping[Target, Chosen], row: tuple[Plan, ...]
    ) -> tuple[Way, ...]:
        """By whom those who want to be told by one channel are told where this one fails: by their next channels, and
        then by whoever stands behind the list (`row`).
        """
        reserves = {name: one.reserve.audience for name, one in chosen.items() if one.reserve is not None}
        lists = {name: people for name in reserves if (people := self.targets[name].people) is not None}
        found = self.choice.next_ways(chosen[target].everybody, target.channel, lists, reserves)
        return tuple(Way(part, *self._own_row(target, leads, names, row)) for part, names in found)

    def _own_row(
        self, target: Target, leads: Leads, names: Sequence[Target], row: tuple[Plan, ...]
    ) -> tuple[tuple[Plan, ...], datetime]:
        drafts = [self._draft(name, leads[name].route, Reserve(NOBODY)) for name in names]
        able = [draft for draft in drafts if draft.state is DeliveryState.PENDING]
        behind = (*able, *row)
        return (*map(self._impatient, behind[:-1]), *behind[-1:]), self.now + self._patience(target)

    def row(self, lead: Lead) -> tuple[Plan, ...]:
        """Those that could take over one after the other. One that is disabled now may be enabled by then."""
        drafts = [self._draft(target, lead.route, self._reserve(target, lead)) for target in lead.fallback]
        able = [draft for draft in drafts if draft.state is DeliveryState.PENDING]
        return (*map(self._impatient, able[:-1]), *able[-1:])

    def called_up(self, plan: Plan, *, critical: bool) -> Plan:
        """It tells at once, in place of the one that it stood behind."""
        people = self.targets[plan.target].people
        chosen = self.choice.of(plan.target, people, critical=critical) if people else None
        return replace(plan, fail_over_at=None, people=chosen)

    def behind(self, plan: Plan, row: tuple[Plan, ...]) -> Plan:
        return replace(self._impatient(plan), fallback=row) if row else plan

    def _impatient(self, plan: Plan) -> Plan:
        """With the time at which its fallback takes over; what quiet hours hold has its patience after them."""
        return replace(plan, fail_over_at=plan.due + self._patience(plan.target))

    def _patience(self, target: Target) -> timedelta:
        policy = self.targets[target]
        if policy.fail_over_after is not None:
            return policy.fail_over_after
        return min(LONGEST_PATIENCE, life(self.alert.type, policy.max_age) / PATIENCE_OF_LIFE)

    def _reserve(self, target: Target, lead: Lead) -> Reserve | None:
        people = self.targets[target].people
        return self.choice.in_reserve(target, people, critical=lead.critical) if people else None

    def _draft(self, target: Target, route: str, people: Chosen | Reserve | None) -> Plan:
        policy = self.targets[target]
        asked = hush(policy.quiet, self.alert, self.catalog, self.now)
        expires_at = end_of_life(self.alert, self.now, policy.max_age)
        state, why = _start(policy, asked, past_life=expires_at <= self.now)
        due = self._held_until(policy.quiet) if asked is QuietAction.HOLD else self.now
        return Plan(
            target=target,
            lane=policy.lane,
            expires_at=expires_at,
            due=due,
            state=state,
            why=why,
            product=self._product() if policy.join else None,
            detail=_told_quiet(policy.quiet, state, why, due) if policy.quiet and asked else "",
            route=route,
            people=people,
        )

    def _product(self) -> str | None:
        product = self.catalog.product_of(self.alert)
        return None if product is None else product.name

    def _held_until(self, quiet: QuietRule | None) -> datetime:
        """The end of the quiet hours; what is dead by then expires by itself."""
        return (quiet and quiet_until(quiet.hours, self.now)) or self.now


def _told_quiet(quiet: QuietRule, state: DeliveryState, why: Why | None, due: datetime) -> str:
    """By which quiet hours it is held or dropped."""
    if why is Why.QUIET:
        return f"dropped by {quiet.hours}"
    held = quiet.do is QuietAction.HOLD and state is DeliveryState.PENDING
    return told_held(quiet.hours, due) if held else ""


def _start(policy: TargetPolicy, asked: QuietAction | None, *, past_life: bool) -> tuple[DeliveryState, Why | None]:
    if policy.shadow:
        return DeliveryState.CANCELLED, Why.SHADOW
    if past_life:
        return DeliveryState.EXPIRED, Why.PAST_LIFE
    if asked is QuietAction.DROP:
        return DeliveryState.CANCELLED, Why.QUIET
    return DeliveryState.PENDING, None
