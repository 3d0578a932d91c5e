"""The addresses of the pages for people: each holds a pass, or the code of a delivery."""

from dataclasses import dataclass

from tocsin.access.passes import Passes, Purpose
from tocsin.core.clock import Clock
from tocsin.core.link import Codes
from tocsin.core.recipients import Recipient


@dataclass(frozen=True, slots=True)
class PageAddresses:
    """`start` is where people reach the service, without a slash at the end; None where they do not."""

    start: str | None
    passes: Passes
    codes: Codes
    clock: Clock

    def me(self, recipient: Recipient) -> str | None:
        owner = recipient.owner
        if self.start is None or owner is None:
            return None
        return f"{self.start}/me/{self.passes.make(Purpose.PREFERENCES, owner.contact.bytes, self.clock.now())}"

    def unsubscribe(self, recipient: Recipient) -> str | None:
        owner = recipient.owner
        if self.start is None or owner is None:
            return None
        content = owner.contact.bytes + owner.address.bytes
        return f"{self.start}/u/{self.passes.make(Purpose.UNSUBSCRIBING, content, self.clock.now())}"

    def alert(self, delivery: int) -> str | None:
        return None if self.start is None else f"{self.start}/a/{self.codes.of(delivery)}"
