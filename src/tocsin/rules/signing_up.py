"""Signing up: whether anybody may, as whom they are written to, and what they are asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningUp:
    """`name` is as whom people are written to. `wording` is the operator's own text, where there is one: its `{name}`
    is filled in.
    """

    open: bool = False
    name: str = ""
    wording: str | None = None
