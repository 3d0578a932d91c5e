"""Whose mailbox holds what: how a test looks for a mail, whoever carried it there."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from tocsin.sandbox.journal import PATIENCE_S, Journal
from tocsin.sandbox.mail.shelf import Arrived

M = TypeVar("M", bound=Arrived)


class Mailboxes(ABC, Generic[M]):
    """`arrived` says what lies in all of them, the oldest first; the journal stirs when one more does."""

    _journal: Journal

    @abstractmethod
    def arrived(self) -> Sequence[M]: ...

    def mailbox(self, address: str) -> list[M]:
        """What has arrived there, the oldest first."""
        return [mail for mail in self.arrived() if mail.recipient.casefold() == address.casefold()]

    async def expect(self, address: str, text: str, deadline_s: float = PATIENCE_S) -> M:
        """The first mail there with this in its subject or its text, now or within so many real seconds. Raises
        TimeoutError.
        """
        return await self._journal.until(
            lambda: next((mail for mail in self.mailbox(address) if text in f"{mail.subject}\n{mail.text}"), None),
            deadline_s,
        )
