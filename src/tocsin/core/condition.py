"""A condition is something that operators should know of for as long as it lasts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tocsin.core.clock import epoch_micros
from tocsin.core.delivery import Target
from tocsin.core.record import rfc3339


class What(StrEnum):
    TARGET_DISABLED = "target_disabled"  # about a target: it is dead, and rests until a human enables it
    LANE_FAILING = "lane_failing"  # about a lane: its breaker is open
    CREDENTIALS_REFUSED = "credentials_refused"  # about a lane: its provider does not take our key
    PART_REFUSED = "part_refused"  # about a part of a channel: its provider lets nothing through to it
    OBJECTIVE_MISSED = "objective_missed"  # about a channel: too few of its alerts are told in time
    CLOCK_WRONG = "clock_wrong"  # about a retailer: its detections come from another time
    ALERTS_REFUSED = "alerts_refused"  # about a token: most of what comes with it is refused
    STRANGERS_REFUSED = "strangers_refused"  # alerts come without a token, or with one that is not known
    MONITOR_LOST = "monitor_lost"  # about a monitor, by its id
    CONFIG_REFUSED = "config_refused"  # the file changed, and was not taken
    RESTART_NEEDED = "restart_needed"  # about a setting that only counts from the next start on
    LEDGER_FAILING = "ledger_failing"  # nothing can be written, or not in time
    LEDGER_GONE = "ledger_gone"  # one of its files was taken away or replaced while it was open: nothing is taken
    LOCK_GONE = "lock_gone"  # its lock file was taken away, and put back
    LEDGER_HELD = "ledger_held"  # a reader keeps its log from being folded in, and it grows
    DESCRIPTORS_SHORT = "descriptors_short"  # newcomers wait at the doors
    CLOCK_JUMPED = "clock_jumped"  # this machine's clock was moved
    SPEND_CAP = "spend_cap"  # about a channel: it has spent what it may in a day
    MIRROR_FAILING = "mirror_failing"  # about a mirror: it takes nothing
    MIRROR_INCOMPLETE = "mirror_incomplete"  # a mirror has no place for something
    HINTS_LOST = "hints_lost"  # nodes do not hear each other: each asks the ledger instead
    NODES_DIFFER = "nodes_differ"  # about what they should have alike: the configuration, or the version
    CODES_REFUSED = "codes_refused"  # the provider lets us send no codes to phones
    CONSENT_NOT_TOLD = "consent_not_told"  # a provider that is to hear of consent does not take it
    UNFORESEEN = "unforeseen"  # about the word of the trouble: a bug


class Phase(StrEnum):
    BEGAN = "began"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition is `what` the matter is with what it is `about`; `told` has what each operator target has heard of it
    last. `node` has seen it and says when it is over; None where a process is alone with its ledger.
    """

    what: What
    about: str
    began_at: datetime
    over_at: datetime | None = None
    detail: str = ""
    told: Mapping[Target, Phase] = field(default_factory=dict)
    node: str | None = None

    @property
    def phase(self) -> Phase:
        return Phase.BEGAN if self.over_at is None else Phase.OVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice tells people of a condition: that it began and how to mend it, or that it is over."""

    condition: Condition
    headline: str
    mend: str = ""

    @property
    def id(self) -> str:
        """The notice's id: the same whenever the same is told again, also after a restart."""
        about = self.condition
        told = f"{about.what}\n{about.about}\n{epoch_micros(about.began_at)}\n{about.phase}"
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def at(self) -> datetime:
        """When what the notice tells of happened."""
        return self.condition.over_at or self.condition.began_at

    def as_json(self) -> dict[str, Any]:
        condition = self.condition
        return {
            "what": condition.what.value,
            "about": condition.about,
            "headline": self.headline,
            "detail": condition.detail,
            "mend": self.mend,
            "began_at": rfc3339(condition.began_at),
            "over_at": condition.over_at and rfc3339(condition.over_at),
        }
