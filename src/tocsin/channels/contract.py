"""A channel renders alerts, sends one request to its provider, and answers with an outcome for each delivery in it.

A channel knows nothing of queues, retries or the ledger, keeps no state between two calls that matters after a crash,
and never raises for what a provider did. What only some can do besides (find, edit, repeat, count, call back) is one
small protocol each in `tocsin.channels.abilities`: whoever needs it asks with `isinstance`.

Example, a channel that takes everything:

    class Board:
        name = "board"

        def pack(self, target, records):
            return 1

        def render(self, target, records):
            return {"text": records[0].alert.title}

        async def send(self, attempt):
            return Report(tuple(Sent() for _ in attempt.members))
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
from tocsin.core.recipients import Question, Recipient
from tocsin.core.record import AlertRecord

Link = Callable[[Delivery, AlertRecord], str | None]
"""The address that readers are given: a short one that records a click, or the product's own; None without either."""


@dataclass(frozen=True, slots=True)
class Member:
    """A delivery in an attempt, with its alert, and with the one person it is for where its target is a
    list of people.

    `silent`: the person sleeps, and wants it to arrive without a sound. It means nothing to channels whose provider
    cannot do so.
    """

    delivery: Delivery
    record: AlertRecord
    recipient: Recipient | None = None
    silent: bool = False

    @property
    def introduces(self) -> bool:
        """Whether it is the first that whoever was imported gets: it says who writes, and how to stop."""
        return self.recipient is not None and self.recipient.introduced_by == self.delivery.key

    @property
    def question(self) -> Question | None:
        """What it asks of an alert before; None where it asks nothing."""
        question = None if self.recipient is None else self.recipient.question
        return question if question is not None and question.asked_by == self.delivery.key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt is one request that carries one delivery or several of one target, the most important first.

    `digest`: they are several alerts for one person of a list, gathered for one message; all others of a list are one
    alert for several people.

    `key` is the ledger's, which has committed the claim before a channel sees it. `deadline` (UTC) is the end of the
    shortest remaining life among the members: it is passed on to providers that take one. `mention` and `silent` are
    for channels that ring out, and mean nothing to others.
    """

    key: int
    target: Target
    lane: str
    started_at: datetime
    deadline: datetime
    members: tuple[Member, ...]
    mention: Mention = NOBODY
    silent: bool = False
    digest: bool = False

    @property
    def id(self) -> UUID:
        """The UUIDv7 by which the attempt is known outside: the same whenever it is asked for."""
        return id_of_key(self.started_at, self.key)


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget is what the provider's headers last allowed a lane: `remaining` requests until `resets_after` has
    passed.
    """

    remaining: int
    resets_after: timedelta


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter is something that a provider said and only its operators can mend: `about` a part of the channel, by a
    name for people.
    """

    about: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report is what a request came to: `outcomes` has one entry for each member, in the order of the attempt.

    `budget` is None where the provider said nothing. `status` (of HTTP) and `answer` (at most 256 characters, no
    secrets) go to the timeline. With `whole_channel`, what deferred outcomes say of waiting holds for every lane of the
    channel (a global limit, an address that is shut out). `matters` are for operators.
    """

    outcomes: tuple[Outcome, ...]
    budget: Budget | None = None
    status: int | None = None
    answer: str = ""
    whole_channel: bool = False
    matters: tuple[Matter, ...] = ()


class Channel(Protocol):
    """A channel is a way out to one provider. Its `name` is the first half of its targets: `discord` of
    `discord:general`.
    """

    name: str

    def pack(self, target: Target, records: Sequence[AlertRecord]) -> int:
        """Count how many of these alerts, from the first on, fit into one message to the target: at least 1. Pure."""
        ...

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """Make the request's body as it would be sent, for `routes test` and the golden files: what can be written as
        JSON. Pure.
        """
        ...

    async def send(self, attempt: Attempt) -> Report:
        """Send the attempt in one request, at most once: no retry of any kind inside.

        The answer is an outcome for each member: `Sent` where the provider took it, `Deferred` where it surely was not
        delivered and may be tried again, `Refused` where it never will be, `Unknown` where the request may have arrived
        and nobody can say. Only errors of our own code are raised.
        """
        ...
