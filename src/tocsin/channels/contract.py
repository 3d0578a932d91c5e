"""What a channel is: it renders, sends one request and answers with an outcome for each delivery of the attempt.

A channel knows nothing of queues, retries or the ledger, keeps no state between two calls that matters after a
crash, and never raises for what a provider did. What only some can do besides stands in `tocsin.channels.abilities`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from tocsin.core.alert import id_of_key
from tocsin.core.delivery import Delivery, Target
from tocsin.core.mention import NOBODY, Mention
from tocsin.core.outcome import Outcome
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord

Link = Callable[[Delivery, AlertRecord], str | None]
"""The address that readers are given: a short one that records a click, or the product's own; None without either."""


@dataclass(frozen=True, slots=True)
class Member:
    """One delivery of an attempt, with its alert, and with whom it is for where its target is a list of people."""

    delivery: Delivery
    record: AlertRecord
    recipient: Recipient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request, carrying one delivery or several of the same target, the most important first.

    `key` is the ledger's; the claim is committed before a channel sees it. `deadline` is the end of the shortest
    remaining life among the members: passed on to the provider where it takes one. `mention` and
    `silent` are for channels that ring out, and mean nothing to others. `joins`: no message of its own is
    sent but this one edited, which has the members among its own.
    """

    key: int
    target: Target
    lane: str
    started_at: datetime
    deadline: datetime
    members: tuple[Member, ...]
    mention: Mention = NOBODY
    silent: bool = False
    joins: "Message | None" = None

    @property
    def id(self) -> UUID:
        return id_of_key(self.started_at, self.key)


@dataclass(frozen=True, slots=True)
class Budget:
    """What the provider's headers last said about a lane: so many more requests within that time."""

    remaining: int
    resets_after: timedelta


@dataclass(frozen=True, slots=True)
class Report:
    """`outcomes` has one entry for each member, in their order. `budget` is None where the provider said nothing.

    `status` and `answer` (at most 256 characters, no secrets) go to the timeline. `whole_channel`: what the deferred
    outcomes say of waiting holds for every lane of the channel (a global limit, an address that is shut out).
    """

    outcomes: tuple[Outcome, ...]
    budget: Budget | None = None
    status: int | None = None
    answer: str = ""
    whole_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What stands at the provider: the members of a sent attempt in their order, their alerts as they are now."""

    target: Target
    reference: str
    members: tuple[Member, ...]


class Channel(Protocol):
    name: str

    def pack(self, target: Target, records: Sequence[AlertRecord]) -> int:
        """How many of these, from the first on, fit into one message: at least 1. Pure."""
        ...

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """The request body as it would be sent, for `routes test` and the golden files. Pure."""
        ...

    async def send(self, attempt: Attempt) -> Report:
        """One request, at most once: no retry of any kind inside."""
        ...
