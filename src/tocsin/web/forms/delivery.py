"""A delivery, in brief and with its attempts."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.delivery import DeliveryState, Why
from tocsin.web.forms.form import (
    BAND,
    FLAG,
    ID,
    NUMBER,
    PRIORITY,
    TEXT,
    TIME,
    WHOLE,
    Form,
    maybe,
    one_of,
    record,
    ref,
    several,
    told,
)

_DELIVERY: Mapping[str, Form] = {
    "id": ID,
    "alert_id": ID,
    "target": told(TEXT, "`channel:name`."),
    "lane": TEXT,
    "route": told(maybe(TEXT), "The route that planned it."),
    "state": one_of(DeliveryState),
    "why": told(maybe(one_of(Why)), "Why it is in this state."),
    "detail": told(maybe(TEXT), "More of that, in words."),
    "priority": PRIORITY,
    "band": BAND,
    "attempts_made": WHOLE,
    "planned_at": TIME,
    "due": told(TIME, "When it may leave at the earliest."),
    "expires_at": told(TIME, "When its useful life ends."),
    "moved_at": TIME,
    "possibly_repeated": told(FLAG, "Sent again after an answer was lost."),
}
_ATTEMPT = record(
    {
        "id": ID,
        "started_at": TIME,
        "finished_at": maybe(TIME),
        "took_ms": maybe(NUMBER),
        "outcome": maybe(TEXT),
        "status": told(maybe(WHOLE), "Of the provider's answer."),
        "answer": told(maybe(TEXT), "What the provider said, where it says anything."),
        "mentioned": told(FLAG, "Whether somebody was mentioned."),
        "members": told(WHOLE, "Deliveries that one request carried."),
    }
)

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "BriefDelivery": record(
            {"id": ID, "target": TEXT, "state": one_of(DeliveryState), "why": maybe(one_of(Why)), "at": TIME}
        ),
        "Delivery": record(_DELIVERY),
        "DeliveryStory": record(
            {
                **_DELIVERY,
                "latency_ms": told(maybe(NUMBER), "From detection to the provider's answer, where it was sent."),
                "attempts": several(ref("Attempt")),
            }
        ),
        "Attempt": _ATTEMPT,
    }
)
