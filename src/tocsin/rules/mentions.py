"""Whom a message rings out to: the first rule that matches, within its budget, outside quiet hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.alert import Alert
from tocsin.core.mention import Mention
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match
from tocsin.rules.gate import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionRule:
    """The budget belongs to what is mentioned (everyone, a role) on that target; None is no bound."""

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
    """`alerts` are those of one message that quiet hours leave loud, the most important first; `spent` has, for each
    name (`Mention.names`), when it was mentioned on this target before.
    """
    raise NotImplementedError
