"""Which facts begin or end a condition, and what people are told of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from tocsin.core.condition import Condition, Notice, Phase, What
from tocsin.core.facts import (
    Attempted,
    BreakerClosed,
    BreakerOpened,
    ClockRight,
    ClockWrong,
    Fact,
    LaneClosed,
    MonitorBack,
    MonitorLost,
    ObjectiveMet,
    ObjectiveMissed,
    Reloaded,
    TargetDisabled,
    TargetEnabled,
    Trouble,
    Turned,
)
from tocsin.core.outcome import Delay

LONGEST_DETAIL = 300  # characters: it may repeat what a provider said

_AT_ONCE = timedelta()
_EVENT = timedelta(hours=1)
_UNCONFIRMED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`headline`, `over` and `mend` may speak of `{about}`, and of the `{channel}` and `{name}` of a target. Without an
    `over` nobody is told of its end.

    `quiet`: it is over once nothing was heard of it for so long; None: something else ends it. `believed`: so long it
    is held to last after a restart where nothing confirms it; None: what it is about can be asked.
    """

    headline: str
    over: str = ""
    mend: str
    quiet: timedelta | None = None
    believed: timedelta | None = None


KINDS: Mapping[What, Kind] = MappingProxyType(
    {
        What.TARGET_DISABLED: Kind(
            headline="{about} is dead and gets nothing any more",
            over="{about} gets alerts again",
            mend="See whether it still exists and lets us write there. Where its address is another one now, "
            "change the configuration and reload. Then enable it: on the page under Channels, or with "
            "POST /api/v1/channels/{channel}/targets/{name}/enable.",
        ),
        What.LANE_FAILING: Kind(
            headline="Requests to {about} fail again and again",
            over="Requests to {about} get through again",
            mend="Look at the provider's status page, and at this machine's way there (DNS, proxy, firewall). "
            "Nothing has to be started anew: one probe after the other goes out, and what waits follows the "
            "first that gets through.",
        ),
        What.CREDENTIALS_REFUSED: Kind(
            headline="The key for {about} is refused",
            over="The key for {about} is taken again",
            mend="Make a new key at the provider, or settle its bill; write the key where the configuration reads"
            " it, and reload. What waits is kept, and tried once a minute.",
        ),
        What.OBJECTIVE_MISSED: Kind(
            headline="Alerts by {about} come too late",
            over="Alerts by {about} come in time again",
            mend="The timeline of a late alert says where its time went. Where it waited for the provider's "
            "limit, send less there: fewer routes, or a second target. Where requests failed, the provider "
            "is to be asked.",
            believed=_UNCONFIRMED,
        ),
        What.CLOCK_WRONG: Kind(
            headline="Detections of {about} come with a wrong time",
            over="Detections of {about} come with the right time again",
            mend="Set the clock of the machine that watches this retailer (NTP), and see that it sends its "
            "timestamp in UTC or with an offset. Until then alerts that seem too old are filtered as stale.",
            believed=_UNCONFIRMED,
        ),
        What.MONITOR_LOST: Kind(
            headline="Monitor {about} has fallen silent",
            over="Monitor {about} is heard again",
            mend="See whether the program runs and reaches this service. Until it is heard its products are "
            "watched by nobody. One that was taken away on purpose: DELETE /api/v1/monitors/{about}.",
        ),
        What.CONFIG_REFUSED: Kind(
            headline="The configuration was not reloaded",
            over="The configuration is taken again",
            mend="Mend the file (tocsin check names every problem with its line) and reload. The old one stays in"
            " force.",
            believed=_AT_ONCE,
        ),
        What.RESTART_NEEDED: Kind(
            headline="{about} has changed and does not count yet",
            over="{about} counts as it is written",
            mend="Restart the service when it suits you.",
            believed=_AT_ONCE,
        ),
        What.LEDGER_FAILING: Kind(
            headline="The ledger cannot be written in time",
            over="The ledger is written again",
            mend="Look at its disk: space left, permissions, errors, load; tocsin doctor helps. Alerts are turned"
            " away with 503 meanwhile, and detectors try them again; what was accepted is kept.",
            quiet=timedelta(seconds=30),
            believed=_AT_ONCE,
        ),
        What.CLOCK_JUMPED: Kind(
            headline="The clock of this machine was moved",
            mend="See that one service alone sets it. Nothing has to be done for alerts under way.",
            quiet=_EVENT,
            believed=_EVENT,
        ),
        What.UNFORESEEN: Kind(
            headline="Something unforeseen happened ({about})",
            mend="Report it, with the lines of the log around it. The service goes on.",
            quiet=_EVENT,
            believed=_EVENT,
        ),
    }
)

# What a trouble is to operators, by its word. None: nothing that they could mend. One that is not here is unforeseen.
TROUBLES: Mapping[str, What | None] = MappingProxyType(
    {
        "claim_failed": What.LEDGER_FAILING,
        "settle_failed": What.LEDGER_FAILING,
        "upkeep_failed": What.LEDGER_FAILING,
        "clock_jumped": What.CLOCK_JUMPED,
        "restart_needed": What.RESTART_NEEDED,
        "click_lost": None,
        "channel_failed": What.UNFORESEEN,
        "dispatcher_failed": What.UNFORESEEN,
        "feed_read_failed": What.UNFORESEEN,
        "notice_failed": What.UNFORESEEN,
        "notice_refused": What.UNFORESEEN,
        "replay_failed": What.UNFORESEEN,
        "send_alert_failed": What.UNFORESEEN,
    }
)

CONFIGURATION, LEDGER, CLOCK = "the configuration", "the ledger", "the clock"
_UNAVAILABLE = "ledger_unavailable"


@dataclass(frozen=True, slots=True)
class Change:
    """A condition begins, or is heard of once more (BEGAN), or ends (OVER)."""

    phase: Phase
    what: What
    about: str
    detail: str = ""


def change(fact: Fact) -> Change | None:
    """What the fact means for operators; None for most."""
    read = _READERS.get(type(fact))
    return read(fact) if read else None


def notice(condition: Condition) -> Notice:
    kind = KINDS[condition.what]
    if condition.phase is Phase.OVER:
        return Notice(condition=condition, headline=worded(kind.over, condition.about))
    return Notice(
        condition=condition,
        headline=worded(kind.headline, condition.about),
        mend=worded(kind.mend, condition.about),
    )


def worded(text: str, about: str) -> str:
    channel, _, name = about.partition(":")
    return text.format(about=about, channel=channel, name=name)


def _began(what: What, about: str, detail: str = "") -> Change:
    return Change(Phase.BEGAN, what, about, detail[:LONGEST_DETAIL])


def _over(what: What, about: str) -> Change:
    return Change(Phase.OVER, what, about)


def _lane_closed(closed: LaneClosed) -> Change | None:
    if closed.why != Delay.CREDENTIALS.value:
        return None
    return _began(What.CREDENTIALS_REFUSED, closed.lane)


def _attempted(attempted: Attempted) -> Change | None:
    """Whom the provider serves, it has let in."""
    return _over(What.CREDENTIALS_REFUSED, attempted.lane) if attempted.outcome == "delivered" else None


def _clock_wrong(wrong: ClockWrong) -> Change:
    told = f"{abs(wrong.ahead_s):.0f} s {'ahead' if wrong.ahead_s > 0 else 'behind'}"
    return _began(What.CLOCK_WRONG, wrong.retailer, told)


def _reloaded(reloaded: Reloaded) -> Change:
    if reloaded.problem:
        return _began(What.CONFIG_REFUSED, CONFIGURATION, reloaded.problem)
    return _over(What.CONFIG_REFUSED, CONFIGURATION)


def _turned(turned: Turned) -> Change | None:
    return _began(What.LEDGER_FAILING, LEDGER, "alerts are turned away") if turned.code == _UNAVAILABLE else None


def _trouble(trouble: Trouble) -> Change | None:
    what = TROUBLES.get(trouble.what, What.UNFORESEEN)
    match what:
        case None:
            return None
        case What.RESTART_NEEDED:
            return _began(what, trouble.detail)
        case What.LEDGER_FAILING:
            return _began(what, LEDGER, trouble.detail)
        case What.CLOCK_JUMPED:
            return _began(what, CLOCK, trouble.detail)
        case _:
            # The text of a bug is for the log: nobody knows what is in it.
            return _began(What.UNFORESEEN, trouble.what)


_READERS: Mapping[type[Fact], Callable[[Any], Change | None]] = MappingProxyType(
    {
        TargetDisabled: lambda it: _began(What.TARGET_DISABLED, str(it.target), f"{it.why}: {it.detail}"),
        TargetEnabled: lambda it: _over(What.TARGET_DISABLED, str(it.target)),
        BreakerOpened: lambda it: _began(What.LANE_FAILING, it.lane, it.detail),
        BreakerClosed: lambda it: _over(What.LANE_FAILING, it.lane),
        LaneClosed: _lane_closed,
        Attempted: _attempted,
        ObjectiveMissed: lambda it: _began(What.OBJECTIVE_MISSED, it.channel, it.detail),
        ObjectiveMet: lambda it: _over(What.OBJECTIVE_MISSED, it.channel),
        ClockWrong: _clock_wrong,
        ClockRight: lambda it: _over(What.CLOCK_WRONG, it.retailer),
        MonitorLost: lambda it: _began(What.MONITOR_LOST, it.monitor.id, f"it watches {it.monitor.retailer}"),
        MonitorBack: lambda it: _over(What.MONITOR_LOST, it.monitor.id),
        Reloaded: _reloaded,
        Turned: _turned,
        Trouble: _trouble,
    }
)
