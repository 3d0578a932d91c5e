"""What the answer of a person to an alert means: what they hear no more of, and for how long."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tocsin.core.alert import Alert
from tocsin.core.answer import Answer
from tocsin.core.record import rfc3339
from tocsin.rules.attribution import Crediting
from tocsin.rules.catalog import Catalog
from tocsin.rules.match import Match, parse_match
from tocsin.rules.preferences import MOST_MUTES

Mutes = Sequence[Mapping[str, Any]]
"""As the preferences have them."""

MUTING = (Answer.BOUGHT, Answer.NOT_FOR_ME)
_WHYS = tuple(answer.value for answer in MUTING)


def mute_after(
    answer: Answer, alert: Alert, catalog: Catalog, crediting: Crediting, now: datetime
) -> Mapping[str, Any] | None:
    """The product as `mute` of the preferences has it: for a while where it was bought, for ever where it is not
    wanted. None where the answer mutes nothing.
    """
    if answer not in MUTING:
        return None
    until = {"until": rfc3339(now + crediting.bought_mute)} if answer is Answer.BOUGHT else {}
    return {"match": product_match(alert, catalog), **until, "why": answer.value}


def mutes_after(before: Mutes, match: Mapping[str, Any], muted: Mapping[str, Any] | None) -> Mutes:
    """All that a person has muted, once an answer about the product of this `match` mutes that, or nothing: it takes
    the place of what an earlier answer muted of it. Where there are too many, the oldest go.
    """
    kept = [one for one in before if one.get("why") not in _WHYS or one.get("match") != match]
    return [*kept, *([] if muted is None else [muted])][-MOST_MUTES:]


def product_match(alert: Alert, catalog: Catalog) -> dict[str, list[str]]:
    """Everything about that product, wherever it is sold; about that SKU where nobody described the product."""
    product = catalog.product_of(alert)
    return {"skus": [f"{alert.retailer}:{alert.sku}"]} if product is None else {"products": [product.name]}


def same_product(alert: Alert, catalog: Catalog) -> Match:
    return parse_match(product_match(alert, catalog))
