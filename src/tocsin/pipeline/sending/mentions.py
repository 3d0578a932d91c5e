"""Decides whom messages mention, within their budgets, and which alerts join a message without mentioning anybody."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tocsin.channels.contract import Attempt
from tocsin.core.alert import Alert
from tocsin.core.delivery import Target
from tocsin.core.mention import NOBODY, Mention
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import AttemptRow, Joins
from tocsin.pipeline.active import Active
from tocsin.rules.mentions import mention_for
from tocsin.rules.quiet import QuietAction, hush
from tocsin.rules.routing import TargetPolicy
from tocsin.rules.rulebook import Rulebook

Spent = Mapping[str, Sequence[datetime]]


class Mentions:
    def __init__(self, active: Active) -> None:
        self._active = active
        self._mentioned: defaultdict[tuple[Target, str], list[datetime]] = defaultdict(list)

    def restore(self, recent: Iterable[AttemptRow]) -> None:
        """What these attempts mentioned takes the place of what was known of their targets."""
        rows = tuple(recent)
        told = {row.target for row in rows}
        for key in [key for key in self._mentioned if key[0] in told]:
            del self._mentioned[key]
        for row in rows:
            self.remember(row.target, row.mentioned.split(), row.started_at)

    def remember(self, target: Target, mentioned: Iterable[str], at: datetime) -> None:
        """Budgets go on after a restart from what recent attempts mentioned."""
        for name in mentioned:
            self._mentioned[target, name].append(at)

    def add_to(self, attempt: Attempt) -> Attempt:
        """The attempt with whom it mentions, and whether it makes a sound."""
        book, now = self._active.rulebook, attempt.started_at
        policy = book.routing.policy_of(attempt.target)
        if policy is None:  # a reload has just taken it away
            return attempt
        records = [member.record for member in attempt.members]
        hushed = [hush(policy.quiet, record.alert, book.catalog, now) for record in records]
        loud = [
            record.alert
            for record, action in zip(records, hushed, strict=True)
            if action is None and not record.is_test  # a test rings out to nobody
        ]
        mention = _mention(loud, policy, self._spent(policy, now), now, book)
        self.remember(attempt.target, mention.names, now)
        return replace(attempt, mention=mention, silent=all(action is QuietAction.SILENT for action in hushed))

    def joins(self, lane: str, now: datetime) -> Joins | None:
        """Decides how old a message may be for an alert of that lane to join it. What may ring out to somebody does so,
        in a message of its own: an edit rings out to nobody.
        """
        book = self._active.rulebook
        policies = {policy.target: policy for policy in book.routing.joining.get(lane, ())}
        spent = {target: self._spent(policy, now) for target, policy in policies.items()}

        def within(target: Target, record: AlertRecord) -> timedelta | None:
            policy = policies.get(target)
            if policy is None:
                return None
            loud = [] if hush(policy.quiet, record.alert, book.catalog, now) else [record.alert]
            return policy.join if _mention(loud, policy, spent[target], now, book) == NOBODY else None

        return within if policies else None

    def _spent(self, policy: TargetPolicy, now: datetime) -> Spent:
        names = {name for rule in policy.mentions for name in Mention(rule.everyone, rule.roles).names}
        return {name: self._recent(policy.target, name, now - policy.memory) for name in names}

    def _recent(self, target: Target, name: str, since: datetime) -> tuple[datetime, ...]:
        recent = [at for at in self._mentioned[target, name] if at > since]
        self._mentioned[target, name] = recent
        return tuple(recent)


def _mention(alerts: Sequence[Alert], policy: TargetPolicy, spent: Spent, now: datetime, book: Rulebook) -> Mention:
    return mention_for(alerts, policy.mentions, spent, now, book.catalog) if policy.mentions and alerts else NOBODY
