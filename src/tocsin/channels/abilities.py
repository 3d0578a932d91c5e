"""What only some channels can do: small protocols beside the contract, asked for where they count."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from tocsin.channels.contract import Attempt, Message, Report
from tocsin.core.callback import Callback
from tocsin.core.condition import Notice
from tocsin.core.delivery import Target
from tocsin.core.mention import Mention
from tocsin.core.record import AlertRecord
from tocsin.core.signal import Signal


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
class RingsOut(Protocol):
    """A channel whose messages can ring out to everybody or to some: it minds `mention` and `silent` of an attempt."""

    def render_ringing(self, target: Target, records: Sequence[AlertRecord], mention: Mention) -> Mapping[str, Any]:
        """As `render`, ringing out to these. Pure."""
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
