"""Notices senders whose alerts are mostly refused: told as long as it goes on, and once when it is over."""

from tocsin.core.clock import Clock
from tocsin.core.errors import LedgerError, LedgerUnavailableError, NotFoundError
from tocsin.core.facts import AlertInvalid, AlertsRefused, AlertsTaken, Decided, Emit, Fact, Turned
from tocsin.pipeline.watch.suspects import Suspects
from tocsin.rules.refusal import MEMORY, Sign, is_refused, recent

AGAIN_S = 60.0  # while it lasts it is told as often as this, with what was wrong last

# No sender is to blame for these, or no alert was lost.
_HARMLESS = frozenset((LedgerUnavailableError.code, LedgerError.code, NotFoundError.code))


class Refusals:
    """Senders are known by the names of their tokens; all whom nobody knows are one, whose name is empty. Of a sender
    that is never refused nothing has to be remembered.
    """

    def __init__(self, clock: Clock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._senders: Suspects[Sign] = Suspects(MEMORY)
        self._told_at: dict[str, float] = {}

    def hear(self, fact: Fact) -> None:
        match fact:
            case AlertInvalid(owner=owner, fault=fault, message=message):
                self._note(owner, message if message.startswith(fault) else f"{fault}: {message}")
            case Turned(code, message, owner, address, ingest=True) if code not in _HARMLESS:
                self._note(owner, f"{code}{f' from {address}' if address else ''}: {message}")
            case Decided(owner=owner) if owner in self._senders:
                self._note(owner, None)

    def _note(self, owner: str, wrong: str | None) -> None:
        sender = self._senders.find(owner)
        if sender is None:
            return
        now = self._clock.monotonic()
        sender.signs.append(Sign(now, wrong is not None))
        signs = recent(tuple(sender.signs), now)
        before, sender.guilty = sender.guilty, is_refused(signs, before=sender.guilty)
        if sender.guilty and wrong is not None:
            self._tell_refused(owner, wrong, now)
        elif before and not sender.guilty:
            del self._told_at[owner]
            self._emit(AlertsTaken(owner))
        if not sender.guilty and (before or not any(sign.refused for sign in signs)):
            self._senders.forget(owner)

    def _tell_refused(self, owner: str, wrong: str, now: float) -> None:
        if now - self._told_at.get(owner, float("-inf")) >= AGAIN_S:
            self._told_at[owner] = now
            self._emit(AlertsRefused(owner=owner, detail=wrong))
