"""A webhook's messages as their readers see them: how a test waits for one."""

from tocsin.sandbox.discord.guild import Guild, Message, Webhook
from tocsin.sandbox.journal import PATIENCE_S, Journal


class Room:
    def __init__(self, guild: Guild, webhook: Webhook, journal: Journal) -> None:
        self._guild = guild
        self._webhook = webhook
        self._journal = journal

    @property
    def messages(self) -> list[Message]:
        """As they stand now, oldest first."""
        return self._guild.by(self._webhook)

    async def expect(self, text: str, deadline_s: float = PATIENCE_S) -> Message:
        """The first message that shows this text, now or within so many real seconds. Raises TimeoutError."""
        return await self._journal.until(lambda: self._showing(text), deadline_s)

    async def expect_edit(self, text: str, deadline_s: float = PATIENCE_S) -> Message:
        """The same, of a message that was edited."""
        return await self._journal.until(lambda: self._showing(text, edited=True), deadline_s)

    async def expect_count(self, count: int, deadline_s: float = PATIENCE_S) -> list[Message]:
        """At least so many messages."""
        return await self._journal.until(lambda: self.messages if len(self.messages) >= count else None, deadline_s)

    def _showing(self, text: str, *, edited: bool = False) -> Message | None:
        shown = (message for message in self.messages if text in message.text)
        return next((message for message in shown if message.edited_at or not edited), None)
