"""Names alerts soon after they were accepted, so that a search reads names instead of alerts."""

from tocsin.ledger.contract import History

STEP = 250  # alerts a second: a storm, or what was kept before there were names, is named when there is time


class Naming:
    def __init__(self, history: History) -> None:
        self._history = history

    async def look(self) -> None:
        await self._history.name(STEP)
