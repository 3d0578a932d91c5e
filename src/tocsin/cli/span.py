"""A span of time is written as people do: 30d, 12h, 15m."""

from datetime import timedelta

import typer

from tocsin.config.values.quantities import duration


def span(text: str, option: str) -> timedelta:
    """Read a span. Where it is none, that is wrong use of the option."""
    try:
        return duration(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint=option) from None
