"""Twilio: texts and calls to named lists of people."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.channels.settings import ChannelSettings, Recipients
from tocsin.channels.twilio.template import BrokenTemplateError, Template, compile_template
from tocsin.config.values.addresses import Text
from tocsin.config.values.block import Block
from tocsin.config.values.conditions import Conditions
from tocsin.config.values.names import Currency, KeyText, Name, Recipient, Sender
from tocsin.config.values.quantities import Duration, Lasting, NotBoolean
from tocsin.core.alert import AlertType
from tocsin.rules.match import EVERYTHING


def template(value: object) -> Template:
    try:
        return compile_template(value if isinstance(value, str) else "")
    except BrokenTemplateError as broken:
        raise PydanticCustomError("template", "{fault}", {"fault": str(broken)}) from None


def source(written: Template) -> str:
    return written.source


TextTemplate = Annotated[
    Template, PlainValidator(template), PlainSerializer(source), WithJsonSchema({"type": "string"})
]
Reply = Annotated[Text, Field(max_length=320)]


class SpendCap(Block):
    per_day: Annotated[float, Field(ge=0, allow_inf_nan=False), NotBoolean]
    """The most a day (UTC) may cost. At the cap the high band alone goes on, for a quarter more."""
    currency: Currency = "USD"
    """In which currency (ISO 4217)."""
    per_contact: Annotated[int, Field(ge=1), NotBoolean] | None = None
    """The most texts that one person gets in a day; null is no bound."""


class Key(Block):
    sid: Text
    """`SK…`."""
    secret: KeyText
    """Shown once, when the key is made."""


class PhoneList(Block):
    tag: Text | None = None
    """Everybody with this tag."""
    to: tuple[Recipient, ...] = ()
    """These numbers."""
    max_recipients: Recipients | None = None
    """The most numbers for one alert, instead of the channel's."""


class Twilio(ChannelSettings):
    twilio_sid: KeyText | None = None
    """The account, `AC…`."""
    twilio_auth: KeyText | None = None
    """Its auth token; it verifies what Twilio calls us with, and logs in unless there is an `api_key`."""
    api_key: Key | None = None
    """A key that logs in, in place of the auth token."""
    from_number: Sender | None = None
    """The sender, in the form of E.164."""
    messaging_service_sid: Text | None = None
    """A Messaging Service, `MG…`, which chooses the sender; with `from_number` too, that one of its senders."""
    verify_service: Text | None = None
    """The Verify service that sends codes, `VA…`; without one no phone is verified by code."""
    tell_twilio_of_consent: bool = False
    """Whether Twilio's Consent API hears of each consent."""
    never_arrived_after: Lasting = timedelta(seconds=30)
    """What Twilio does not know so long after it was sent has not arrived, and is sent again."""
    clock_slack: Duration = timedelta(minutes=1)
    """How far Twilio's clock may be from this machine's."""
    code_life: Lasting = timedelta(minutes=10)
    """How long a code of the Verify service lives."""
    connection: Annotated[str, Field(pattern=r"^[a-z]{2}=[^&#\s]+(&[a-z]{2}=[^&#\s]+)*$")] | None = None
    """Connection overrides (`rc=5&rp=all`) that stand as fragment behind the addresses that Twilio calls."""
    max_recipients: Recipients = 5
    """The most numbers for one alert."""
    spend_cap: SpendCap | None = None
    """Where spending ends."""
    lists: Mapping[Name, PhoneList] = {}
    """Named groups of numbers."""


class Sms(Twilio):
    """Text messages."""

    texts: Mapping[AlertType, TextTemplate] = {}
    """Texts of one's own by alert type, with `{product}` and other names in them; `emoji` is the one with the siren."""
    first_text: Reply | None = None
    """What the first text to whoever was imported begins with: who writes, and how to stop."""
    on_help: Reply | None = None
    """The answer to HELP."""
    on_stop: Reply | None = None
    """The answer to whoever wants it to stop in words that Twilio does not answer by itself."""


class Voice(Twilio):
    """Calls."""

    match: Conditions = EVERYTHING
    """Which alerts are worth a call."""
