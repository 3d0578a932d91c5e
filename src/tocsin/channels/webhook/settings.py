"""Webhooks to other programs: named endpoints, what they are sent, and how they know that it is ours."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tocsin.channels.settings import ChannelSettings, from_url
from tocsin.channels.webhook.endpoint import Form
from tocsin.config.values.addresses import Network
from tocsin.config.values.block import Block
from tocsin.config.values.names import Name, SecretText
from tocsin.config.values.quantities import NotBoolean


def each(value: Any) -> Any:
    """One, several with spaces between them, or a list; an empty text stays one, to be refused."""
    if isinstance(value, str):
        return value.split() or [value]
    return () if value is None else value


Secrets = Annotated[tuple[SecretText, ...], BeforeValidator(each, json_schema_input_type=str | list[str] | None)]


class Endpoint(Block):
    url: SecretText | None = None
    """Where to POST."""
    form: Form = "standard"
    """`standard` is that of Standard Webhooks; `plain` and `ifttt` are for services that take no signature."""
    secret: Secrets = ()
    """The key of the signature, `whsec_…`; several while one takes over from another. Without one nothing is signed."""
    allow_networks: tuple[Network, ...] = ()
    """Private networks that the operator vouches for."""
    bundle: Annotated[int, Field(ge=1, le=100), NotBoolean] = 1
    """Up to so many alerts in one body while many are due; only with the form `standard`."""


class Webhooks(ChannelSettings):
    endpoints: Mapping[
        Name, Annotated[Endpoint, BeforeValidator(from_url, json_schema_input_type=str | Endpoint | None)]
    ] = {}
    """A name with a URL, or with an object."""
