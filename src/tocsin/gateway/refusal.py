"""Answers an event of a socket with the reason why what it asked for is not done."""

from typing import Any

from tocsin.core.errors import InvalidRequestError, TocsinError
from tocsin.core.spelling import shown
from tocsin.pipeline.intake.validation import nearest


def refusal(error: TocsinError) -> dict[str, Any]:
    return {"ok": False, **error.as_json()}


def unknown_event(name: str, known: tuple[str, ...] = ()) -> InvalidRequestError:
    """Nobody takes it in this namespace."""
    near = nearest(shown(name).lower(), known)
    hint = f"did you mean {near!r}?" if near else f"there are {', '.join(known)}" if known else "nothing is taken here"
    return InvalidRequestError(f"there is no event {shown(name)!r}; {hint}")
