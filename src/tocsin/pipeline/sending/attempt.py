"""Makes of a claim the request of its channel, and of the answer what is kept."""

from dataclasses import dataclass, replace

from tocsin.channels.abilities import Edits, Message
from tocsin.channels.contract import Attempt, Channel, Member, Report
from tocsin.core.delivery import Delivery
from tocsin.core.outcome import Outcome, Sent
from tocsin.core.recipients import Recipient
from tocsin.ledger.contract import Claim, StandingMessage


@dataclass(frozen=True, slots=True)
class Prepared:
    """A claim as the request that its channel makes of it. `units` are what that takes of its lane's rates."""

    claim: Claim
    attempt: Attempt
    units: int = 1


def composed(claim: Claim) -> Attempt:
    """The request without whom it rings out to."""
    return Attempt(
        key=claim.key,
        target=claim.target,
        lane=claim.lane,
        started_at=claim.started_at,
        deadline=min(delivery.expires_at for delivery, _ in claim.members),
        members=_members(claim),
        digest=claim.members[0][0].digest is not None,
    )


def _members(of: Claim | StandingMessage) -> tuple[Member, ...]:
    return tuple(Member(delivery, record, _recipient(of, delivery)) for delivery, record in of.members)


def _recipient(of: Claim | StandingMessage, delivery: Delivery) -> Recipient | None:
    return None if delivery.slot is None else of.recipients.get(delivery.slot)


def message_of(standing: StandingMessage) -> Message:
    """A message that stands at a provider, as its channel is shown it."""
    return Message(target=standing.target, reference=standing.reference, members=_members(standing))


async def made(claim: Claim, attempt: Attempt, channel: Channel) -> Report:
    """A message of its own, or an edit of the one that it joins: how many of those are allowed is another matter."""
    if claim.joins is None:
        return await channel.send(attempt)
    assert isinstance(channel, Edits), f"{channel.name} has a message that nobody could have joined"
    report = await channel.edit(message_of(claim.joins))
    return replace(report, outcomes=report.outcomes[:1] * len(attempt.members), budget=None)


def outcome_of(claim: Claim, report: Report) -> str:
    """The attempt's result: a word for each outcome that its members have."""
    return "joined" if _has_joined(claim, report) else " ".join(dict.fromkeys(map(name_of, report.outcomes)))


def answer_of(claim: Claim, report: Report) -> str:
    """The words of the provider; where the claim has joined a message, the alert that had it before."""
    host = claim.host if _has_joined(claim, report) else None
    return report.answer if host is None else f"joined the message of alert {host.alert.id}"


def name_of(outcome: Outcome) -> str:
    return type(outcome).__name__.lower()


def _has_joined(claim: Claim, report: Report) -> bool:
    return claim.joins is not None and isinstance(report.outcomes[0], Sent)
