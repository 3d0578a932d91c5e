"""The pages for people, by their addresses: what a message can lead to beside the product."""

from typing import Protocol

from tocsin.core.recipients import Recipient


class Pages(Protocol):
    """The addresses of pages. Each is None where nobody outside can reach the service; those of a person also where
    that is no contact, but an address that operators wrote down.
    """

    def me(self, recipient: Recipient) -> str | None:
        """The person's own settings: good for 30 days, for whoever has it."""
        ...

    def unsubscribe(self, recipient: Recipient) -> str | None:
        """Leave, for this address, in one click (RFC 8058): by POST, or on the page. Good for ever."""
        ...

    def alert(self, delivery: int) -> str | None:
        """The alert of a delivery, by its number, as a page, where people say what they make of it. Good for as long as
        the alert is kept.
        """
        ...
