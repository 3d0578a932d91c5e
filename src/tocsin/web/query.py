"""Query strings: the vocabulary of `match`, and what narrows a list."""

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from starlette.datastructures import QueryParams

from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState
from tocsin.core.errors import Detail, InvalidRequestError
from tocsin.core.search import searched_words
from tocsin.core.wordlist import text_of, words_of
from tocsin.ledger.contract import AlertQuery
from tocsin.pipeline.intake.fields import read_timestamp
from tocsin.pipeline.intake.validation import MendError
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match, parse_match
from tocsin.web.forms.form import ID, PRIORITY, TEXT, TIME, Form
from tocsin.web.skus import skus_of

Word = TypeVar("Word")

MATCH_KEYS = ("types", "bands", "min_priority", "skus", "retailers", "families", "products")
MAX_LIMIT = 500
_LIMIT = 50
_MAX_PAGE = 256
_MAX_SEARCH = 200
_MAX_CHANNELS, _MAX_TARGET = 50, 256

YES_OR_NO = {"0": False, "1": True, "false": False, "true": True, "": False}
_LOST_PLUS = re.compile(r" (\d\d:\d\d)$")  # the sign of an offset arrives as a blank where it was not escaped

_ABOUT = {
    "types": "in_stock, price_drop, restock_soon, back_order",
    "bands": "high, medium, low",
    "min_priority": "1 to 10",
    "skus": "`sku` or `retailer:sku`, `*` stands for anything, `\\,` for a comma",
    "retailers": "`*` stands for anything",
    "families": "families of the configuration file",
    "products": "products of the configuration file",
    "decision": "accepted or filtered",
    "state": "open or closed",
    "q": "words in product name, SKU, retailer, variant or seller; case and accents do not matter",
    "channels": "`discord`, or one target of it, `discord:general`: alerts with a delivery there",
    "delivery_states": "alerts with a delivery in one of these states, on one of `channels` where they are given too",
    "since": "RFC 3339",
    "until": "RFC 3339",
    "before": "the id of an alert: what was taken up before it",
    "limit": f"at most {MAX_LIMIT}",
    "page": "`next` of the answer before",
    "after": "the cursor of the last event seen",
}
_LIST_KEYS = (
    *MATCH_KEYS,
    *("q", "channels", "decision", "state", "delivery_states", "since", "until", "before", "limit", "page"),
)
STREAM_KEYS = (*MATCH_KEYS, "after")


_FORMS: Mapping[str, Form] = {
    "min_priority": PRIORITY,
    "decision": {"enum": [Decision.ACCEPTED.value, Decision.FILTERED.value]},
    "state": {"enum": ["open", "closed"]},
    "since": TIME,
    "until": TIME,
    "before": ID,
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": _LIMIT},
}
"""Of what is no text, nor several of them separated by commas."""


def _documented(keys: Iterable[str]) -> list[dict[str, Any]]:
    """One that is empty says nothing."""
    forms = {key: {"anyOf": [form, {"enum": [""]}]} for key, form in _FORMS.items()}
    return [{"name": key, "in": "query", "schema": forms.get(key, TEXT), "description": _ABOUT[key]} for key in keys]


ALERT_PARAMETERS = _documented(_LIST_KEYS)
STREAM_PARAMETERS = _documented(STREAM_KEYS)


def check_keys(params: QueryParams, known: Iterable[str]) -> None:
    """Raises InvalidRequestError that names the nearest key for each unknown one."""
    known = tuple(known)
    details = [Detail(key[:64], _unknown(key[:64], known)) for key in params if key not in known]
    if details:
        raise InvalidRequestError.at(*details)


def match_of(params: QueryParams) -> Match:
    """A key may be repeated instead of separating its values by commas. Raises InvalidRequestError."""
    return parse_match({key: text_of(_written(params, key)) for key in MATCH_KEYS if key in params})


def alert_query(params: QueryParams, catalog: Catalog) -> AlertQuery | None:
    """The question to the history; None where no alert can be meant. Raises InvalidRequestError."""
    check_keys(params, _LIST_KEYS)
    match = match_of(params)
    skus = skus_of(match, catalog)
    query = AlertQuery(
        types=match.types,
        skus=skus or (),
        retailers=tuple(catalog.canonical(retailer) for retailer in match.retailers),
        bands=match.bands,
        min_priority=match.min_priority,
        decision=one_of(params, "decision", {each.value: each for each in (Decision.ACCEPTED, Decision.FILTERED)}),
        state=one_of(params, "state", {"open": "open", "closed": "closed"}),
        words=_words(params),
        channels=_channels(params),
        delivery_states=_delivery_states(params),
        since=time_of(params, "since"),
        until=time_of(params, "until"),
        before=_identifier(params, "before"),
        limit=_limit(params),
        page=_page(params),
    )
    return None if skus is None else query


def one_of(params: Mapping[str, str], key: str, words: Mapping[str, Word]) -> Word | None:
    """What one of these words means; None where none is said. Raises InvalidRequestError."""
    said = params.get(key)
    if not said:
        return None
    if said not in words:
        raise invalid(key, f"must be {' or '.join(words)}")
    return words[said]


def _words(params: Mapping[str, str]) -> tuple[str, ...]:
    said = params.get("q") or ""
    if len(said) > _MAX_SEARCH:
        raise invalid("q", f"has at most {_MAX_SEARCH} characters")
    return searched_words(said)


def _channels(params: QueryParams) -> tuple[str, ...]:
    named = _listed(params, "channels")
    if len(named) > _MAX_CHANNELS or any(len(name) > _MAX_TARGET or not name.isprintable() for name in named):
        raise invalid("channels", f"are at most {_MAX_CHANNELS}, each `channel` or `channel:target`")
    return named


def _delivery_states(params: QueryParams) -> frozenset[DeliveryState]:
    said = _listed(params, "delivery_states")
    known = {state.value: state for state in DeliveryState}
    strange = next((word for word in said if word not in known), None)
    if strange is not None:
        raise invalid("delivery_states", _unknown(strange[:64], tuple(known)))
    return frozenset(known[word] for word in said)


def _listed(params: QueryParams, key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in _written(params, key) if word.strip()))


def _written(params: QueryParams, key: str) -> Iterator[str]:
    return itertools.chain.from_iterable(map(words_of, params.getlist(key)))


def flag_of(params: Mapping[str, str], key: str) -> bool:
    """Whether it is said. Raises InvalidRequestError."""
    said = params.get(key, "")
    if said not in YES_OR_NO:
        raise invalid(key, "is 1 or 0")
    return YES_OR_NO[said]


def _identifier(params: Mapping[str, str], key: str) -> UUID | None:
    said = params.get(key)
    try:
        return UUID(said) if said else None
    except ValueError:
        raise invalid(key, "is not the id of an alert") from None


def time_of(params: Mapping[str, str], key: str) -> datetime | None:
    """Read a moment; None where none is said. Raises InvalidRequestError."""
    said = params.get(key)
    try:
        return read_timestamp(_LOST_PLUS.sub(r"+\1", said)) if said else None
    except MendError as problem:
        raise invalid(key, str(problem)) from None


def _limit(params: Mapping[str, str]) -> int:
    said = params.get("limit") or str(_LIMIT)
    if not (re.fullmatch("[0-9]{1,5}", said) and 1 <= int(said) <= MAX_LIMIT):
        raise invalid("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(said)


def _page(params: Mapping[str, str]) -> str | None:
    said = params.get("page") or None
    if said is not None and len(said) > _MAX_PAGE:
        raise invalid("page", "is not what `next` of the answer before said")
    return said


def _unknown(key: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1)
    return f"is not known here; did you mean {near[0]!r}?" if near else f"is not known here: {', '.join(known)} are"


def invalid(key: str, message: str) -> InvalidRequestError:
    """What is said of one parameter."""
    return InvalidRequestError.at(Detail(key, message))
