"""A way brings push to one kind of address: Firebase to apps, a push service to browsers.

A way is a small channel for one person at a time: an attempt or a message that reaches it has exactly one member, with
a recipient of its `kind`. It renders, sends one request and answers with one outcome, as every channel does
(`channels/contract.py`).

To enter one: its folder has an `Entrance`, which the catalogue hands to `push`: `push(FIREBASE, BROWSERS)`. Nothing
else knows of it. The folder may import from `channels/push`, which knows none of them.

What goes wrong is said as any channel says it, with one word more. A `Deferred` without a `part` says that nothing
gets through by this way now (a quota of the whole project, a key that is refused, no connection): the way rests, and
the other one goes on. One with a `part` (a device's own budget, a platform, one push service) says so of this member
alone, and everything else goes on. Only where all ways rest does the lane of the channel.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tocsin.channels.abilities import Message
from tocsin.channels.contract import Attempt, Report
from tocsin.channels.push.settings import Push
from tocsin.channels.spec import Finding, ProviderLimits, Surroundings
from tocsin.core.address import AddressKind
from tocsin.core.delivery import Target
from tocsin.core.record import AlertRecord


class Way(Protocol):
    """A way leads to addresses of one `kind`, and is named for operators by `title`: `Firebase`."""

    title: str
    kind: AddressKind

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        """Make what is sent of the first alert, to nobody in particular: what can be written as JSON. Pure."""
        ...

    async def send(self, attempt: Attempt) -> Report:
        """Send to the one member of the attempt, in one request, at most once. Only errors of our own code are
        raised. A `Sent` with a reference is edited once it is sold out.
        """
        ...

    async def edit(self, message: Message) -> Report:
        """Show the one alert of the message as it is now, without a sound, or take it back: it is sold out."""
        ...


def _nothing(_: Push) -> Iterable[Finding]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """An entrance says of one way under which settings it is open, what in them is hardly meant so, which limits its
    provider documents for the `whole` and for `each` person, and how it is made: `make` may read files, and raises
    ValueError, or `UnfitError` with every flaw.
    """

    kind: AddressKind
    is_open: Callable[[Push], bool]
    make: Callable[[Push, Surroundings], Way]
    limits: ProviderLimits = field(default_factory=ProviderLimits)
    cautions: Callable[[Push], Iterable[Finding]] = _nothing
