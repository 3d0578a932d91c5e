"""A fact tells of something that has happened, for whoever listens: the log, the metrics, the operators' page.
Listening changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tocsin.core.alert import Alert
from tocsin.core.condition import Notice
from tocsin.core.decision import Receipt
from tocsin.core.delivery import Delivery, DeliveryState, Target, Why
from tocsin.core.monitor import Monitor


@dataclass(frozen=True, slots=True)
class Decided:
    """A detection got its answer; for accepted and filtered ones the row is on disk. `late_s`: how long before that it
    was made, by the detector's clock; negative where that clock is ahead of ours. `owner` is the name of its token.
    """

    alert: Alert
    receipt: Receipt
    late_s: float = 0.0
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertInvalid:
    """A detection was answered `invalid`, alone or among others; nothing of it was kept. `fault` is the field that is
    wrong, or a stable word where no field is; `message` says how to mend it; `owner` is the name of its token.
    """

    owner: str
    fault: str
    message: str


@dataclass(frozen=True, slots=True)
class Misdated:
    """A detection was refused as invalid: it claims to be made so far in the future."""

    retailer: str
    ahead_s: float


@dataclass(frozen=True, slots=True)
class Turned:
    """A request was turned away before any decision: `code` is the error's stable word. `owner` is the name of its
    token, where that is known, `address` where it came from, where it came from outside. `ingest`: it was to bring
    something in.
    """

    code: str
    message: str = ""
    owner: str = ""
    address: str = ""
    ingest: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMoved:
    """A delivery changed its state. `latency_s` (on `sent`): from detection to the provider's answer; None where nobody
    waited for it, as with a test, or what quiet hours held back.
    """

    delivery: Delivery
    to: DeliveryState
    why: Why | None
    detail: str = ""
    latency_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One request to a provider ended. `outcome` is the class name of the outcome in lower case. `is_test`: it carried
    operators' tests alone.
    """

    target: Target
    lane: str
    members: int
    outcome: str
    took_s: float
    is_test: bool = False


BY_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class TargetDisabled:
    """A target was disabled: nothing is sent there any more. `why` is the refusal that said so, or `operator` where one
    of them did.
    """

    target: Target
    why: str
    detail: str


@dataclass(frozen=True, slots=True)
class TargetEnabled:
    """An operator has woken a disabled target."""

    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneClosed:
    """A lane's gate is shut by its provider until then."""

    lane: str
    why: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePaused:
    """A lane lets nothing leave for longer than a moment, whatever the cause. `until` is None where time alone opens
    nothing; `rate` is the one that is used up, where that is the cause.
    """

    lane: str
    why: str
    rate: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LaneOpened:
    """A lane that was paused may let something leave again."""

    lane: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerOpened:
    """So many requests of a lane failed in a row: from now on one probe at a time, the next one then."""

    lane: str
    failures: int
    until: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class BreakerClosed:
    """A probe got through: the lane works again."""

    lane: str


@dataclass(frozen=True, slots=True)
class SpendCapReached:
    """A channel has spent what it may in a day: from now on the high band alone goes on, and soon nothing."""

    channel: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveMissed:
    """Too few alerts of a channel are told in time: its error budget burns `burn_rate` times as fast as it may."""

    channel: str
    burn_rate: float
    detail: str


@dataclass(frozen=True, slots=True)
class ObjectiveMet:
    """The objective of a channel is met again."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWrong:
    """The detections of a retailer come from another time again and again. `ahead_s` is negative for late ones."""

    retailer: str
    ahead_s: float


@dataclass(frozen=True, slots=True)
class ClockRight:
    """The detections of a retailer come from the present again."""

    retailer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsRefused:
    """Most of what comes with a token is refused; `owner` is its name, empty for those whom nobody knows. `detail` is
    what was wrong with the last.
    """

    owner: str
    detail: str


@dataclass(frozen=True, slots=True)
class AlertsTaken:
    """What comes with a token is taken again."""

    owner: str


@dataclass(frozen=True, slots=True)
class MonitorLost:
    """A monitor is lost: nothing was heard of it for three of its intervals."""

    monitor: Monitor


@dataclass(frozen=True, slots=True)
class MonitorBack:
    """A monitor that was lost is heard again."""

    monitor: Monitor
    silent_since: datetime


@dataclass(frozen=True, slots=True)
class CalledBack:
    """A provider has called, or somebody in its name: taken, known (heard before), parked, forged or malformed."""

    provider: str
    kind: str
    became: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification went on: `by` sms, call or mail; sent, approved, wrong, or why it could not be done."""

    by: str
    result: str


@dataclass(frozen=True, slots=True)
class MirrorWrote:
    """A mirror of the history was brought so many entries. `outcome` is the class name of the outcome in lower case."""

    mirror: str
    outcome: str
    entries: int


@dataclass(frozen=True, slots=True)
class MirrorFailing:
    """A mirror has taken nothing for a while."""

    mirror: str
    detail: str


@dataclass(frozen=True, slots=True)
class MirrorWorks:
    """A mirror that failed takes what it is brought again."""

    mirror: str


@dataclass(frozen=True, slots=True)
class HintsLost:
    """Nodes have not heard of each other's work for a while but from the ledger."""

    detail: str


@dataclass(frozen=True, slots=True)
class HintsBack:
    """They hear each other again."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction of the ledger was committed: how long it took, and how many calls shared it."""

    took_s: float
    calls: int


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The configuration was read again; `problem` is empty where it was taken."""

    problem: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong that an operator should know of: `what` is a stable word, `mend` says what to do."""

    what: str
    detail: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class ConditionBegan:
    """Something that operators should know of has begun."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class ConditionOver:
    """A condition is over."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class PartRefused:
    """A provider lets nothing through to a part of a channel, which only operators can mend: `about` is its name for
    people.
    """

    about: str
    detail: str


@dataclass(frozen=True, slots=True)
class NodeBuried:
    """A node's lease has ended: what it worked is free, and so many deliveries that it was sending are in doubt."""

    name: str
    in_doubt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LanesMoved:
    """This node works these lanes from now on, or does not any more."""

    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodesDiffer:
    """Nodes have had something unlike for too long: the configuration, or the version."""

    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class NodesAgree:
    """They have it alike again."""

    what: str


Fact = (
    Decided
    | AlertInvalid
    | Misdated
    | Turned
    | DeliveryMoved
    | Attempted
    | TargetDisabled
    | TargetEnabled
    | LaneClosed
    | LanePaused
    | LaneOpened
    | BreakerOpened
    | BreakerClosed
    | ObjectiveMissed
    | SpendCapReached
    | PartRefused
    | ObjectiveMet
    | ClockWrong
    | ClockRight
    | AlertsRefused
    | AlertsTaken
    | MonitorLost
    | MonitorBack
    | CalledBack
    | MirrorWrote
    | MirrorFailing
    | MirrorWorks
    | HintsLost
    | HintsBack
    | Verified
    | Committed
    | Reloaded
    | Trouble
    | NodeBuried
    | LanesMoved
    | NodesDiffer
    | NodesAgree
    | ConditionBegan
    | ConditionOver
)
Emit = Callable[[Fact], None]
