"""Three logs compared: what the client was told, what the ledger holds, what the providers took."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from benchmarks.crash.books import UNSETTLED, Books, DeliveryRow
from tocsin.core.alert import key_of_id
from tocsin.core.delivery import DeliveryState, Why, check_move
from tocsin.core.errors import IllegalMoveError
from tocsin.core.link import Codes
from tocsin.sandbox.discord.guild import Message
from tocsin.sandbox.journal import Journal

TARGETS = ("discord:general", "webhook:partner")
TOLD_FROM = 9  # the priority from which on two lists are told as well, two people of each
WITH_PEOPLE = ("discord:general", *3 * ("push:everyone",), *2 * ("sms:crew",), "webhook:partner")
WITH_MAIL = (*WITH_PEOPLE[:1], *2 * ("email:desk",), *WITH_PEOPLE[1:])  # where it may be guessed what arrived
THERE = ("sent", "delivered")

Arrivals = Mapping[str, Counter[int]]
"""By channel: how many accepted messages carried each delivery. Repeats that a receiver drops count as one."""


def arrivals(journal: Journal, codes: Codes) -> Arrivals:
    return {
        "discord": _counted(journal, "discord", _key_of),
        "webhook": _counted(journal, "webhook", lambda reference: key_of_id(UUID(reference))),
        "sms": _counted(journal, "twilio", codes.key_of),
        "email": by_sendgrid(journal, codes) + _counted(journal, "smtp", codes.key_of),
        "push": _counted(journal, "browser", lambda reference: key_of_id(UUID(reference)))
        + _counted(journal, "firebase", codes.key_of),
    }


def by_sendgrid(journal: Journal, codes: Codes) -> Counter[int]:
    """The mails that it carried, not the mail server."""
    return _counted(journal, "sendgrid", codes.key_of)


def shown(messages: Iterable[Message]) -> frozenset[int]:
    """The deliveries that stand in Discord now, whichever message they joined."""
    return frozenset(_key_of(reference) for message in messages for reference in message.references)


def _key_of(reference: str) -> int:
    return int(reference.partition("-")[0], 36)


def _counted(journal: Journal, provider: str, key_of: Any) -> Counter[int]:
    return Counter({key_of(reference): times for reference, times in journal.references(provider).items()})


def faults(
    answers: Mapping[str, Mapping[str, Any]],
    sent: Counter[str],
    books: Books,
    arrived: Arrivals,
    *,
    standing: frozenset[int],
    doubtful: frozenset[int],
    targets: tuple[str, ...] = TARGETS,
    with_people: tuple[str, ...] = WITH_PEOPLE,
) -> list[str]:
    """Everything that breaks an invariant. `standing`: deliveries that Discord shows in the end. `doubtful`: those that
    were in flight at one of the kills. `targets`: those of every alert; `with_people`: of what people are told of.
    """
    return [
        *_lost_alerts(answers, books),
        *_miscounted(sent, books),
        *_lost_deliveries(books, arrived, targets, with_people),
        *_wiped_out(books, standing),
        *_repeated(books, arrived),
        *_guessed(books, arrived),
        *_flagged_without_cause(books, doubtful),
        *_phantoms(answers, sent, books, arrived),
        *_illegal(books),
        *([] if books.sound else ["the database is damaged"]),
    ]


def _lost_alerts(answers: Mapping[str, Mapping[str, Any]], books: Books) -> Iterator[str]:
    """I1: what was answered accepted or filtered has its row."""
    for key, answer in answers.items():
        if answer["decision"] in ("accepted", "filtered"):
            row = books.alerts.get(UUID(answer["id"]))
            if row is None or row.decision != answer["decision"]:
                yield f"lost: {key} was answered {answer['decision']} as {answer['id']}"


def _miscounted(sent: Counter[str], books: Books) -> Iterator[str]:
    """I1: a product reported under n keys is one accepted alert with n - 1 repeats, or n filtered ones."""
    rows: dict[str, list[Any]] = {}
    for row in books.alerts.values():
        rows.setdefault(row.sku, []).append(row)
    for sku, times in sent.items():
        known = rows.get(sku, [])
        if sum(1 + row.repeats for row in known) != times:
            yield f"miscounted: {sku} was reported {times} times and has {[(r.decision, r.repeats) for r in known]}"
        if sum(row.decision == "accepted" for row in known) > 1:
            yield f"twice: {sku} was accepted more than once"


def _lost_deliveries(
    books: Books, arrived: Arrivals, targets: tuple[str, ...], with_people: tuple[str, ...]
) -> Iterator[str]:
    """I1: each ends, and what is `sent` is there. Every accepted alert has one for each of its targets, of a list one
    for each person.
    """
    for row in books.deliveries.values():
        if row.state in UNSETTLED:
            yield f"limbo: delivery {row.key} is still {row.state}"
        if row.state in ("expired", "refused", "cancelled"):
            yield f"not sent: delivery {row.key} ended {row.state}"
        if row.state in THERE and not _times(row, arrived):
            yield f"lost: delivery {row.key} is sent, and {row.target} never had it"
    for alert in books.alerts.values():
        wanted = with_people if alert.priority >= TOLD_FROM else targets
        if alert.targets != (wanted if alert.decision == "accepted" else ()):
            yield f"misplanned: {alert.sku} is {alert.decision} and has targets {alert.targets}"


def _wiped_out(books: Books, standing: frozenset[int]) -> Iterator[str]:
    """Two that write on one message leave all of it there."""
    for row in books.deliveries.values():
        if row.channel == "discord" and row.state == "sent" and row.key not in standing:
            yield f"wiped out: delivery {row.key} is sent, and no message shows it"


def _repeated(books: Books, arrived: Arrivals) -> Iterator[str]:
    """I2, for what is not flagged."""
    for row in books.deliveries.values():
        if _times(row, arrived) > 1 and not row.possibly_repeated:
            yield f"repeated: delivery {row.key} arrived {_times(row, arrived)} times and is not flagged"


def _guessed(books: Books, arrived: Arrivals) -> Iterator[str]:
    """I2: Twilio can be asked for every text, so none is repeated and none flagged."""
    for row in books.deliveries.values():
        flagged = row.possibly_repeated or row.state == "possibly_sent"
        if row.channel == "sms" and (flagged or _times(row, arrived) > 1):
            yield f"guessed: text {row.key} ended {row.state}, and arrived {_times(row, arrived)} times"


def _flagged_without_cause(books: Books, doubtful: frozenset[int]) -> Iterator[str]:
    """I2: flags are for claims that were in flight at a kill."""
    for row in books.deliveries.values():
        if (row.possibly_repeated or row.state == "possibly_sent") and row.key not in doubtful:
            yield f"flagged: delivery {row.key} was in flight at no kill"


def _phantoms(
    answers: Mapping[str, Mapping[str, Any]], sent: Counter[str], books: Books, arrived: Arrivals
) -> Iterator[str]:
    """I3: nothing is kept that nobody reported, and nothing arrives that was not accepted."""
    told = {UUID(answer["id"]) for answer in answers.values() if "id" in answer}
    for alert in books.alerts.values():
        if alert.sku not in sent or alert.id not in told:
            yield f"phantom: nobody was told of {alert.id}"
    for channel, counts in arrived.items():
        for key in counts:
            row = books.deliveries.get(key)
            if row is None or row.channel != channel or books.alerts[row.alert].decision != "accepted":
                yield f"phantom: {channel} took delivery {key}"


def _illegal(books: Books) -> Iterator[str]:
    """I4: every change of state that the database saw is in the table of moves."""
    for origin, state, why in books.moves:
        try:
            check_move(DeliveryState(origin), DeliveryState(state), Why(why) if why else None)
        except IllegalMoveError as problem:
            yield str(problem)


def _times(row: DeliveryRow, arrived: Arrivals) -> int:
    return arrived[row.channel][row.key]
