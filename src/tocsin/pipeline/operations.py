"""Does what an operator wants by hand: test a target, disable and enable it, retry a delivery, show the channels."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from tocsin.channels.contract import Report
from tocsin.core.alert import Alert, AlertType, new_id
from tocsin.core.clock import Clock
from tocsin.core.decision import Accepted, Chosen, Episode, Plan, Reason
from tocsin.core.delivery import MOVES, Delivery, DeliveryState, Target, Why
from tocsin.core.errors import InvalidRequestError, NotFoundError
from tocsin.core.facts import BY_OPERATOR
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import History, Item, LaneRow, Move, Queue, Submission
from tocsin.ledger.contract.people import AddressRow
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.directory import Directories
from tocsin.pipeline.sending.sending import Sending
from tocsin.rules.audience import united
from tocsin.rules.filters import MAX_AGE, life
from tocsin.rules.routing import TargetPolicy, plan

TEST_LIFE = timedelta(minutes=1)
TEST_WAIT_S = 15.0
_MOST_NAMED = 20


class Operations:
    def __init__(
        self,
        *,
        queue: Queue,
        history: History,
        sending: Sending,
        directories: Directories,
        active: Active,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._history = history
        self._sender = sending.sender
        self._moves = sending.moves
        self._targets = sending.targets
        self._lane_watch = sending.lane_watch
        self._directories = directories
        self._active = active
        self._clock = clock

    async def test(self, target: Target) -> Mapping[str, Any]:
        """A message marked as a test, on the real path: ledger, lane, provider. Answers with what the provider said.

        Raises NotFoundError for a target that is not configured, InvalidRequestError for one in shadow, and for a list:
        not everybody on it wants to see a test.
        """
        policy = await self._policy(target)
        if policy.people is not None:
            raise InvalidRequestError(f"{target} is a list of people, who are told of real alerts only")
        self._check_live(target)
        return await self._tested(policy)

    async def _tested(self, policy: TargetPolicy, people: Chosen | None = None) -> dict[str, Any]:
        alert, target = _test_alert(self._clock.now()), policy.target
        settled = self._sender.watch(alert.id)
        end = alert.timestamp + TEST_LIFE
        only = Plan(target=target, lane=policy.lane, due=alert.timestamp, expires_at=end, people=people)
        appended = await self._queue.append(Submission((Item(alert),)), _as_test(only))
        self._moves.follow(appended.moved, appended.lanes)
        try:
            async with asyncio.timeout(TEST_WAIT_S):
                delivery, report = await settled
        except TimeoutError:
            return dict(self._still_waiting(policy))
        return {"target": str(target), "alert": str(alert.id), **_answer_as_json(delivery, report)}

    async def test_person(self, address: AddressRow) -> Mapping[str, Any]:
        """The same to one address of a person, who is told nothing but that it is a test.

        Raises InvalidRequestError where nothing is sent to such addresses, or the person may not be told.
        """
        routing = self._active.rulebook.routing
        policy = routing.lists.get(address.kind.channel)
        if policy is None:
            raise InvalidRequestError(f"no channel here tells a {address.kind}: alerts.channels says whether")
        await self._check_willing(address.slot)
        if policy.shadow:
            raise InvalidRequestError(f"{policy.target.channel} is in shadow, nothing is sent there")
        chosen = Chosen(now=1 << address.slot)
        answer = await self._tested(policy, chosen)
        return {"contact": str(address.contact), "address": str(address.id), "shown": address.shown, **answer}

    async def sample(self) -> Mapping[str, Any]:
        """An alert marked as a test, for all targets that one like it would reach. Answers as intake does."""
        book, now = self._active.rulebook, self._clock.now()
        alert = _sample_alert(now)
        plans = plan(alert, now, book.routing, book.catalog, self._targets.disabled)
        appended = await self._queue.append(Submission((Item(alert),)), _as_test(*plans))
        self._moves.follow(appended.moved, appended.lanes)
        (answer,) = appended.answers
        return answer

    async def retry(self, identifier: UUID) -> Delivery:
        """Put a delivery that is over back into its lane, with a whole life. Raises NotFoundError, or
        InvalidRequestError where its state has no retry, its target is in shadow, or whom it is for may not be told.
        """
        delivery = await self._history.delivery(identifier)
        if delivery is None:
            raise NotFoundError(f"there is no delivery {identifier}")
        if Why.RETRIED not in MOVES[delivery.state].get(DeliveryState.PENDING, ()):
            raise InvalidRequestError(f"a delivery that is {delivery.state} is not sent again")
        self._check_live(delivery.target)
        if delivery.slot is not None:
            await self._check_willing(delivery.slot)
        whole = await self._life(delivery)
        move = Move(key=delivery.key, fence=delivery.fence, to=DeliveryState.PENDING, why=Why.RETRIED, life=whole)
        moved = await self._queue.move([move])
        if not moved.deliveries:
            raise InvalidRequestError("it has just been moved by somebody else: look again")
        retried = moved.deliveries[0]
        self._moves.follow(moved.deliveries, moved.lanes)
        return retried

    async def disable(self, target: Target) -> None:
        """Send nothing there until it is enabled: what waits goes to its fallback, or is refused (no_target). What is
        disabled already stays so, for the reason it has. Raises NotFoundError for a target that is not configured.
        """
        await self._policy(target)
        if target not in self._targets.disabled:
            moved = await self._targets.disable(target, BY_OPERATOR)
            self._moves.follow(moved.deliveries, moved.lanes)

    async def enable(self, target: Target) -> None:
        """Raises NotFoundError where it was not disabled."""
        await self._targets.enable(target)

    async def channels(self) -> list[dict[str, Any]]:
        """Every channel with its targets: what waits in each lane, gate and breaker, and why a target rests."""
        disabled = {row.target: row for row in await self._targets.rows()}
        lanes = {row.lane: row for row in await self._queue.lanes()}
        channels: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for target, policy in sorted((await self._served()).items()):
            rest = disabled.get(target)
            channels[target.channel].append(
                {
                    "target": str(target),
                    "enabled": rest is None,
                    "disabled": rest and {"at": rfc3339(rest.disabled_at), "why": rest.why, "detail": rest.detail},
                    "shadow": policy.shadow,
                    **self._lane_watch.as_json(policy.lane, target),
                    **_queue(lanes.get(policy.lane, LaneRow(lane=policy.lane))),
                }
            )
        known = self._active.rulebook.routing.lanes
        held = [{"lane": row.lane, **_queue(row)} for row in lanes.values() if row.lane not in known]
        listed = [{"channel": channel, "targets": targets} for channel, targets in channels.items()]
        return [*listed, {"channel": None, "held": held}] if held else listed

    def shadow(self) -> Mapping[str, Any]:
        """Which channels send nothing, and whether that is every one there is."""
        targets, shadow = self._active.rulebook.routing.targets, self._active.rulebook.routing.shadow
        return {
            "everything": bool(targets) and len(shadow) == len(targets),
            "channels": sorted({target.channel for target in shadow}),
        }

    async def _served(self) -> Mapping[Target, TargetPolicy]:
        """The targets of the configuration, and the lists that calls keep."""
        routing = self._active.rulebook.routing
        if not routing.tells_people:
            return routing.targets
        return {**routing.targets, **routing.kept(await self._directories.newest())}

    async def _policy(self, target: Target) -> TargetPolicy:
        served = await self._served()
        policy = served.get(target)
        if policy is None:
            known = ", ".join(sorted(map(str, served))[:_MOST_NAMED])
            raise NotFoundError(f"{target} is not a configured target; {f'there are {known}' if known else 'none is'}")
        return policy

    async def _life(self, delivery: Delivery) -> timedelta:
        """As the configuration has it now."""
        if delivery.is_test:
            return TEST_LIFE
        record = await self._history.alert(delivery.alert_id)
        if record is None:
            raise NotFoundError(f"there is no alert {delivery.alert_id} any more")
        policy = self._active.rulebook.routing.policy_of(delivery.target)
        return life(record.alert.type, MAX_AGE if policy is None else policy.max_age)

    async def _check_willing(self, slot: int) -> None:
        directory = await self._directories.newest()
        if not (directory.willing | united(directory.written.values())) >> slot & 1:
            raise InvalidRequestError("whoever this is for may not be told any more: only they can change that")

    def _check_live(self, target: Target) -> None:
        if target in self._active.rulebook.routing.shadow:
            raise InvalidRequestError(
                f"{target} is in shadow, nothing is sent there: take `mode` out of the configuration and reload"
            )

    def _still_waiting(self, policy: TargetPolicy) -> Mapping[str, Any]:
        return {
            "target": str(policy.target),
            "state": "pending",
            "why": "its lane is closed",
            **self._lane_watch.as_json(policy.lane, policy.target),
        }


def _test_alert(now: datetime) -> Alert:
    return Alert(
        id=new_id(now),
        type=AlertType.IN_STOCK,
        priority=AlertType.IN_STOCK.default_priority,
        sku="TEST",
        retailer="tocsin",
        timestamp=now,
        product_name="Test alert",
    )


def _sample_alert(now: datetime) -> Alert:
    """The alert that a newcomer may send to see one: a product with a price, as the documents have it."""
    return replace(
        _test_alert(now), sku="6634940", retailer="bestbuy", price=Decimal("1999.99"), product_name="GeForce RTX 5090"
    )


def _as_test(*plans: Plan) -> Callable[[Alert, Episode | None, datetime], Accepted]:
    """Whatever is known of its product. A test is of use for a minute, and joins no message about the real one."""

    def decide(alert: Alert, _last: Episode | None, _now: datetime) -> Accepted:
        end = alert.timestamp + TEST_LIFE
        short = (replace(each, expires_at=min(each.expires_at, end), product=None) for each in plans)
        return Accepted(Reason.TEST, tuple(short))

    return decide


def _answer_as_json(delivery: Delivery, report: Report) -> dict[str, Any]:
    return {
        "delivery": str(delivery.id),
        "state": delivery.state.value,
        "why": delivery.why and delivery.why.value,
        "detail": report.outcomes[0].detail,
        "status": report.status,
        "answer": report.answer,
    }


def _queue(row: LaneRow) -> dict[str, Any]:
    return {
        "pending": {band.value: count for band, count in row.pending.items()},
        "sending": row.sending,
        "unknown": row.unknown,
        "oldest": row.oldest and rfc3339(row.oldest),
    }
