"""A page is a part of a list, in the order of its keys. Its token names the last of them, and the list it is of."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from tocsin.core.base64url import decoded, encoded
from tocsin.core.errors import InvalidRequestError
from tocsin.ledger.contract import Page
from tocsin.ledger.engine.transaction import AnyRow

T = TypeVar("T")

MOST = 1000


def page_of(rows: Sequence[AnyRow], limit: int, name: str, value: Callable[[AnyRow], T]) -> Page[T]:
    """Make a page of `rows` that were read one past the limit, so that the last page is known as such; the first column
    is the key.
    """
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(tuple(value(row) for row in shown), token_of(name, shown[-1][0]) if more else None)


def below(page: str | None, name: str) -> int | None:
    """Read the key that the page before ended with. Raises InvalidRequestError for what no list of that
    name gave out.
    """
    if page is None:
        return None
    try:
        list_name, _, key = decoded(page).decode("ascii").partition(":")
        number = int(key)
    except ValueError as problem:
        raise _unknown() from problem
    if list_name != name or token_of(name, number) != page:
        raise _unknown()
    return number


def bounded(limit: int) -> int:
    """Let a limit through that is one. Raises InvalidRequestError."""
    if not 1 <= limit <= MOST:
        raise InvalidRequestError(f"`limit` is between 1 and {MOST}")
    return limit


def token_of(name: str, key: int) -> str:
    return encoded(f"{name}:{key}".encode())


def _unknown() -> InvalidRequestError:
    return InvalidRequestError("`page` is not the `next` of this list: leave it out for the first page")
