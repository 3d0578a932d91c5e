"""Tells providers that keep consent, too, of what people have said elsewhere, in the order in which it was entered."""

from collections.abc import Iterator

from tocsin.channels.abilities import HearsConsent
from tocsin.core.clock import Clock
from tocsin.core.consent import ConsentTold
from tocsin.core.facts import Emit, Trouble
from tocsin.ledger.contract.people import ConsentsToTell, People
from tocsin.pipeline.active import Active

MOST_TRIES = 5  # of one entry that the provider refuses
PAUSE_S = 60.0  # after a request that came to nothing


class ConsentTeller:
    """One request each time that it looks: as it looks once a second, 60 a minute (Twilio takes 100)."""

    def __init__(self, people: People, active: Active, clock: Clock, emit: Emit) -> None:
        self._people = people
        self._active = active
        self._clock = clock
        self._emit = emit
        self._not_before: dict[str, float] = {}
        self._before_anybody: set[str] = set()  # who was to hear of it when there was nobody yet

    async def look(self) -> None:
        for name, channel in self._hearing():
            if self._not_before.get(name, 0.0) <= self._clock.monotonic():
                await self._tell(name, channel)

    def _hearing(self) -> Iterator[tuple[str, HearsConsent]]:
        for name, channel in self._active.channels.items():
            if isinstance(channel, HearsConsent) and channel.hears_consent:
                yield name, channel

    async def _tell(self, name: str, channel: HearsConsent) -> None:
        """From the moment on at which the provider is to hear of it: an older word could undo a STOP that it knows."""
        news = await self._people.consents_to_tell(name, channel.consents_at_once)
        if news.nobody:
            self._before_anybody.add(name)
        elif news.begins:
            await self._people.note_told(name, 0 if name in self._before_anybody else news.upto, {})
        if not news.words:
            if news.moved:
                await self._people.note_told(name, news.upto, {})
            return
        told = await channel.tell_consent(news.words)
        if told.failed:
            self._pause(name, f"{len(news.words)} entries: {told.failed}")
            return
        await self._people.note_told(name, news.upto, self._again(name, news, told))

    def _again(self, name: str, news: ConsentsToTell, told: ConsentTold) -> dict[int, int]:
        """What is told once more, and how often it was already."""
        tries = {entry: news.tries.get(entry, 0) + 1 for entry in told.refused}
        if told.refused:
            why = sorted(set(told.refused.values()))
            ended = sum(many >= MOST_TRIES for many in tries.values())
            words = f", {ended} given up" if ended else ""
            self._pause(name, f"{len(told.refused)} entries{words}: {'; '.join(why)}")
        return {news.keys[entry]: many for entry, many in tries.items() if many < MOST_TRIES}

    def _pause(self, name: str, what: str) -> None:
        self._not_before[name] = self._clock.monotonic() + PAUSE_S
        self._emit(Trouble("consent_not_told", f"{name}: {what}", "They are told again in a minute."))
