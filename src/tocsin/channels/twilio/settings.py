"""Twilio: texts and calls to named lists of people."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from tocsin.channels.settings import ChannelSettings
from tocsin.config.values.addresses import Text
from tocsin.config.values.block import Block
from tocsin.config.values.conditions import Conditions
from tocsin.config.values.names import Currency, KeyText, Name, Recipient, Sender
from tocsin.config.values.quantities import NotBoolean
from tocsin.rules.match import EVERYTHING

Recipients = Annotated[int, Field(ge=1, le=1_000_000), NotBoolean]


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


class Twilio(ChannelSettings):
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


class Sms(Twilio):
    """Text messages."""


class Voice(Twilio):
    """Calls."""

    match: Conditions = EVERYTHING
    """Which alerts are worth a call."""
