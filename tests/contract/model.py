"""The queue as a plain list: what each verb has to make of the deliveries, said without a database.

Nothing in it joins a message, and of the alerts all can be bought.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tocsin.core.alert import FLOOR, Band
from tocsin.core.decision import Plan
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.ledger.contract import ClaimRequest, Move, Waiting
from tocsin.ledger.queue.claim import BEYOND, SUSPECT_FROM

S = DeliveryState
NEVER = datetime.max.replace(tzinfo=UTC)
UNDER_WAY = {S.PENDING, S.SENDING, S.UNKNOWN}
IN_VAIN = {S.REFUSED, S.EXPIRED, S.CANCELLED}
DOUBTED = {Why.RESENT, Why.NOT_FOUND}


@dataclass(eq=False)
class Told:
    """An alert. Tests alone are about no product. The newest has the highest place."""

    id: UUID
    sku: str | None
    priority: int
    is_closed: bool = False
    place: int = 0


@dataclass(eq=False)
class Row:
    delivery: Delivery
    alert: Told
    fallback: tuple[Plan, ...]
    planned_end: datetime  # what lives of its fallback go by
    fail_over_at: datetime | None

    @property
    def place(self) -> tuple[str | None, Target]:
        """Where it gives way to a newer one, and waits for an older one."""
        return self.alert.sku, self.delivery.target

    def is_beside(self, other: "Row") -> bool:
        return self.alert.sku is not None and self.place == other.place and self is not other


@dataclass
class Queue:
    now: Callable[[], datetime]
    key: int = 0  # of the delivery that was made last
    alerts: list[Told] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    resting: set[Target] = field(default_factory=set)

    # The verbs

    def append(self, alert: Told, plans: Iterable[Plan]) -> set[str]:
        """The lanes that have something new."""
        self.alerts.append(alert)
        alert.place = len(self.alerts)
        made = [self._make(alert, plan) for plan in plans]
        for row in made:
            if row.delivery.state is S.PENDING:
                self._end([one for one in self.pending() if one.is_beside(row)], S.CANCELLED, Why.SUPERSEDED)
        return {row.delivery.lane for row in made if row.delivery.state is S.PENDING}

    def claim(self, request: ClaimRequest) -> tuple[list[list[Delivery]], list[Delivery], Waiting | None]:
        """The attempts, what was found past its life, and what is left."""
        wanted = request.limit * request.attempts
        window = wanted + BEYOND if wanted > 1 else wanted
        expired: list[Delivery] = []
        while True:
            found = self._ready(request)[:window]
            dead = [row for row in found if row.delivery.expires_at <= self.now()]
            expired += self._end(dead, S.EXPIRED, Why.PAST_LIFE)
            if len(dead) < window:
                break
            window = 1000
        left = [row for row in found if row not in dead]
        attempts = []
        while left and len(attempts) < request.attempts:
            bundle = _bundle(left, request)
            attempts.append([self._begin(row) for row in bundle])
            left = [row for row in left if row not in bundle and not any(row.is_beside(one) for one in bundle)]
        return attempts, expired, self._waiting(request.lane)

    def move(self, moves: Sequence[Move]) -> tuple[list[Delivery], set[str], set[str]]:
        """As they then stand, the lanes that must be woken, and those that may be."""
        mine = [one for one in moves if self.rows[one.key].delivery.fence == one.fence]
        for one in mine:
            self._move(self.rows[one.key], one)
        ended = [self.rows[one.key] for one in mine]
        taken, woken = self._hand_on([row for row in ended if row.delivery.state is S.REFUSED])
        products = {row.alert.sku for row in ended} - {None}
        may = {row.delivery.lane for row in self.pending() if row.alert.sku in products}
        for row in ended:
            if row.delivery.state is S.PENDING and row.alert.is_closed and row.delivery.why is not Why.RETRIED:
                self._end([row], S.CANCELLED, Why.CLOSED)
        late = self._supersede(taken + [row for row in ended if row.delivery.state is S.PENDING])
        woken |= {one.delivery.lane for one in self.pending() for row in ended if one is row or one.is_beside(row)}
        others = [row for row in late if row not in ended]
        return [row.delivery for row in ended + others], woken, woken | may

    def close(self, sku: str) -> list[Delivery]:
        told = [alert for alert in self.alerts if alert.sku == sku and not alert.is_closed]
        for alert in told:
            alert.is_closed = True
        return self._end([row for row in self.pending() if told and row.alert.sku == sku], S.CANCELLED, Why.CLOSED)

    def expire(self) -> list[Delivery]:
        over = [row for row in self.pending() if row.delivery.expires_at <= self.now()]
        return self._end(over, S.EXPIRED, Why.PAST_LIFE)

    def recover(self) -> list[Delivery]:
        left = [row for row in self.rows.values() if row.delivery.state is S.SENDING]
        for row in left:
            row.delivery = replace(row.delivery, fence=row.delivery.fence + 1)
        return self._end(left, S.UNKNOWN, Why.CRASHED)

    def fail_over(self, lanes: set[str], shadow: set[Target]) -> tuple[list[Delivery], set[str]]:
        now = self.now()
        waited = [row for row in self.pending() if row.fail_over_at is not None and row.fail_over_at <= now]
        shut = [row for row in self.pending() if row.delivery.lane in lanes and row.fallback and row not in waited]
        taken, woken = self._hand_on(waited + shut, shadow)
        for row in waited + shut:
            if row not in taken:
                row.fallback, row.fail_over_at = (), None
        self._end(taken, S.CANCELLED, Why.FAILED_OVER)
        return [row.delivery for row in taken + self._supersede(taken)], woken

    def withhold(self, lane: str) -> tuple[list[Delivery], set[str]]:
        waiting = [row for row in self.pending() if row.delivery.lane == lane]
        self._end(waiting, S.CANCELLED, Why.SHADOW)
        taken, woken = self._hand_on(waiting)
        return [row.delivery for row in waiting + self._supersede(taken)], woken

    def disable(self, target: Target) -> tuple[list[Delivery], set[str]]:
        self.resting.add(target)
        waiting = [row for row in self.pending() if row.delivery.target == target]
        self._end(waiting, S.REFUSED, Why.NO_TARGET)
        taken, woken = self._hand_on(waiting)
        return [row.delivery for row in waiting + self._supersede(taken)], woken

    def jump(self, by: timedelta) -> None:
        """The wall clock was put right: what is under way keeps its life, and what came back its pause."""
        for row in self.rows.values():
            one = row.delivery
            if one.state in UNDER_WAY:
                pauses = one.state is S.PENDING and one.why is not None
                row.delivery = replace(one, expires_at=one.expires_at + by, due=one.due + by if pauses else one.due)
                row.fail_over_at = row.fail_over_at and row.fail_over_at + by

    def pending(self) -> list[Row]:
        return [row for row in self.rows.values() if row.delivery.state is S.PENDING]

    # What they share

    def _make(self, alert: Told, plan: Plan, route: str | None = None) -> Row:
        self.key += 1
        now = self.now()
        made = Delivery(
            key=self.key,
            alert_id=alert.id,
            target=plan.target,
            lane=plan.lane,
            priority=alert.priority,
            state=plan.state,
            why=plan.why,
            fence=0,
            attempts=0,
            planned_at=now,
            due=plan.due,
            expires_at=plan.expires_at,
            moved_at=now,
            route=route or plan.route,
            is_test=alert.sku is None,
        )
        self.rows[self.key] = Row(made, alert, plan.fallback, plan.expires_at, plan.fail_over_at)
        return self.rows[self.key]

    def _end(self, rows: Sequence[Row], to: DeliveryState, why: Why) -> list[Delivery]:
        for row in rows:
            row.delivery = replace(row.delivery, state=to, why=why, moved_at=self.now())
        return [row.delivery for row in rows]

    def _supersede(self, moved: Sequence[Row]) -> list[Row]:
        """Those of the same products that a newer alert has overtaken, where they wait."""
        products = {row.alert.sku for row in moved} - {None}
        late = [
            row
            for row in self.pending()
            if row.alert.sku in products
            and self._is_overtaken(row)
            and (row.delivery.why is not Why.RETRIED or row in moved)
        ]
        self._end(late, S.CANCELLED, Why.SUPERSEDED)
        return late

    def _is_overtaken(self, row: Row) -> bool:
        """What was neither asked for nor tried before is not wanted either where the newer one was told, or will be."""
        newer = [one.delivery.state for one in self.rows.values() if _is_newer(one, row)]
        return any(state is S.PENDING or (row.delivery.why is None and state not in IN_VAIN) for state in newer)

    def _begin(self, row: Row) -> Delivery:
        one = row.delivery
        row.delivery = replace(
            one,
            state=S.SENDING,
            why=None,
            detail="",
            fence=one.fence + 1,
            attempts=one.attempts + 1,
            moved_at=self.now(),
        )
        return row.delivery

    def _move(self, row: Row, move: Move) -> None:
        now, one = self.now(), row.delivery
        row.delivery = replace(
            one,
            state=move.to,
            why=move.why,
            detail=move.detail,
            moved_at=now,
            due=now + (move.wait or timedelta()) if move.to is S.PENDING else one.due,
            expires_at=one.expires_at if move.life is None else now + move.life,
            possibly_repeated=one.possibly_repeated or move.possibly_repeated,
        )

    def _hand_on(self, failed: Sequence[Row], shadow: Iterable[Target] = ()) -> tuple[list[Row], set[str]]:
        """Those of which somebody else tells now, and the lanes that got something for it."""
        states = {(row.alert, row.delivery.target): row.delivery.state for row in self.rows.values()}
        taken, woken = [], set()
        for row in sorted(failed, key=lambda row: (row.alert.place, row.delivery.key)):
            moved = row.delivery.expires_at - row.planned_end
            for tried, planned in enumerate(() if row.alert.is_closed else row.fallback, start=1):
                plan = replace(planned, expires_at=planned.expires_at + moved)
                state = states.get((row.alert, plan.target))
                can_take = plan.target not in {*self.resting, *shadow} and plan.expires_at > self.now()
                if state is None and can_take:
                    wait = plan.fail_over_at and plan.fail_over_at - plan.due
                    after = wait and self.now() + wait
                    later = tuple(replace(one, expires_at=one.expires_at + moved) for one in row.fallback[tried:])
                    heir = replace(plan, due=self.now(), fail_over_at=after, fallback=later)
                    states[row.alert, plan.target] = self._make(row.alert, heir, row.delivery.route).delivery.state
                    woken.add(plan.lane)
                elif state is None or state in IN_VAIN:
                    continue
                taken.append(row)
                break
        return taken, woken

    def _due(self, lane: str, by: datetime) -> list[Row]:
        """Those that are free to leave, the most important first."""
        sending = [row for row in self.rows.values() if row.delivery.state is S.SENDING]
        free = [
            row
            for row in self.pending()
            if row.delivery.lane == lane and not any(one.is_beside(row) and _is_newer(row, one) for one in sending)
        ]
        due = [row for row in free if row.delivery.due == row.delivery.planned_at or row.delivery.due <= by]
        return sorted(due, key=lambda row: (-row.delivery.priority, row.delivery.key))

    def _ready(self, request: ClaimRequest) -> list[Row]:
        ready = [row for row in self._due(request.lane, self.now()) if row.delivery.priority >= FLOOR[request.lowest]]
        return sorted(ready, key=lambda row: row.delivery.key) if request.oldest_first else ready

    def _waiting(self, lane: str) -> Waiting | None:
        ready = self._due(lane, self.now())
        if ready:
            return Waiting(self.now(), Band.of(ready[0].delivery.priority))
        at = min((row.delivery.due for row in self._due(lane, NEVER)), default=None)
        return None if at is None else Waiting(at, Band.of(self._due(lane, at)[0].delivery.priority))


def _is_newer(row: Row, other: Row) -> bool:
    return row.is_beside(other) and row.alert.place > other.alert.place


def _is_suspect(row: Row) -> bool:
    return row.delivery.attempts >= SUSPECT_FROM and row.delivery.why in DOUBTED


def _bundle(left: Sequence[Row], request: ClaimRequest) -> list[Row]:
    first, *others = left
    together = [first]
    for row in others:
        alike = row.delivery.target == first.delivery.target and row.delivery.is_test == first.delivery.is_test
        if alike and not any(map(_is_suspect, (first, row))) and not any(row.is_beside(one) for one in together):
            together.append(row)
    together = together[: request.limit]
    return together[: max(1, request.pack(first.delivery.target, [None] * len(together)))]
