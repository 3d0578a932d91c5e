"""The rulebook holds all rules in force, in the order in which they speak: filters, then dedup, then routing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin.core.alert import Alert
from tocsin.core.decision import Accepted, Duplicate, Episode, Ruling
from tocsin.core.delivery import Target
from tocsin.rules.attribution import Crediting
from tocsin.rules.audience import NO_PEOPLE, Directory
from tocsin.rules.catalog import Catalog
from tocsin.rules.dedup import AlertDeduplicator
from tocsin.rules.filters import FilterPolicy, screen
from tocsin.rules.money import MoneyPolicy
from tocsin.rules.objective import Objective
from tocsin.rules.people import PeoplePolicy
from tocsin.rules.questions import QuestionRule
from tocsin.rules.routing import RoutingPolicy, plan


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """All rules in force, as one value: a reload puts another one in its place."""

    catalog: Catalog
    filters: FilterPolicy
    dedup: AlertDeduplicator
    routing: RoutingPolicy
    objective: Objective | None = None
    people: PeoplePolicy = field(default_factory=PeoplePolicy)
    crediting: Crediting = field(default_factory=Crediting)
    questions: QuestionRule = field(default_factory=QuestionRule)
    money: MoneyPolicy = field(default_factory=MoneyPolicy)
    operators: tuple[Target, ...] = ()  # where they are told
    retention: timedelta | None = None  # how long alerts are kept after their acceptance; None: for ever

    def decide(
        self,
        alert: Alert,
        last: Episode | None,
        now: datetime,
        disabled: frozenset[Target] = frozenset(),
        *,
        directory: Directory = NO_PEOPLE,
    ) -> Ruling:
        """Decide what becomes of an alert, from what was `last` accepted in its episode, at `now`; targets in
        `disabled` hear of nothing. Who of a list is told, the `directory` says.
        """
        filtered = screen(alert, last, now, self.filters, self.catalog)
        if filtered is not None:
            return filtered
        ruling = self.dedup.should_send(alert, last, now)
        if isinstance(ruling, Duplicate):
            return ruling
        return Accepted(ruling.reason, plan(alert, now, self.routing, self.catalog, disabled, directory=directory))
