"""What telling people costs, where no provider says it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from tocsin.config.values.addresses import Text
from tocsin.config.values.block import Block
from tocsin.config.values.names import Currency
from tocsin.config.values.quantities import NotBoolean

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), NotBoolean]


class Costs(Block):
    currency: Currency = "USD"
    """The currency of these amounts (ISO 4217)."""
    per_month: Mapping[Text, Amount] = {}
    """What a channel costs a month, however much is sent."""
    per_segment: Mapping[Annotated[str, Field(pattern="^[A-Z]{2}$")], Amount] = {}
    """What a segment of a text costs, by country (ISO 3166); the dearest counts where spending is bounded."""
    rates: Mapping[Annotated[str, Field(pattern="^[A-Z]{3}$")], Amount] = {}
    """What a unit of another currency is worth in this one."""
