"""A span of time as people write it: 30d, 12h, 15m."""

from datetime import timedelta

import typer

from tocsin.config.values.quantities import duration


def span(text: str, option: str) -> timedelta:
    """Wrong use of that option where it is none."""
    try:
        return duration(text)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint=option) from None
