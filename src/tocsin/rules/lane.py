"""A lane is paced by the limits that a provider has for everything on it, whichever target it is for."""

from dataclasses import dataclass, field
from datetime import timedelta

from tocsin.rules.gate import GatePolicy
from tocsin.rules.spending import SpendPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePolicy:
    """A lane's policy: `gate` is its own, `shared` has those of its limits that it may share with other lanes, `whole`
    those that all lanes of its channel share, as they share what may be spent (`spending`).
    """

    name: str
    channel: str
    gate: GatePolicy = field(default_factory=GatePolicy)
    shared: GatePolicy = field(default_factory=GatePolicy)
    whole: GatePolicy = field(default_factory=GatePolicy)
    spending: SpendPolicy | None = None

    @property
    def group(self) -> str:
        """What goes with it where it goes: lanes that share a gate or a purse are worked in one place. Who shares a
        `shared` limit only the provider knows, so that all go together who may.
        """
        return self.channel if self.shared.rates or self.whole.rates or self.spending else self.name

    @property
    def memory(self) -> timedelta:
        """How long ago a request still counts: the longest window of its rates."""
        return max((rate.per for rate in (*self.gate.rates, *self.shared.rates)), default=timedelta())
