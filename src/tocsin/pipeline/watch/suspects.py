"""Remembers little of those of whom something odd was heard, and of a bounded number of names."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Sign = TypeVar("Sign")

MOST = 1000  # their names come from outside


@dataclass(slots=True)
class Suspect(Generic[Sign]):
    """One of them, with the latest signs; `guilty` once they were enough."""

    signs: deque[Sign]
    guilty: bool = False


@dataclass(slots=True)
class Suspects(Generic[Sign]):
    """`memory` is how many signs are kept of each."""

    memory: int
    _known: OrderedDict[str, Suspect[Sign]] = field(default_factory=OrderedDict)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def __len__(self) -> int:
        return len(self._known)

    def find(self, name: str) -> Suspect[Sign] | None:
        """What is remembered of it. Where there are too many, the longest unheard of that is not guilty is forgotten;
        None where there is no such.
        """
        if name not in self._known and len(self._known) >= MOST:
            idle = next((each for each, other in self._known.items() if not other.guilty), None)
            if idle is None:
                return None
            del self._known[idle]
        suspect = self._known.setdefault(name, Suspect(deque(maxlen=self.memory)))
        self._known.move_to_end(name)
        return suspect

    def forget(self, name: str) -> None:
        del self._known[name]
