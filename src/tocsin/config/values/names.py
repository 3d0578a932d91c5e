"""What things and people are called: targets, ids, phone numbers, secrets."""

import re
from typing import Annotated, Any

import phonenumbers
from pydantic import AfterValidator, PlainSerializer, PlainValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from tocsin.core.delivery import Target
from tocsin.core.secret import Secret, is_key, token_fault

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CURRENCY = re.compile("[A-Za-z]{3}")
_SHORTEST_KEY = 32


def secret(value: object) -> Secret:
    if not isinstance(value, str) or not value:
        raise PydanticCustomError("secret", 'a secret is text, best left outside: "${NAME}" or "${file:/path}"')
    return Secret(value)


def token(value: object) -> Secret:
    """A secret that callers can send."""
    text = secret(value)
    if fault := token_fault(text):
        raise PydanticCustomError("token", "{fault}", {"fault": fault})
    return text


def key(value: object) -> Secret:
    """A provider's key, which goes into a header of each request."""
    text = secret(value)
    if not is_key(text.reveal()):
        raise PydanticCustomError("key", "a key is of printable ASCII characters, without blanks at its ends")
    return text


def people_key(value: object) -> Secret:
    """What addresses are encrypted with: as hard to guess as a drawn one."""
    text = secret(value)
    if len(text.reveal()) < _SHORTEST_KEY:
        raise PydanticCustomError(
            "people_key", "the key of people has 32 characters at least: `openssl rand -base64 32` draws one"
        )
    return text


def name(value: str) -> str:
    """What targets and tokens are called: it stands in addresses of the API and behind a colon."""
    if not value.isprintable() or value != value.strip() or set(value) & set(":/?#%"):
        raise PydanticCustomError("name", 'a name has no spaces around it and none of ":/?#%"')
    return value


def target(value: object) -> Target:
    try:
        return Target.parse(value if isinstance(value, str) else "")
    except ValueError:
        raise PydanticCustomError("target", 'a target is written "channel:name"') from None


def currency(value: object) -> str:
    """A code of ISO 4217, as alerts carry it: in capitals."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise PydanticCustomError("currency", 'a currency is written as ISO 4217 has it: "USD"')
    return value.upper()


def sender(value: str) -> str:
    """By shape alone: the provider knows its senders."""
    if not _E164.fullmatch(value):
        raise PydanticCustomError("sender", 'a number is written in the form of E.164: "+14155550100"')
    return value


def recipient(value: str) -> str:
    """A number that can exist."""
    try:
        number = phonenumbers.parse(sender(value))
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("recipient", "there is no such phone number")
    return value


def some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list that says something. Only asked once every item is right."""
    if not values:
        raise PydanticCustomError("too_short", "it may not be empty")
    return values


SecretText = Annotated[Secret, PlainValidator(secret), PlainSerializer(str), WithJsonSchema({"type": "string"})]
TokenText = Annotated[Secret, PlainValidator(token), PlainSerializer(str), WithJsonSchema({"type": "string"})]
KeyText = Annotated[Secret, PlainValidator(key), PlainSerializer(str), WithJsonSchema({"type": "string"})]
PeopleKey = Annotated[Secret, PlainValidator(people_key), PlainSerializer(str), WithJsonSchema({"type": "string"})]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(name)]
TargetName = Annotated[Target, PlainValidator(target), PlainSerializer(str), WithJsonSchema({"type": "string"})]
Currency = Annotated[str, PlainValidator(currency), WithJsonSchema({"type": "string"})]
Sender = Annotated[str, AfterValidator(sender)]
Recipient = Annotated[str, AfterValidator(recipient)]
