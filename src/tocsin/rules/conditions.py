"""Each condition is told to people in words: what is the matter, how to mend it, and how long it is
believed to last.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from tocsin.core.condition import Condition, Notice, Phase, What

_AT_ONCE = timedelta()
_COUNTED_AGAIN = timedelta(minutes=1)
_UNCONFIRMED = timedelta(hours=1)
_EVENT = timedelta(hours=1)  # how long it is shown; nothing says when it is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The words for one kind of condition: `headline`, `over` and `mend` may speak of `{about}`, and of the `{channel}`
    and `{name}` of a target.

    Without an `over` nobody is told of its end. It ends by itself once nothing was heard of it for `quiet`; None:
    something else ends it. For `believed` it is held to last after a restart where nothing confirms it; None: what it
    is about can be asked.
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
            " it, and reload. What waits is kept, and tried once a minute; where the account has used up what it may"
            " send, every ten minutes.",
        ),
        What.PART_REFUSED: Kind(
            headline="Nothing gets through to {about}",
            mend="What the provider said stands beside this: a key that it has not or does not take, or apps that are"
            " registered elsewhere. Mend it there; what waits is tried once a minute, everything else goes on.",
            quiet=_EVENT,
            believed=_AT_ONCE,
        ),
        What.OBJECTIVE_MISSED: Kind(
            headline="Alerts by {about} come too late",
            over="Alerts by {about} come in time again",
            mend="The timeline of a late alert says where its time went. Where it waited for the provider's "
            "limit, send less there: fewer routes, or a second target. Where requests failed, the provider "
            "is to be asked.",
            believed=_COUNTED_AGAIN,
        ),
        What.CLOCK_WRONG: Kind(
            headline="Detections of {about} come with a wrong time",
            over="Detections of {about} come with the right time again",
            mend="Set the clock of the machine that watches this retailer (NTP), and see that it sends its "
            "timestamp in UTC or with an offset. Until then alerts that seem too old are filtered as stale.",
            believed=_UNCONFIRMED,
        ),
        What.ALERTS_REFUSED: Kind(
            headline="Most alerts of {about} are refused",
            over="Alerts of {about} are no longer refused",
            mend="What is wrong with the last stands beside this, and the log names each field (alert refused, request"
            " refused); mend the program that sends them. Where its token has ended or lacks the scope ingest, make it"
            " another: tocsin token create. Until then nobody is told what it finds.",
            quiet=timedelta(days=1),
            believed=_UNCONFIRMED,
        ),
        What.STRANGERS_REFUSED: Kind(
            headline="Somebody sends alerts without a token that is known here",
            mend="Where it is a detector of yours, look at its token (tocsin token list says which there are) and at"
            " the name it calls the service by (server.allowed_hosts). Anybody else gets nowhere, and has to wait"
            " longer with each guess.",
            quiet=_EVENT,
            believed=_AT_ONCE,
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
            over="The ledger is written in time again",
            mend="Look at its disk: space left, permissions, errors, load; tocsin doctor helps. Alerts are turned"
            " away with 503 meanwhile, and detectors try them again; what was accepted is kept.",
            quiet=timedelta(seconds=30),
            believed=_AT_ONCE,
        ),
        What.LEDGER_GONE: Kind(
            headline="The file of the ledger was taken away or replaced under the running service",
            over="The file of the ledger is there again",
            mend="Put back the very file that was moved away, and it goes on. Else stop the service in good order and"
            " start it again: where only the log was taken, nothing is lost by that; where the ledger is deleted,"
            " put the newest backup in its place before. Alerts are turned away with 503 meanwhile; what was accepted"
            " before is still sent.",
        ),
        What.LOCK_GONE: Kind(
            headline="The lock file of the ledger was taken away, and is put back",
            mend="See which program clears this folder, and keep it from the ledger's files: the next that it deletes"
            " may be the ledger. No second service could come in.",
            quiet=_EVENT,
            believed=_EVENT,
        ),
        What.LEDGER_HELD: Kind(
            headline="A reader holds back the log of the ledger, and it grows",
            mend="Close the program that reads the ledger for so long: an open sqlite3 shell, a backup that hangs. The"
            " next commit folds the log in. At 4 GiB no more alerts are taken.",
            quiet=_EVENT,
            believed=_AT_ONCE,
        ),
        What.DESCRIPTORS_SHORT: Kind(
            headline="Newcomers wait: file descriptors are short",
            mend="Raise the limit on open files (LimitNOFILE in the unit, ulimit -n in a shell), and see who opens so"
            " many connections. Whoever is in is served meanwhile.",
            quiet=_EVENT,
            believed=_AT_ONCE,
        ),
        What.CLOCK_JUMPED: Kind(
            headline="The clock of this machine was moved",
            mend="See that one service alone sets it. Nothing has to be done for alerts under way.",
            quiet=_EVENT,
            believed=_EVENT,
        ),
        What.SPEND_CAP: Kind(
            headline="{about} has spent what it may today",
            over="{about} may spend again",
            mend="The high band alone goes on, for a quarter more; then nothing leaves until midnight (UTC). What is"
            " not sent is cancelled with the reason spend_cap, or goes to its fallback. To send more today, raise"
            " spend_cap of the channel and reload.",
        ),
        What.MIRROR_FAILING: Kind(
            headline="The copy of the history in {about} does not go on",
            over="The copy of the history in {about} goes on",
            mend="See whether it is there and takes our key; what it said stands beside this. Alerts are not touched by"
            " it: it goes on where it was once it answers.",
            believed=_COUNTED_AGAIN,
        ),
        What.HINTS_LOST: Kind(
            headline="Nodes do not hear each other",
            over="Nodes hear each other again",
            mend="See whether the Valkey or Redis of cluster.url is there and takes our key; what it said stands beside"
            " this. Nothing is lost: each node asks the ledger ten times a second instead.",
            believed=_COUNTED_AGAIN,
        ),
        What.NODES_DIFFER: Kind(
            headline="Nodes differ in their {about}",
            over="Nodes have the same {about} again",
            mend="Which has what stands beside this, and tocsin nodes tells it. Copy the file to each of them and"
            " reload, or bring the upgrade to its end. Until then an alert may be decided, or sent, otherwise by one"
            " than by another.",
            believed=_COUNTED_AGAIN,
        ),
        What.MIRROR_INCOMPLETE: Kind(
            headline="Something is left out in a copy of the history",
            mend="What is left out, and why, stands beside this. tocsin airtable fields tells the columns that a table"
            " should have; a restart tries them again.",
            quiet=_EVENT,
            believed=_AT_ONCE,
        ),
        What.CODES_REFUSED: Kind(
            headline="No codes can be sent to phones",
            mend="Look at the service for codes in the configuration, at its account and its key; what the provider"
            " said stands beside this. Whoever signs up meanwhile is told to try again.",
            quiet=_EVENT,
            believed=_AT_ONCE,
        ),
        What.CONSENT_NOT_TOLD: Kind(
            headline="The provider is not told of consent",
            mend="What it said stands beside this. It is told again every minute, each entry five times; until then it"
            " may hold back texts to whoever has come back. Where it stays, look at the account and its sender, or take"
            " out of the configuration that it is told.",
            quiet=_EVENT,
            believed=_AT_ONCE,
        ),
        What.UNFORESEEN: Kind(
            headline="Something unforeseen happened ({about})",
            mend="Report it, with the lines of the log around it. The service goes on.",
            quiet=_EVENT,
            believed=_EVENT,
        ),
    }
)


def notice(condition: Condition) -> Notice:
    """Word the condition for people, as it stands: that it began, or that it is over."""
    kind = KINDS[condition.what]
    if condition.phase is Phase.OVER:
        return Notice(condition=condition, headline=worded(kind.over, condition.about))
    return Notice(
        condition=condition,
        headline=worded(kind.headline, condition.about),
        mend=worded(kind.mend, condition.about),
    )


def worded(text: str, about: str) -> str:
    """Fill the words for a condition with what it is about."""
    channel, _, name = about.partition(":")
    return text.format(about=about, channel=channel, name=name)
