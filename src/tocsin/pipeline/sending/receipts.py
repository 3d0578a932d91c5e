"""Takes what providers call back with: it is verified, kept once, and led to its deliveries and its people."""

from tocsin.channels.abilities import Receives
from tocsin.core.callback import Callback
from tocsin.core.errors import ForgedError, InvalidRequestError, NotFoundError
from tocsin.core.facts import CalledBack, Emit
from tocsin.ledger.contract import People, Queue, Received
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.hearing import said_of
from tocsin.pipeline.sending.moves import Moves
from tocsin.rules.consent import standing_after
from tocsin.rules.receipts import moves_after


class Receipts:
    def __init__(self, queue: Queue, people: People, moves: Moves, active: Active, emit: Emit) -> None:
        self._queue = queue
        self._people = people
        self._moves = moves
        self._active = active
        self._emit = emit

    async def receive(self, provider: str, callback: Callback) -> tuple[str, bytes]:
        """Media type and body of the answer. The same event twice is answered alike and changes nothing.

        Raises NotFoundError for a provider that no channel listens to, ForgedError where the signature does not fit,
        InvalidRequestError for what cannot be read, LedgerUnavailableError where it cannot be kept now: the provider is
        to call again.
        """
        channel = self._listening(provider)
        if (forged := channel.verify(callback)) is not None:
            self._emit(CalledBack(provider, callback.kind, "forged"))
            raise ForgedError(forged)
        try:
            signals = channel.read(callback)
        except ValueError as problem:
            self._emit(CalledBack(provider, callback.kind, "malformed"))
            raise InvalidRequestError(f"this cannot be read: {problem}") from None
        said = tuple(said_of(signals, provider, callback.at))
        heard = await self._people.listen(said, standing_after) if said else ()
        told = [signal for signal in signals if not signal.kind.is_of_person]
        received = await self._queue.receive(told, moves_after) if told else Received()
        self._moves.follow(received.moved, received.lanes)
        known = received.known + len(said) - len(heard)
        self._emit(CalledBack(provider, callback.kind, _became(len(signals), known, received.parked)))
        return channel.thank(callback)

    def _listening(self, provider: str) -> Receives:
        for channel in self._active.channels.values():
            if isinstance(channel, Receives) and channel.provider == provider:
                return channel
        raise NotFoundError(f"no channel here listens to {provider}")


def _became(signals: int, known: int, parked: int) -> str:
    """One word for the whole call: what operators look for comes first."""
    if parked:
        return "parked"
    return "known" if signals and known == signals else "taken"
