"""A phone with the app as its owner has it in hand: how a test looks at its lock screen."""

from collections.abc import Sequence

from tocsin.core.clock import Clock
from tocsin.sandbox.firebase.project import Device, Project
from tocsin.sandbox.firebase.screen import Card
from tocsin.sandbox.journal import PATIENCE_S, Journal


class LockScreen:
    def __init__(self, device: Device, project: Project, clock: Clock, journal: Journal) -> None:
        self.device = device
        self._project = project
        self._clock = clock
        self._journal = journal

    @property
    def address(self) -> str:
        """What the app would register at a service."""
        assert self.device.address is not None, "the app is not there any more"
        return self.device.address

    @property
    def kind(self) -> str:
        return "token" if ":" in self.address else "fid"

    @property
    def cards(self) -> Sequence[Card]:
        """What is shown, the newest first."""
        return self.device.screen.cards

    async def expect(self, text: str, deadline_s: float = PATIENCE_S) -> Card:
        """The newest notification with these words, now or within so many real seconds. Raises TimeoutError."""
        return await self._journal.until(lambda: self._showing(text), deadline_s)

    def uninstall(self) -> None:
        """The app is taken off the device: Firebase knows it no more."""
        self.device.address = None

    def register(self, by: str) -> None:
        """The app registers the other way: by its `fid`, or by a `token`."""
        self._project.register(self.device.name, self.device.platform, by)

    def switch(self, *, on: bool) -> None:
        self.device.screen.switch(on=on, now=self._clock.now())
        self._journal.stir()

    def clear(self) -> None:
        """Its owner wipes all notifications away."""
        self.device.screen.cards.clear()

    def _showing(self, text: str) -> Card | None:
        return next((card for card in self.cards if text in f"{card.title}\n{card.body}"), None)
