"""What providers call back with: verified, kept once, and led to its deliveries."""

from tocsin.channels.contract import Receives
from tocsin.core.callback import Callback
from tocsin.core.errors import ForgedError, InvalidRequestError, NotFoundError
from tocsin.core.facts import CalledBack, Moved, Tell
from tocsin.ledger.contract import Ledger
from tocsin.ledger.contract import Moved as MovedRows
from tocsin.pipeline.dispatcher import Dispatcher
from tocsin.pipeline.in_force import InForce
from tocsin.rules.receipts import moves_after


class Receipts:
    def __init__(self, ledger: Ledger, dispatcher: Dispatcher, in_force: InForce, tell: Tell) -> None:
        self._ledger = ledger
        self._dispatcher = dispatcher
        self._in_force = in_force
        self._tell = tell

    async def receive(self, provider: str, callback: Callback) -> tuple[str, bytes]:
        """Media type and body of the answer. The same event twice is answered alike and changes nothing.

        Raises NotFoundError for a provider that no channel listens to, ForgedError where the signature does not fit,
        InvalidRequestError for what cannot be read, LedgerUnavailableError where it cannot be kept now: the provider is
        to call again.
        """
        channel = self._listening(provider)
        if (forged := channel.verify(callback)) is not None:
            self._tell(CalledBack(provider, callback.kind, "forged"))
            raise ForgedError(forged)
        try:
            signals = channel.read(callback)
        except ValueError as problem:
            self._tell(CalledBack(provider, callback.kind, "malformed"))
            raise InvalidRequestError(f"this cannot be read: {problem}") from None
        received = await self._ledger.receive(signals, moves_after)
        for delivery in received.moved:
            self._tell(Moved(delivery=delivery, to=delivery.state, why=delivery.why))
        self._dispatcher.follow(MovedRows(received.moved, lanes=received.lanes))
        self._tell(CalledBack(provider, callback.kind, _became(len(signals), received.known, received.parked)))
        return channel.thank(callback)

    def _listening(self, provider: str) -> Receives:
        for channel in self._in_force.channels.values():
            if isinstance(channel, Receives) and channel.provider == provider:
                return channel
        raise NotFoundError(f"no channel here listens to {provider}")


def _became(signals: int, known: int, parked: int) -> str:
    """One word for the whole call: what operators look for comes first."""
    if parked:
        return "parked"
    return "known" if signals and known == signals else "taken"
