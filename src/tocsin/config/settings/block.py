"""What every block of the configuration is: frozen, and closed to keys that it does not know."""

from pydantic import BaseModel, ConfigDict


class Block(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )
