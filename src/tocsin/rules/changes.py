"""Facts begin and end conditions: which fact does what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tocsin.core.condition import Phase, What
from tocsin.core.errors import LedgerUnavailableError
from tocsin.core.facts import (
    BY_OPERATOR,
    AlertsRefused,
    AlertsTaken,
    Attempted,
    BreakerClosed,
    BreakerOpened,
    ClockRight,
    ClockWrong,
    Fact,
    HintsBack,
    HintsLost,
    LaneClosed,
    MirrorFailing,
    MirrorWorks,
    MonitorBack,
    MonitorLost,
    NodesAgree,
    NodesDiffer,
    ObjectiveMet,
    ObjectiveMissed,
    PartRefused,
    Reloaded,
    SpendCapReached,
    TargetDisabled,
    TargetEnabled,
    Trouble,
    Turned,
)
from tocsin.core.outcome import Delay

LONGEST_DETAIL = 300  # characters: it may repeat what a provider said

# What a trouble is to operators, by its word. None: nothing that they could mend. One that is not here is unforeseen.
TROUBLES: Mapping[str, What | None] = MappingProxyType(
    {
        "claim_failed": What.LEDGER_FAILING,
        "settle_failed": What.LEDGER_FAILING,
        "commit_unanswered": What.LEDGER_FAILING,
        "upkeep_failed": What.LEDGER_FAILING,
        "upkeep_broken": What.UNFORESEEN,
        "clock_jumped": What.CLOCK_JUMPED,
        "wal_grown": What.LEDGER_HELD,
        "ledger_gone": What.LEDGER_GONE,
        "lock_gone": What.LOCK_GONE,
        "descriptors_short": What.DESCRIPTORS_SHORT,
        "restart_needed": What.RESTART_NEEDED,
        "codes_refused": What.CODES_REFUSED,
        "consent_not_told": What.CONSENT_NOT_TOLD,
        "mirror_column_left_out": What.MIRROR_INCOMPLETE,
        "mirror_entry_refused": What.MIRROR_INCOMPLETE,
        "click_lost": None,
        "sign_up_lost": None,
        "channel_failed": What.UNFORESEEN,
        "mentions_failed": What.UNFORESEEN,
        "task_failed": What.UNFORESEEN,
        "feed_read_failed": What.UNFORESEEN,
        "notice_failed": What.UNFORESEEN,
        "notice_refused": What.UNFORESEEN,
        "replay_failed": What.UNFORESEEN,
        "send_alert_failed": What.UNFORESEEN,
    }
)

CONFIGURATION, LEDGER, CLOCK, DOORS = "the configuration", "the ledger", "the clock", "the doors"
PHONES, MIRRORS, HINTS = "the phones", "the mirrors", "the hints"

# What troubles are about that are about no single target, lane or monitor.
_OF_THE_WHOLE: Mapping[What, str] = MappingProxyType(
    {
        What.LEDGER_FAILING: LEDGER,
        What.LEDGER_HELD: LEDGER,
        What.LEDGER_GONE: LEDGER,
        What.LOCK_GONE: LEDGER,
        What.DESCRIPTORS_SHORT: DOORS,
        What.CLOCK_JUMPED: CLOCK,
        What.CODES_REFUSED: PHONES,
        What.CONSENT_NOT_TOLD: PHONES,
        What.MIRROR_INCOMPLETE: MIRRORS,
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a condition: it begins, or is heard of once more (BEGAN), or it ends (OVER)."""

    phase: Phase
    what: What
    about: str
    detail: str = ""


def change(fact: Fact) -> Change | None:
    """The change that a fact means for operators; None for most facts."""
    read = _READERS.get(type(fact))
    return read(fact) if read else None


def _began(what: What, about: str, detail: str = "") -> Change:
    return Change(Phase.BEGAN, what, about, detail[:LONGEST_DETAIL])


def _over(what: What, about: str) -> Change:
    return Change(Phase.OVER, what, about)


def _target_disabled(disabled: TargetDisabled) -> Change | None:
    """A target that an operator has disabled is no news to operators."""
    if disabled.why == BY_OPERATOR:
        return None
    return _began(What.TARGET_DISABLED, str(disabled.target), f"{disabled.why}: {disabled.detail}")


def _lane_closed(closed: LaneClosed) -> Change | None:
    if closed.why != Delay.CREDENTIALS.value:
        return None
    return _began(What.CREDENTIALS_REFUSED, closed.lane)


def _attempted(attempted: Attempted) -> Change | None:
    """A provider that serves us has let us in: its credentials are good again."""
    return _over(What.CREDENTIALS_REFUSED, attempted.lane) if attempted.outcome == "sent" else None


def _clock_wrong(wrong: ClockWrong) -> Change:
    told = f"{abs(wrong.ahead_s):.0f} s {'ahead' if wrong.ahead_s > 0 else 'behind'}"
    return _began(What.CLOCK_WRONG, wrong.retailer, told)


def _reloaded(reloaded: Reloaded) -> Change:
    if reloaded.problem:
        return _began(What.CONFIG_REFUSED, CONFIGURATION, reloaded.problem)
    return _over(What.CONFIG_REFUSED, CONFIGURATION)


def _alerts_refused(refused: AlertsRefused) -> Change:
    if not refused.owner:
        return _began(What.STRANGERS_REFUSED, DOORS, refused.detail)
    return _began(What.ALERTS_REFUSED, refused.owner, refused.detail)


def _turned(turned: Turned) -> Change | None:
    if turned.code != LedgerUnavailableError.code or not turned.ingest:
        return None
    return _began(What.LEDGER_FAILING, LEDGER, "alerts are turned away")


def _trouble(trouble: Trouble) -> Change | None:
    what = TROUBLES.get(trouble.what, What.UNFORESEEN)
    match what:
        case None:
            return None
        case What.UNFORESEEN:
            return _began(what, trouble.what)  # the text of a bug is for the log: nobody knows what is in it
        case What.RESTART_NEEDED:
            return _began(what, trouble.detail)
        case _:
            return _began(what, _OF_THE_WHOLE[what], trouble.detail)


_READERS: Mapping[type[Fact], Callable[[Any], Change | None]] = MappingProxyType(
    {
        TargetDisabled: _target_disabled,
        TargetEnabled: lambda it: _over(What.TARGET_DISABLED, str(it.target)),
        BreakerOpened: lambda it: _began(What.LANE_FAILING, it.lane, it.detail),
        BreakerClosed: lambda it: _over(What.LANE_FAILING, it.lane),
        LaneClosed: _lane_closed,
        Attempted: _attempted,
        PartRefused: lambda it: _began(What.PART_REFUSED, it.about, it.detail),
        SpendCapReached: lambda it: _began(What.SPEND_CAP, it.channel, it.detail),
        MirrorFailing: lambda it: _began(What.MIRROR_FAILING, it.mirror, it.detail),
        MirrorWorks: lambda it: _over(What.MIRROR_FAILING, it.mirror),
        HintsLost: lambda it: _began(What.HINTS_LOST, HINTS, it.detail),
        NodesDiffer: lambda it: _began(What.NODES_DIFFER, it.what, it.detail),
        NodesAgree: lambda it: _over(What.NODES_DIFFER, it.what),
        HintsBack: lambda _: _over(What.HINTS_LOST, HINTS),
        ObjectiveMissed: lambda it: _began(What.OBJECTIVE_MISSED, it.channel, it.detail),
        ObjectiveMet: lambda it: _over(What.OBJECTIVE_MISSED, it.channel),
        AlertsRefused: _alerts_refused,
        AlertsTaken: lambda it: _over(What.ALERTS_REFUSED, it.owner),
        ClockWrong: _clock_wrong,
        ClockRight: lambda it: _over(What.CLOCK_WRONG, it.retailer),
        MonitorLost: lambda it: _began(What.MONITOR_LOST, it.monitor.id, f"it watches {it.monitor.retailer}"),
        MonitorBack: lambda it: _over(What.MONITOR_LOST, it.monitor.id),
        Reloaded: _reloaded,
        Turned: _turned,
        Trouble: _trouble,
    }
)
