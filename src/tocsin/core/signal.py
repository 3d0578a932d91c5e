"""What is said later, by itself: of a message, that it is there, arrived or did not, what it cost; or by a person."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tocsin.core.address import AddressWhy
from tocsin.core.secret import Secret


class SignalKind(StrEnum):
    ACCEPTED = "accepted"  # the provider has it: an answer that was lost has been found
    DELIVERED = "delivered"  # it reached the person
    OPENED = "opened"  # the person has looked at it; what a program fetches by itself is no look
    FAILED = "failed"  # it did not, and will not
    PRICED = "priced"  # its cost is known now
    OPTED_OUT = "opted_out"  # the person said stop
    OPTED_IN = "opted_in"  # the person takes that back
    HELP_ASKED = "help_asked"  # the person wants to know who writes, and how to make it stop
    SAID = "said"  # the person said something else: operators may want to read it
    SHUT = "shut"  # the provider lets nothing through to that address: `why` says what it knows

    @property
    def is_of_person(self) -> bool:
        """It is about whoever has the address, and moves no delivery."""
        return self in _OF_PERSON


_OF_PERSON = frozenset(
    {
        SignalKind.OPTED_OUT,
        SignalKind.OPTED_IN,
        SignalKind.HELP_ASKED,
        SignalKind.SAID,
        SignalKind.SHUT,
    }
)


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost is what the provider takes; `currency` is an ISO 4217 code."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """`event_id` is the provider's own and stands once in a channel: the same again changes nothing.

    It is of the delivery with that ledger key, where our own code came back with it, else of the message that the
    provider knows by `reference`. `units` is how much was counted, where the provider says so. `person` is the address
    of whoever a signal of a person is about: it is looked up by its keyed hash and never kept. `why` goes with what
    somebody does not want any more, and with what is shut.
    """

    channel: str
    event_id: str
    kind: SignalKind
    delivery: int | None = None
    reference: str | None = None
    detail: str = ""
    units: int | None = None
    cost: Cost | None = None
    person: Secret | None = None
    why: AddressWhy | None = None
