"""A claim as the request that its channel makes, and what is kept of the answer."""

from dataclasses import replace

from tocsin.channels.abilities import Edits
from tocsin.channels.contract import Attempt, Channel, Member, Message, Report
from tocsin.core.outcome import Outcome, Sent
from tocsin.ledger.contract import Claim, StandingMessage


def composed(claim: Claim) -> Attempt:
    """Without the noise that it is to make."""
    return Attempt(
        key=claim.key,
        target=claim.target,
        lane=claim.lane,
        started_at=claim.started_at,
        deadline=min(delivery.expires_at for delivery, _ in claim.members),
        members=tuple(Member(delivery, record) for delivery, record in claim.members),
        joins=None if claim.joins is None else message_of(claim.joins),
    )


def message_of(standing: StandingMessage) -> Message:
    """What a channel is told of a message that stands there."""
    members = tuple(Member(delivery, record) for delivery, record in standing.members)
    return Message(target=standing.target, reference=standing.reference, members=members)


async def made(attempt: Attempt, channel: Channel) -> Report:
    """A message of its own, or an edit of the one that it joins: how many of those are allowed is another matter."""
    if attempt.joins is None:
        return await channel.send(attempt)
    assert isinstance(channel, Edits), f"{channel.name} has a message that nobody could have joined"
    report = await channel.edit(attempt.joins)
    return replace(report, outcomes=report.outcomes[:1] * len(attempt.members), budget=None)


def outcome_of(claim: Claim, report: Report) -> str:
    """What came of the attempt: a word for each outcome that its members have."""
    return "joined" if _has_joined(claim, report) else " ".join(dict.fromkeys(map(name_of, report.outcomes)))


def answer_of(claim: Claim, report: Report) -> str:
    """What the provider said; of what has joined a message, whose it is."""
    host = claim.host if _has_joined(claim, report) else None
    return report.answer if host is None else f"joined the message of alert {host.alert.id}"


def name_of(outcome: Outcome) -> str:
    return type(outcome).__name__.lower()


def _has_joined(claim: Claim, report: Report) -> bool:
    return claim.joins is not None and isinstance(report.outcomes[0], Sent)
