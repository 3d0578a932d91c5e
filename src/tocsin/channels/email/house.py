"""The house that mails come from: what is the same in all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Self

from tocsin.channels.email.settings import Email
from tocsin.channels.email.template import MailTemplate, templates_of
from tocsin.channels.spec import Surroundings
from tocsin.core.alert import AlertType


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """`sender` is `Name <address>` or an address alone. `shops`: how people call a retailer."""

    sender: str
    postal_address: str | None = None
    shops: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[AlertType, MailTemplate] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Email, around: Surroundings) -> Self:
        """The house that the configuration describes. Raises UnfitError where a template is broken."""
        return cls(
            sender=settings.sender or "",
            postal_address=settings.postal_address,
            shops=around.shops,
            templates=templates_of(settings.templates),
        )

    @property
    def name(self) -> str:
        """Who writes, as people are told it."""
        name, address = parseaddr(self.sender)
        return name or address.partition("@")[2] or "Alerts"

    @property
    def address(self) -> str:
        """Where answers go."""
        return parseaddr(self.sender)[1]

    @property
    def domain(self) -> str:
        """Whose names our mails have."""
        return self.address.rpartition("@")[2]
