"""Tells what our own code fails on again and again: it is set aside, so that its neighbours go on."""

from collections.abc import Sequence

from tocsin.channels.contract import Attempt, Channel, Member, Report
from tocsin.core.delivery import Delivery, Target, Why
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Unknown
from tocsin.core.record import AlertRecord
from tocsin.ledger.contract import History, Pack
from tocsin.rules.step import POISONOUS

CRASHED = Doubt.CRASHED.value  # the outcome of an attempt that the process died over


def careful(pack: Pack) -> Pack:
    """Where it fails on what is to go together, each goes alone: then only the culprit is set aside."""

    def packed(target: Target, records: Sequence[AlertRecord]) -> int:
        try:
            return pack(target, records)
        except Exception:  # noqa: BLE001 - whatever it raises must not keep the lane from leaving
            return 1

    return packed


def blamed(attempt: Attempt, channel: Channel | None, bug: Exception) -> Report:
    """The report of an attempt in which our own code failed with this exception.

    Rendering comes before the request: where a member cannot be rendered by itself, nothing has left, and it alone is
    to blame. Where all of them can, a request may have left.
    """
    word = type(bug).__name__
    culprits = [channel is None or not _renders(attempt, member, channel) for member in attempt.members]
    if not any(culprits):
        return Report(tuple(Unknown(Doubt.CRASHED, word) for _ in attempt.members))
    neighbour = Deferred(Delay.PROVIDER_TROUBLE, detail="what was to go with it failed")
    return Report(tuple(Deferred(Delay.FAILED_HERE, detail=word) if guilty else neighbour for guilty in culprits))


def is_poison(outcome: Outcome, delivery: Delivery) -> bool:
    """Our own code has failed on this one, and it was not the first time."""
    failed = isinstance(outcome, Deferred) and outcome.why is Delay.FAILED_HERE
    return failed and delivery.attempts >= POISONOUS


async def has_killed(delivery: Delivery, history: History) -> bool:
    """The process died over it again and again: counted are claims that never came to an answer."""
    if delivery.why is not Why.CRASHED or delivery.attempts < POISONOUS:
        return False
    story = await history.story(delivery.alert_id)
    mine = [one for one in story.deliveries if one.delivery.key == delivery.key] if story else []
    return sum(attempt.outcome == CRASHED for one in mine for attempt in one.attempts) >= POISONOUS


def _renders(attempt: Attempt, member: Member, channel: Channel) -> bool:
    try:
        channel.render(attempt.target, [member.record])
    except Exception:  # noqa: BLE001 - whatever it raises is what is asked for
        return False
    return True
