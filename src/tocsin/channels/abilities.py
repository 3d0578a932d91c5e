"""What only some channels can do: small protocols beside the contract, asked for where they count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from tocsin.channels.contract import Attempt, Member, Report
from tocsin.core.callback import Callback
from tocsin.core.condition import Notice
from tocsin.core.consent import ConsentTold, ConsentWord
from tocsin.core.delivery import Target
from tocsin.core.mention import Mention
from tocsin.core.networks import Network
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.core.signal import Signal
from tocsin.core.verification import Approved, By, CodeSent, Hindered
from tocsin.core.wording import Wording


@runtime_checkable
class Finds(Protocol):
    """A channel that can ask its provider whether a message of a lost attempt arrived."""

    async def find(self, attempt: Attempt) -> Report | None:
        """Ask what became of an attempt whose answer was lost.

        Reports for each member `Sent`, `Refused` where it was there and failed, or `Deferred` where it surely never
        arrived; None where nobody can tell now.
        """
        ...


@runtime_checkable
class RepeatsSafely(Protocol):
    """A channel whose receivers can drop what they already have, so that a lost answer is simply sent again."""

    def repeats_safely(self, target: Target) -> bool:
        """Tell whether every request for one delivery to this target carries the same id, which its receiver minds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message stands at the provider under `reference`: the members of a sent attempt in their order, with their
    alerts as they are now. A member of a list has a recipient as long as that person may be told anything.
    """

    target: Target
    reference: str
    members: tuple[Member, ...]


@runtime_checkable
class Edits(Protocol):
    """A channel that can change a message that stands there, so that sold out is shown in place."""

    async def edit(self, message: Message) -> Report:
        """Show each alert of the message as it is now; nobody is rung out to again. All members share one outcome.

        `Refused(MESSAGE_GONE)`: there is nothing left to edit, or it is too old; the target itself is well.
        """
        ...


@runtime_checkable
class RingsOut(Protocol):
    """A channel whose messages can ring out to everybody or to some: it minds `mention` and `silent` of an attempt."""

    def render_ringing(self, target: Target, records: Sequence[AlertRecord], mention: Mention) -> Mapping[str, Any]:
        """Make the request's body as `render` does, ringing out to these. Pure."""
        ...


@runtime_checkable
class NotifiesOperators(Protocol):
    """A channel that can carry notices of the service itself to its operators, `notices_at_once` in one request at
    most.
    """

    notices_at_once: int  # in one request

    async def notify(self, target: Target, notices: Sequence[Notice]) -> Report:
        """Send the notices in one request that rings out to nobody. All notices share one outcome."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A channel whose provider counts something other than requests: the segments of a text, say."""

    def units(self, attempt: Attempt) -> int:
        """Count the units of its lane's rates that the request will take: at least 1. Called before it leaves; must not
        block.
        """
        ...


@runtime_checkable
class Introduces(Protocol):
    """A channel whose first message to whoever was imported says who writes and how to stop, in these words."""

    introduction: Wording


@runtime_checkable
class Prices(Protocol):
    """A channel whose provider says only later what a message cost."""

    async def price(self, reference: str) -> Signal | None:
        """Ask for the price of the message that the provider knows by this name; None as long as nobody can tell."""
        ...


@runtime_checkable
class Receives(Protocol):
    """A channel whose provider calls back at `/hooks/{provider}/{kind}`: with receipts, with what people
    answer or did.
    """

    provider: str  # the word in the address that it calls

    def verify(self, callback: Callback) -> str | None:
        """Tell why the call is not the provider's; None where it is. Compares in constant time, and never raises."""
        ...

    def read(self, callback: Callback) -> Sequence[Signal]:
        """Read the signals in a verified call; none where it says nothing of interest. Raises ValueError for what
        cannot be read.
        """
        ...

    def thank(self, callback: Callback) -> tuple[str, bytes]:
        """Make the answer's media type and body: what the provider expects where all is well."""
        ...


@runtime_checkable
class Verifies(Protocol):
    """A channel whose provider brings codes to phones, and knows the right ones."""

    @property
    def verifies(self) -> bool:
        """Whether it can, as it is configured."""
        ...

    async def send_code(self, number: Secret, by: By, locale: str | None = None) -> CodeSent | Hindered:
        """Send a code by text or call; the same one again while it lives. `locale`: `de`, `pt-BR`."""
        ...

    async def check_code(self, number: Secret, code: str) -> Approved | Hindered:
        """Tell whether it is the code that was sent there last."""
        ...


@runtime_checkable
class SendsLinks(Protocol):
    """A channel that can bring a link of ours to one mailbox."""

    async def send_link(self, mailbox: Secret, link: str, locale: str | None = None) -> Hindered | None:
        """Send the link by which its owner confirms the mailbox; None where it is on its way."""
        ...


@runtime_checkable
class HearsConsent(Protocol):
    """A channel whose provider keeps who may be told, too, and is told of what people say elsewhere than to it."""

    consents_at_once: int

    @property
    def hears_consent(self) -> bool:
        """Whether it is to, as it is configured."""
        ...

    async def tell_consent(self, words: Sequence[ConsentWord]) -> ConsentTold:
        """Tell what the newest entries say, in one request: so many at once at most."""
        ...


@runtime_checkable
class TellsBrowsers(Protocol):
    """A channel that pushes to browsers, each of which has subscribed with its key."""

    @property
    def tells_browsers(self) -> bool:
        """Whether it can, as it is configured."""
        ...

    @property
    def vouched(self) -> Sequence[Network]:
        """The private networks in which a browser's push service may be."""
        ...

    async def browser_key(self) -> str:
        """Give the key that browsers subscribe with, in base64url; it is made at first need. Raises ValueError where
        it cannot be had.
        """
        ...


@runtime_checkable
class Probes(Protocol):
    """A channel whose provider has a call that does no harm, which tells whether it works while nothing is sent."""

    async def probe(self) -> bool | None:
        """Tell whether the provider answers, and knows us; None where there is nothing to ask. Never raises for what a
        provider did.
        """
        ...


@runtime_checkable
class SharesGate(Protocol):
    """A channel where several targets can share one limit of the provider."""

    async def shared_gate(self, target: Target) -> str | None:
        """Name the gate that this target shares with others, asking the provider where need be; None where it cannot
        tell now.
        """
        ...
