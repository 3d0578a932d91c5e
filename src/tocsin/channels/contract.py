"""What a channel is: it renders, sends one request and answers with an outcome for each delivery of the attempt.

A channel knows nothing of queues, retries or the ledger, keeps no state between two calls that matters after a
crash, and never raises for what a provider did.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from tocsin.core.alert import id_of_key
from tocsin.core.callback import Callback
from tocsin.core.condition import Notice
from tocsin.core.delivery import Delivery, Target
from tocsin.core.mention import NOBODY, Mention
from tocsin.core.outcome import Outcome
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.signal import Signal

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
    remaining life among the members: passed on to the provider where it takes one. `joins`: no message of its own is
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

    def render(self, target: Target, records: Sequence[AlertRecord], mention: Mention) -> Mapping[str, Any]:
        """The request body as it would be sent, for `routes test` and the golden files. Pure."""
        ...

    async def send(self, attempt: Attempt) -> Report:
        """One request, at most once: no retry of any kind inside."""
        ...


@runtime_checkable
class Finds(Protocol):
    """A channel that can ask its provider whether a message of a lost attempt arrived."""

    async def find(self, attempt: Attempt) -> Report | None:
        """Delivered, or Deferred where it surely never arrived, for each member; None where nobody can tell now."""
        ...


@runtime_checkable
class RepeatsSafely(Protocol):
    """A channel whose receivers can drop what they already have, so that a lost answer is simply sent again."""

    def repeats_safely(self, target: Target) -> bool:
        """Whether every request for one delivery to this target carries the same id, and the receiver minds it."""
        ...


@runtime_checkable
class Edits(Protocol):
    """A channel that can change a message that stands there, so that sold out is shown in place."""

    async def edit(self, message: Message) -> Report:
        """Show each alert as it is now; nobody is rung out to again. All members share one outcome.

        `Refused(MESSAGE_GONE)`: there is nothing left to edit, or it is too old; the target itself is well.
        """
        ...


@runtime_checkable
class NotifiesOperators(Protocol):
    """A channel that can carry what the service has to say of itself, to those who look after it."""

    notices_at_once: int  # in one request

    async def notify(self, target: Target, notices: Sequence[Notice]) -> Report:
        """One request that rings out to nobody. All notices share one outcome."""
        ...


@runtime_checkable
class Measures(Protocol):
    """Its provider counts something other than requests: the segments of a text, say."""

    def units(self, attempt: Attempt) -> int:
        """How much of its lane's rates the request takes, at least 1. Called before it leaves; must not block."""
        ...


@runtime_checkable
class Receives(Protocol):
    """A channel whose provider calls back: with receipts, with what people answer, with what they did."""

    provider: str  # the word in the address that it calls

    def verify(self, callback: Callback) -> str | None:
        """Why the call is not the provider's; None where it is. Compares in constant time, and never raises."""
        ...

    def read(self, callback: Callback) -> Sequence[Signal]:
        """What it says; nothing where it says nothing of interest. Raises ValueError for what cannot be read."""
        ...

    def thank(self, callback: Callback) -> tuple[str, bytes]:
        """Media type and body of the answer: what the provider expects where all is well."""
        ...


@runtime_checkable
class SharesGate(Protocol):
    """A channel where several targets can share one limit of the provider."""

    async def shared_gate(self, target: Target) -> str | None:
        """The name of the gate that this target shares with others; None where the provider cannot tell now."""
        ...
