"""A recipient is who a delivery is for; an audience is the set of those who are told: the bits of one whole number, a
bit a slot.

Slots are dense and never reused, so that a hundred thousand people take 12 KB, and sets of them combine in
microseconds. What waits in the ledger is cut into shards, each of 4,096 slots that follow each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from tocsin.core.address import AddressKind
from tocsin.core.secret import Secret

Audience: TypeAlias = int
"""Slot `n` is told where bit `n` is set. There is no slot 0."""

NOBODY: Audience = 0
SLOTS = 4096  # of a shard

_BYTES = SLOTS // 8
_FULL = (1 << SLOTS) - 1
_NUMBER = 4  # bytes of a shard's number where it is packed


class Owner(NamedTuple):
    """Whose an address is: the ids of the contact and of the address, as they are known outside."""

    contact: UUID
    address: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person may be asked in the next mail: what came of the alert of the delivery `about` (its number), called
    `title`, whose link the person followed and said nothing of since. `asked_at` is when a mail asked last, of
    whatever, and `asked_by` the delivery that it was.
    """

    about: int
    title: str
    clicked_at: datetime
    asked_at: datetime | None = None
    asked_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A recipient is one address as a delivery sees it. `zone` is a name of the IANA database, `contact` the number of
    whoever has it; `owner` is None where that is an address that operators wrote down. Of an app, `platform` is what it
    runs on and `sounds` are those that it brings along, as it said itself.
    `wishes` are all that the person prefers, as it is kept (JSON).

    `introduced_by` is the delivery that tells the person who writes and how to stop, the first after an import; None
    where nobody has to be told so. `is_new`: none has done so yet. `question` is what a mail may ask; None for other
    addresses.

    `lookup` names the value that was used: a word about an older one of the same slot says nothing of this one.
    """

    slot: int
    kind: AddressKind
    value: Secret
    lookup: bytes
    platform: str | None = None
    sounds: tuple[str, ...] = ()
    locale: str | None = None
    zone: str | None = None
    contact: int | None = None
    owner: Owner | None = None
    wishes: str | None = None
    introduced_by: int | None = None
    is_new: bool = False
    question: Question | None = None


class Shard(NamedTuple):
    """A shard has those of an audience whose slots follow each other, from `number` times 4,096 on."""

    number: int
    bits: int

    @classmethod
    def of(cls, slot: int) -> "Shard":
        """That one alone."""
        return cls(slot // SLOTS, 1 << slot % SLOTS)

    @classmethod
    def unpack(cls, packed: bytes) -> "Shard":
        """Read back what `pack` gave."""
        return cls(int.from_bytes(packed[:_NUMBER], "big"), int.from_bytes(packed[_NUMBER:], "little"))

    def pack(self) -> bytes:
        """Write the shard in at most 516 bytes."""
        length = (self.bits.bit_length() + 7) // 8
        return self.number.to_bytes(_NUMBER, "big") + self.bits.to_bytes(length, "little")

    @property
    def size(self) -> int:
        return self.bits.bit_count()

    @property
    def audience(self) -> Audience:
        return self.bits << self.number * SLOTS

    def within(self, audience: Audience) -> int:
        """The bits of those of an audience who would stand in this shard."""
        return audience >> self.number * SLOTS & _FULL

    def slots(self) -> Iterator[int]:
        """List its slots in their order."""
        left, first = self.bits, self.number * SLOTS
        while left:
            lowest = left & -left
            yield first + lowest.bit_length() - 1
            left ^= lowest

    def split(self, most: int) -> tuple["Shard", "Shard"]:
        """Part it into its first slots, so many at most, and the rest."""
        taken = first_of(self.bits, most)
        return self._replace(bits=taken), self._replace(bits=self.bits & ~taken)


def audience_of(slots: Iterable[int]) -> Audience:
    many = list(slots)
    bits = bytearray(max(many, default=0) // 8 + 1)
    for slot in many:
        bits[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(bits, "little")


def slots_of(audience: Audience) -> Iterator[int]:
    """List the slots of an audience in their order."""
    for shard in shards_of(audience):
        yield from shard.slots()


def shards_of(audience: Audience) -> Iterator[Shard]:
    """Part an audience into shards, in their order; those with nobody in them are left out."""
    packed = audience.to_bytes((audience.bit_length() + 7) // 8, "little")
    for number, begin in enumerate(range(0, len(packed), _BYTES)):
        if bits := int.from_bytes(packed[begin : begin + _BYTES], "little"):
            yield Shard(number, bits)


def first_of(audience: Audience, most: int) -> Audience:
    """The first of them, so many at most: the shortest end of the number that has as many bits."""
    if audience.bit_count() <= most:
        return audience
    low, high = 0, audience.bit_length()
    while low < high:
        middle = (low + high) // 2
        if (audience & ((1 << middle) - 1)).bit_count() < most:
            low = middle + 1
        else:
            high = middle
    return audience & ((1 << low) - 1)
