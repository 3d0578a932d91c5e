"""A delivery, in brief and with its attempts."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.alert import AlertType
from tocsin.core.delivery import DeliveryState, Why
from tocsin.web.forms.form import (
    ANYTHING,
    BAND,
    FLAG,
    ID,
    NUMBER,
    PRIORITY,
    TEXT,
    TIME,
    WHOLE,
    Form,
    explained,
    maybe,
    one_of,
    record,
    ref,
    several,
)

_DELIVERY: Mapping[str, Form] = {
    "id": ID,
    "alert_id": ID,
    "target": explained(TEXT, "`channel:name`."),
    "lane": TEXT,
    "route": explained(maybe(TEXT), "The route that planned it."),
    "state": one_of(DeliveryState),
    "why": explained(maybe(one_of(Why)), "Why it is in this state."),
    "detail": explained(maybe(TEXT), "More of that, in words."),
    "priority": PRIORITY,
    "band": BAND,
    "attempts_made": WHOLE,
    "planned_at": TIME,
    "due": explained(TIME, "When it may leave at the earliest."),
    "expires_at": explained(TIME, "When its useful life ends."),
    "moved_at": TIME,
    "possibly_repeated": explained(FLAG, "Sent again after an answer was lost."),
}
_ATTEMPT = record(
    {
        "id": ID,
        "started_at": TIME,
        "finished_at": maybe(TIME),
        "took_ms": maybe(NUMBER),
        "outcome": maybe(TEXT),
        "status": explained(maybe(WHOLE), "Of the provider's answer."),
        "answer": explained(maybe(TEXT), "What the provider said, where it says anything."),
        "mentioned": explained(FLAG, "Whether somebody was mentioned."),
        "members": explained(WHOLE, "Deliveries that one request carried."),
    }
)

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "ToldList": record(
            {
                "target": explained(TEXT, "`channel:list`."),
                "route": explained(maybe(TEXT), "The route that planned it."),
                "recipients": record(
                    {
                        "planned": explained(WHOLE, "All whom it was planned for."),
                        "waiting": WHOLE,
                        **{state.value: WHOLE for state in DeliveryState if state is not DeliveryState.PENDING},
                    }
                ),
                "left_out": explained(ANYTHING, "How many were not told, by the reason: `max_recipients`, `quiet`, …"),
                "planned_at": maybe(TIME),
                "moved_at": maybe(TIME),
            }
        ),
        "Recipient": record(
            {
                "contact": explained(maybe(ID), "None where the address is nobody's any more."),
                "address": maybe(ID),
                "shown": explained(maybe(TEXT), "Masked."),
                "may_be_told": explained(FLAG, "Whether the address is active, and consented to: else no retry helps."),
                "state": one_of(DeliveryState),
                "why": maybe(one_of(Why)),
                "detail": TEXT,
                "delivery": explained(maybe(ID), "None while the person waits with others."),
                "moved_at": TIME,
            }
        ),
        "BriefDelivery": record(
            {"id": ID, "target": TEXT, "state": one_of(DeliveryState), "why": maybe(one_of(Why)), "at": TIME}
        ),
        "Delivery": record(_DELIVERY),
        "ListedDelivery": record(
            {
                **_DELIVERY,
                "alert": explained(
                    record({"type": one_of(AlertType), "sku": TEXT, "retailer": TEXT, "product_name": maybe(TEXT)}),
                    "What its alert was about: where the list is narrowed by more than `state` and `channel`.",
                ),
            },
            needed=tuple(_DELIVERY),
        ),
        "DeliveryStory": record(
            {
                **_DELIVERY,
                "latency_ms": explained(maybe(NUMBER), "From detection to the provider's answer, where it was sent."),
                "attempts": several(ref("Attempt")),
            }
        ),
        "Attempt": _ATTEMPT,
    }
)
