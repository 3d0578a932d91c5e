"""What others must know of a mirror: how it is configured, and how it is made.

A `MirrorSpec` stands with its mirror; `tocsin.catalogue` lists them all, so nothing else speaks of a provider.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.channels.transport import Transport
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit
from tocsin.mirrors.contract import Mirror


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSurroundings:
    """What a mirror is made with, beside its own settings. `ledger` is the epoch of the one whose history it copies."""

    transport: Transport
    clock: Clock
    emit: Emit
    ledger: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorSpec:
    """One mirror as the others know it.

    - `name`: its block below `history`; `meaning` says there what it is.
    - `settings`: the type of what stands there, None (no such mirror) among it.
    - `make` raises MirrorError where the mirror needs what is not installed.
    """

    name: str
    meaning: str
    settings: Any
    make: Callable[[Any, MirrorSurroundings], Mirror]
