"""One alert as the body of a webhook, in the form its receiver reads."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import orjson

from tocsin.channels.money import money
from tocsin.channels.text import plain
from tocsin.channels.webhook.endpoint import Form
from tocsin.core.alert import AlertType
from tocsin.core.record import AlertRecord, rfc3339

LARGEST = 20_000  # bytes: what receivers are used to (Standard Webhooks, "Payload size")

_Body = Mapping[str, Any]


def body_of(form: Form, record: AlertRecord, link: str | None, *, any_json: bool = True) -> _Body:
    """`link` is where readers are led. `any_json`: an IFTTT address that takes more than three values."""
    if form == "ifttt" and not any_json:
        return _three_values(record, link)
    write = _FORMS[form]
    body = write(_data(record), record, link)
    if len(orjson.dumps(body)) < LARGEST:
        return body
    return write({**_data(record), "metadata": {}, "metadata_omitted": True}, record, link)


def bundle_of(records: Sequence[AlertRecord], links: Sequence[str | None], at: datetime) -> _Body:
    """Several alerts at once, the most important first; `at` is when the list was made."""
    alerts = [body_of("standard", record, link)["data"] for record, link in zip(records, links, strict=True)]
    return {"type": "alerts", "timestamp": rfc3339(at), "data": {"alerts": alerts}}


def fitting(records: Sequence[AlertRecord]) -> int:
    """How many of these, from the first on, go into one body: at least 1."""
    sizes = (len(orjson.dumps(body_of("standard", record, record.alert.url))) for record in records)
    return max(1, sum(whole < LARGEST for whole in accumulate(sizes)))


def _standard(data: dict[str, Any], record: AlertRecord, link: str | None) -> _Body:
    """Standard Webhooks: `timestamp` is when it happened, not when it is told."""
    at = rfc3339(record.alert.timestamp)
    return {"type": f"alert.{data['type']}", "timestamp": at, "data": {**data, "link": link}}


def _data(record: AlertRecord) -> dict[str, Any]:
    """A receiver must not take a test for an alert: neither one that buys what is `in_stock`, nor whoever reads a text
    made of the product's name.
    """
    data = record.as_json()
    return {**data, "type": "test", "product_name": f"TEST: {record.alert.title}"} if record.is_test else data


def _flat(data: dict[str, Any], _: AlertRecord, link: str | None) -> _Body:
    """No object inside another: what builders of workflows offer as fields, `metadata_stock` among them."""
    metadata = data.pop("metadata")
    single = {f"metadata_{key}": value for key, value in metadata.items() if not isinstance(value, dict | list)}
    return {**single, **data, "link": link}


_FORMS: Mapping[Form, Callable[[dict[str, Any], AlertRecord, str | None], _Body]] = MappingProxyType(
    {"standard": _standard, "plain": _flat, "ifttt": _flat}
)


def _three_values(record: AlertRecord, link: str | None) -> _Body:
    """What a trigger of IFTTT's Webhooks service takes: `value1` to `value3`, and nothing else."""
    alert = record.alert
    if record.is_test:
        return {"value1": f"TEST: {plain(alert.title)}", "value2": "nothing is for sale", "value3": link or ""}
    price = "" if alert.price is None else f"{money(alert.price, alert.currency)} "
    return {
        "value1": f"{plain(alert.title)} {_NEWS[alert.type]}",
        "value2": f"{price}at {plain(alert.retailer)}",
        "value3": link or "",
    }


_NEWS: Mapping[AlertType, str] = MappingProxyType(
    {
        AlertType.IN_STOCK: "is in stock",
        AlertType.PRICE_DROP: "costs less",
        AlertType.RESTOCK_SOON: "is back soon",
        AlertType.BACK_ORDER: "can be ordered ahead",
    }
)
