"""What a channel has spent today, in memory: the ledger is asked at start, and never before a claim."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from tocsin.core.alert import Band
from tocsin.core.facts import Emit, SpendCapReached
from tocsin.core.outcome import Outcome, Sent, Unknown
from tocsin.core.signal import Cost
from tocsin.ledger.contract import SpentRow
from tocsin.pipeline.sending.attempt import Prepared
from tocsin.rules.spending import Spending, SpendPolicy, day_of, is_sated, lowest, spending

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Purse:
    """The lanes of a channel share it. Money is in the currency of the cap.

    A request counts from its claim on, as it is expected to cost; what its provider says later takes the place of that.
    `claiming` are claims under way, of which nobody knows yet what they come to. `known`: the ledger was asked.
    """

    channel: str
    policy: SpendPolicy
    emit: Emit
    known: bool = False
    claiming: int = 0
    _day: datetime = _LONG_AGO
    _money: Decimal = Decimal(0)
    _messages: Counter[int] = field(default_factory=Counter)  # by contact
    _sated: set[int] = field(default_factory=set)
    _told: bool = False

    def lowest(self, now: datetime) -> Band | None:
        """The lowest band of which something may leave now; None where nothing may."""
        self._turn_over(now)
        return lowest(self.policy, self._money, self._next())

    def reached(self, now: datetime) -> bool:
        """The cap of this day."""
        self._turn_over(now)
        return self._left() is not Spending.FREE

    def sated(self, now: datetime) -> frozenset[int]:
        """The contacts who get nothing more today."""
        self._turn_over(now)
        return frozenset(self._sated)

    def settle_claim(self, requests: Iterable[Prepared], now: datetime) -> None:
        """These are claimed, and about to leave."""
        self._turn_over(now)
        self.claiming -= 1
        for prepared in requests:
            self._money += self.policy.expected(prepared.units)
            for who in _contacts(prepared):
                self._count(who, 1)
        self._tell()

    def answered(self, prepared: Prepared, outcomes: Iterable[Outcome], now: datetime) -> None:
        """What surely did not leave is not paid for; what was taken may have been counted otherwise than expected."""
        self._turn_over(now)
        if prepared.claim.started_at < self._day:
            return
        took = list(outcomes)
        for who, outcome in zip(_members(prepared), took, strict=True):
            if who is not None and not isinstance(outcome, Sent | Unknown):
                self._count(who, -1)
        paid = self.policy.expected(prepared.units)
        if not any(isinstance(outcome, Sent | Unknown) for outcome in took):
            self._money -= paid
        elif len(took) == 1 and isinstance(took[0], Sent):
            self._money += self._price(took[0].units or prepared.units, took[0].cost) - paid
        self._tell()

    def book(self, row: SpentRow, cost: Cost, now: datetime) -> None:
        """The price is known now of what counted as it was expected to cost."""
        self._turn_over(now)
        if self.known and row.at >= self._day:
            self._money += self.policy.money(cost) - self._price(row.units, row.cost)
            self._tell()

    def recall(self, rows: Iterable[SpentRow], now: datetime) -> None:
        """After a start: what the ledger says of this day."""
        self._turn_over(now)
        for row in rows:
            self._money += self._price(row.units, row.cost)
            if row.contact is not None:
                self._count(row.contact, 1)
        self.known = True
        self._tell()

    def _count(self, contact: int, by: int) -> None:
        """Nobody is counted where there is no bound for one."""
        if self.policy.per_contact is None:
            return
        self._messages[contact] += by
        (self._sated.add if is_sated(self.policy, self._messages[contact]) else self._sated.discard)(contact)

    def _price(self, units: int, cost: Cost | None) -> Decimal:
        return self.policy.expected(units) if cost is None else self.policy.money(cost)

    def _left(self) -> Spending:
        return spending(self.policy, self._money, self.policy.expected(1))

    def _next(self) -> Decimal:
        """Claims under way come to at least a unit each."""
        return self.policy.expected(1 + self.claiming)

    def _turn_over(self, now: datetime) -> None:
        """A day begins at midnight, UTC. Of one that comes again, where the clock was set back, the ledger knows."""
        day = day_of(now)
        if day != self._day:
            self.known = self.known and day > self._day
            self._day, self._money, self._told = day, Decimal(0), False
            self._messages.clear()
            self._sated.clear()

    def _tell(self) -> None:
        """Once a day."""
        if self._told or self._left() is Spending.FREE:
            return
        self._told = True
        cap = f"{self.policy.per_day} {self.policy.currency}"
        self.emit(SpendCapReached(self.channel, f"{self._money:.2f} of {cap} are spent"))


def _contacts(prepared: Prepared) -> Iterator[int]:
    return (who for who in _members(prepared) if who is not None)


def _members(prepared: Prepared) -> Iterator[int | None]:
    """Whose the recipients are; None where a target is no list."""
    for member in prepared.attempt.members:
        yield None if member.recipient is None else member.recipient.contact
