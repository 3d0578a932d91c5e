"""Orders reach a running process by signals: to reload, and to stop."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

STOP = (signal.SIGTERM, signal.SIGINT)


class Orders:
    """The orders to this process, made before anything else is started, so that one that comes early is obeyed later.

    A SIGHUP that came while the program was being loaded has waited until now, and one that comes while it stops ends
    nothing. A second SIGTERM or Ctrl-C ends the process at once; the ledger is made for that.
    """

    def __init__(self) -> None:
        self._given: asyncio.Queue[signal.Signals] = asyncio.Queue()
        self._stopping = False
        loop = asyncio.get_running_loop()
        for number in (*STOP, signal.SIGHUP):
            loop.add_signal_handler(number, self._hear, number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})

    async def obey(self, reload: Callable[[], Awaitable[object]]) -> None:
        """Reload at each SIGHUP; return at SIGTERM or Ctrl-C."""
        while await self._given.get() not in STOP:
            await reload()

    def _hear(self, number: signal.Signals) -> None:
        if number in STOP:
            if self._stopping:
                os._exit(128 + number)
            self._stopping = True
            self._ignore_hangups()
        self._given.put_nowait(number)

    def _ignore_hangups(self) -> None:
        """Ignore SIGHUP to the very end: a mask would be the main thread's alone, and the loop takes its own handler
        away with it.
        """
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
