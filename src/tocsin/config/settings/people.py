"""Channels that reach people: SMS, voice, push, e-mail."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from tocsin.config.settings.block import Block
from tocsin.config.settings.channel import Channel
from tocsin.config.values.addresses import File, Text
from tocsin.config.values.addresses import Network as NetworkText
from tocsin.config.values.conditions import Conditions
from tocsin.config.values.names import Currency, KeyText, Name, Recipient, SecretText, Sender
from tocsin.config.values.quantities import NotBoolean, TimeOfDay, Zone
from tocsin.core.alert import Band
from tocsin.rules.match import EVERYTHING

Recipients = Annotated[int, Field(ge=1, le=1_000_000), NotBoolean]
MailAddress = Annotated[Text, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=320)]
MailSender = Annotated[
    Text, Field(pattern=r"^(?:[^@<>\r\n]+<[^@\s<>]+@[^@\s<>]+>|[^@\s<>]+@[^@\s<>]+)$", max_length=400)
]


class SpendCap(Block):
    per_day: Annotated[float, Field(ge=0, allow_inf_nan=False), NotBoolean]
    """The most a day may cost."""
    currency: Currency = "USD"
    """In which currency (ISO 4217)."""


class PhoneList(Block):
    tag: Text | None = None
    """Everybody with this tag."""
    to: tuple[Recipient, ...] = ()
    """These numbers."""
    max_recipients: Recipients | None = None
    """The most numbers for one alert, instead of the channel's."""


class Twilio(Channel):
    needs: ClassVar[tuple[str, ...]] = ("twilio_sid", "twilio_auth", "from_number")

    twilio_sid: KeyText | None = None
    """The account, `AC…`."""
    twilio_auth: KeyText | None = None
    """Its auth token."""
    from_number: Sender | None = None
    """The sender, in the form of E.164."""
    messaging_service_sid: Text | None = None
    """A Messaging Service, `MG…`, in place of one sender."""
    verify_service: Text | None = None
    """The Verify service that sends codes, `VA…`; without one no phone is verified by code."""
    tell_twilio_of_consent: bool = False
    """Whether Twilio's Consent API hears of each consent."""
    max_recipients: Recipients = 5
    """The most numbers for one alert."""
    spend_cap: SpendCap | None = None
    """Where spending ends."""
    lists: Mapping[Name, PhoneList] = {}
    """Named groups of numbers."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.lists)


class Sms(Twilio):
    """Text messages."""


class Voice(Twilio):
    """Calls."""

    match: Conditions = EVERYTHING
    """Which alerts are worth a call."""


class DeviceList(Block):
    tag: Text | None = None
    """Devices of everybody with this tag."""


class BrowserPush(Block):
    enabled: bool = True
    """Whether browsers are told."""
    contact: Annotated[str, Field(pattern=r"^(mailto:[^@\s]+@[^@\s]+|https://\S+)$", max_length=320)] | None = None
    """Whom a push service may write to, `mailto:…` or `https://…`."""
    allow_networks: tuple[NetworkText, ...] = ()
    """Private networks of push services that the operator vouches for."""


class Push(Channel):
    needs: ClassVar[tuple[str, ...]] = ("firebase_config",)

    firebase_config: File | None = None
    """The service account's key file; null where only browsers are told."""
    web: BrowserPush = BrowserPush()
    """Push to browsers."""
    sounds: Mapping[Band, Text] = {}
    """The sound of each band."""
    lists: Mapping[Name, DeviceList] = {}
    """Named groups of devices."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.lists)


class Digest(Block):
    at: TimeOfDay
    """When it leaves."""
    tz: Zone
    """In which zone."""


class MailList(Block):
    tag: Text | None = None
    """Everybody with this tag."""
    to: tuple[MailAddress, ...] = ()
    """These addresses."""
    digest: Digest | None = None
    """One mail a day instead of one for each alert."""


class Email(Channel):
    needs: ClassVar[tuple[str, ...]] = ("sendgrid_key", "from")

    sendgrid_key: KeyText | None = None
    """The API key, `SG.…`."""
    smtp_url: SecretText | None = None
    """A mail server in place of SendGrid, `smtps://user:password@host`."""
    event_key: KeyText | None = None
    """The public key of SendGrid's signed events."""
    postal_address: Text | None = None
    """The sender's address, at the foot of each mail."""
    sender: Annotated[MailSender | None, Field(alias="from")] = None
    """`Name <address>`, as verified with the provider."""
    lists: Mapping[Name, MailList] = {}
    """Named groups of addresses."""

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.lists)


class People(Block):
    key: SecretText | None = None
    """What addresses are encrypted with; null: `people.key` beside the ledger."""
    signup: bool = False
    """Whether anybody may sign up on `/join`."""
    name: Text | None = None
    """As whom people are written to."""
    countries: tuple[Annotated[str, Field(pattern="^[A-Z]{2}$")], ...] = ()
    """The countries whose numbers are taken (ISO 3166); empty: all."""
    accept_imported: bool = True
    """Whether imported people are told without a code of their own."""
    wordings: Mapping[Text, File] = {}
    """What people are asked and told, each in a file."""
