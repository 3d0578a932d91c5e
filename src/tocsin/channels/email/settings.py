"""E-mail to named lists of people: by SendGrid, or by a mail server."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tocsin.channels.settings import ChannelSettings, Recipients
from tocsin.config.values.addresses import Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import KeyText, Name, SecretText
from tocsin.config.values.quantities import TimeOfDay, Zone
from tocsin.core.alert import AlertType

MailAddress = Annotated[Text, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=320)]
MailSender = Annotated[
    Text, Field(pattern=r"^(?:[^@<>\r\n]+<[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)$", max_length=400)
]


DynamicTemplate = Annotated[Text, Field(pattern=r"^d-[0-9a-f]{32}$")]


class Digest(Block):
    at: TimeOfDay
    """When it leaves, in each person's own zone."""
    tz: Zone
    """In which zone for those of whom none is known."""


class MailList(Block):
    tag: Text | None = None
    """Everybody with this tag."""
    to: tuple[MailAddress, ...] = ()
    """These addresses."""
    max_recipients: Recipients | None = None
    """The most mailboxes for one alert; null is no bound."""
    digest: Digest | None = None
    """One mail a day with all alerts but those of the high band, which leave at once."""


class Email(ChannelSettings):
    needs: ClassVar[tuple[str, ...]] = ("from",)

    sendgrid_key: KeyText | None = None
    """The API key, `SG.…`."""
    smtp_url: SecretText | None = None
    """A mail server in place of SendGrid, `smtps://user:password@host`."""
    event_key: KeyText | None = None
    """The public key of SendGrid's signed events."""
    template_ids: Mapping[AlertType, DynamicTemplate] = {}
    """Dynamic templates of SendGrid by alert type, `d-…`, in place of our own mail."""
    postal_address: Text | None = None
    """The sender's address, at the foot of each mail."""
    sender: Annotated[MailSender | None, Field(alias="from")] = None
    """`Name <address>`, as verified with the provider."""
    low_band: Literal["digest", "at_once"] = "digest"
    """How alerts of the low band leave: gathered in one mail a day at 08:00 of each person's zone, or each at once."""
    lists: Mapping[Name, MailList] = {}
    """Named groups of addresses."""
