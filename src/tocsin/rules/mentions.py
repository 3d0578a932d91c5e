"""Mention rules decide whom a message rings out to: the first that matches, within its budget, outside quiet hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.alert import Alert
from tocsin.core.mention import NOBODY, Mention
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match
from tocsin.rules.window import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRule:
    """A mention rule names who is rung out to for which alerts. Its budget belongs to who is mentioned (everyone, a
    role) on that target; None is no bound.
    """

    match: Match
    everyone: bool = False
    roles: tuple[str, ...] = ()
    budget: Rate | None = None


def mention_for(
    alerts: Sequence[Alert],
    rules: Sequence[MentionRule],
    spent: Mapping[str, Sequence[datetime]],
    now: datetime,
    catalog: Catalog,
) -> Mention:
    """Whom a message mentions: what the first alert among `alerts` that may mention anybody at all may mention.

    `alerts` are those of one message that quiet hours leave loud, the most important first; `spent` has, for each name
    (`Mention.names`), when it was mentioned on this target before.
    """
    for alert in alerts:
        rule = next((rule for rule in rules if rule.match.admits(alert, catalog)), None)
        mention = NOBODY if rule is None else _affordable(rule, spent, now)
        if mention != NOBODY:
            return mention
    return NOBODY


def _affordable(rule: MentionRule, spent: Mapping[str, Sequence[datetime]], now: datetime) -> Mention:
    wanted = Mention(rule.everyone, rule.roles)
    names = {name for name in wanted.names if _has_budget(rule.budget, spent.get(name, ()), now)}
    return Mention(
        everyone="everyone" in names,
        roles=tuple(role for role in rule.roles if f"role:{role}" in names),
    )


def _has_budget(budget: Rate | None, spent: Sequence[datetime], now: datetime) -> bool:
    """A mention further ahead than the window was made before the clock was set back: it counts no more."""
    if budget is None:
        return True
    return sum(abs(now - moment) < budget.per for moment in spent) < budget.count
