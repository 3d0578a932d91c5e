"""The write verbs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from tocsin.core.alert import EpisodeKey
from tocsin.core.click import Click
from tocsin.core.condition import Condition, What
from tocsin.core.delivery import Target
from tocsin.core.monitor import Monitor
from tocsin.core.signal import Signal
from tocsin.ledger.contract.append import Appended, Decide, Submission
from tocsin.ledger.contract.history import TokenRow
from tocsin.ledger.contract.people import People
from tocsin.ledger.contract.queue import (
    Claimed,
    ClaimRequest,
    Closed,
    Move,
    MoveResult,
    Settlement,
    ShutLane,
    StandingMessage,
)
from tocsin.ledger.contract.signals import Judge, Received


class Ledger(Protocol):
    """The write verbs. Each raises LedgerUnavailableError when it cannot commit in time, having changed nothing.

    Where its files are `gone`, what comes from outside is refused so; what was accepted before is still worked off.
    """

    epoch: str  # drawn when the ledger is made; cursors of another one mean nothing here
    link_secret: bytes  # drawn with it: what short links are signed with
    people: People
    gone: str  # which of its files was taken away or replaced while it was open; empty where none was

    async def append(self, submission: Submission, decide: Decide) -> Appended:
        """Decide and write every item in one transaction, under the lock of the stream's position.

        `decide` must be pure. Parts of a request are appended in turn, each once the one
        before it is. Raises ConflictError where the idempotency key of the whole request was used with another digest
        (an item's conflict is that item's invalid receipt).
        """
        ...

    async def claim(self, request: ClaimRequest) -> Claimed:
        """Take due deliveries of one lane and make them `sending`, in one transaction: the request may leave once this
        returns.

        What is past its life is marked `expired` on the way. Nothing to take is no error.
        """
        ...

    async def settle(self, settlement: Settlement) -> MoveResult:
        """Write down what an attempt came to, and move its members as it says.

        Members that refuse, or whose target is disabled, get their fallback deliveries in the same transaction. A
        deferred member that a newer alert of its episode has overtaken meanwhile comes back as superseded. Raises
        IllegalMoveError, with nothing moved.
        """
        ...

    async def move(self, moves: Sequence[Move]) -> MoveResult:
        """Make legal moves outside an attempt: how an unknown is settled, an operator's retry.

        A retry gives the delivery its whole life once more. Raises IllegalMoveError, with nothing moved.
        """
        ...

    async def receive(self, heard: Sequence[Signal], judge: Judge) -> Received:
        """Keep signals of providers, each once by its event id, and apply them as `judge` says.

        What is heard too early, or of a delivery that nobody knows, is parked until that one is settled. What a
        provider reports as failed gets its fallback in the same transaction.
        """
        ...

    async def note_mention(self, attempt: int, mentioned: str) -> None:
        """Keep whom the attempt will mention, before its request leaves: whoever is killed meanwhile has spent the
        budget of those names all the same.
        """
        ...

    async def close(self, key: EpisodeKey) -> Closed:
        """End the episode: its open alerts are closed, what is pending is cancelled, each alert gets an event.

        One with many alerts ends in parts, for each of which this is called again (`Closed.more`).
        """
        ...

    async def note_shown(self, message: StandingMessage) -> None:
        """Keep that an edit has shown each alert of the message as it is there, or that nothing is left to edit.

        Where somebody else has written on it since it was read, nobody knows who came last: it stays to be edited.
        """
        ...

    async def probe(self) -> None:
        """Find out whether an append can be kept now: an empty commit, and where the last append was refused one as
        large as an alert.

        Raises LedgerUnavailableError while it cannot.
        """
        ...

    async def watch(self) -> None:
        """Look whether its files are still those that were opened (`gone`): each second."""
        ...

    async def fail_over(self, lanes: frozenset[str], shadow: frozenset[Target] = frozenset()) -> MoveResult:
        """Hand what is pending on these lanes (breaker open), or past its `fail_over_at` anywhere, to its fallback.

        What has no fallback left that could take over stays where it is: one in `shadow` cannot. At most 1,000 at a
        time.
        """
        ...

    async def withhold(self, lane: str) -> MoveResult:
        """Cancel what is pending on a lane that is in shadow, handing it to its fallback where it has one. At most
        1,000 at a time.
        """
        ...

    async def recover(self) -> MoveResult:
        """Make `unknown` (crashed) what a dead process left `sending`. At start, before anything is claimed."""
        ...

    async def expire(self, limit: int = 1000) -> MoveResult:
        """Mark what is pending past its life as expired, whatever lane it stands in: at most `limit` at a time."""
        ...

    async def silence(self, last_seen_before: datetime, limit: int = 100) -> Closed:
        """Close the episodes that no detector has repeated since then, at most `limit` at a time; again while there are
        `more`.
        """
        ...

    async def prune(self, accepted_before: datetime, limit: int = 1000) -> int:
        """Forget the oldest alerts with all that belongs to them, unless a delivery is still under way; how many were
        forgotten.

        At most `limit` at a time: fewer say that nothing is left to forget for now.
        """
        ...

    async def disable(self, target: Target, why: str, detail: str) -> MoveResult:
        """Let the target rest: what is pending for it is refused (no_target) and goes to its fallback.

        `why` is a stable word, `detail` what the provider or the operator said.
        """
        ...

    async def enable(self, target: Target) -> bool:
        """Wake a target that rests; False where it did not. What was refused meanwhile stays so."""
        ...

    async def add_token(self, token: TokenRow) -> None:
        """Keep a token by the digest of its secret. Its id must be new."""
        ...

    async def revoke_token(self, identifier: str) -> bool:
        """End the token with that id; False where there is none, or it has ended before."""
        ...

    async def touch_tokens(self, used: Mapping[str, datetime]) -> None:
        """Keep when these tokens (by id) were last used."""
        ...

    async def keep_monitor(self, monitor: Monitor) -> None:
        """Keep the monitor, in place of what was known of the one with its id."""
        ...

    async def forget_monitor(self, identifier: str) -> bool:
        """Forget the monitor with that id; False where there is none."""
        ...

    async def keep_condition(self, condition: Condition) -> None:
        """Keep the condition, in place of what was known of it (the same `what` and `about`)."""
        ...

    async def forget_condition(self, what: What, about: str) -> None:
        """Forget a condition that is over, once whoever was to be told of that was."""
        ...

    async def keep_lane(self, lane: ShutLane) -> None:
        """Keep that the lane is shut, in place of what was known of it."""
        ...

    async def forget_lane(self, name: str) -> None:
        """Keep that the lane is open."""
        ...

    async def click(self, delivery: int, followed: Click) -> None:
        """Keep that the short link of the delivery with that key was followed."""
        ...

    async def backup(self, path: str) -> None:
        """Write a consistent copy to that path while the service runs. Raises InvalidRequestError on PostgreSQL, which
        has its own tools.
        """
        ...
