"""An alert: as it is sent, answered, listed and told from detection to the last word."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.alert import AlertType
from tocsin.core.decision import Decision
from tocsin.pipeline.intake.field import FIELDS
from tocsin.web.forms.form import (
    ANYTHING,
    BAND,
    ID,
    MONEY,
    NUMBER,
    PRIORITY,
    TEXT,
    TIME,
    WHOLE,
    Form,
    maybe,
    one_of,
    optional,
    record,
    ref,
    several,
    told,
)

_NEW_ALERT = record(
    {key: told(field.form if field.required else optional(field.form), field.about) for key, field in FIELDS.items()},
    needed=tuple(key for key, field in FIELDS.items() if field.required),
    additionalProperties=False,
    example={"type": "in_stock", "sku": "6634940", "retailer": "bestbuy", "price": 1999.99},
)
_ALERT: Mapping[str, Form] = {
    "id": ID,
    "type": one_of(AlertType),
    "priority": PRIORITY,
    "band": BAND,
    "sku": TEXT,
    "product_name": maybe(TEXT),
    "retailer": TEXT,
    "price": maybe(MONEY),
    "currency": TEXT,
    "url": maybe(TEXT),
    "variant": maybe(TEXT),
    "seller": maybe(TEXT),
    "timestamp": told(TIME, "Time of detection."),
    "metadata": ANYTHING,
    "accepted_at": TIME,
    "decision": one_of(Decision),
    "reason": told(TEXT, "Why it was decided so."),
    "state": told({"enum": ["open", "closed"]}, "Of its episode: `closed` once it is sold out."),
    "repeats": told(WHOLE, "How often it was reported again."),
    "last_seen_at": TIME,
}
_SOLD_OUT_AFTER = told(maybe(NUMBER), "Seconds that its episode lasted; null while it is open.")

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "NewAlert": _NEW_ALERT,
        "Receipt": record(
            {
                "decision": one_of(Decision),
                "reason": told(TEXT, "Not of an invalid one."),
                "id": told(ID, "Not of a duplicate or an invalid one."),
                "duplicate_of": told(ID, "In place of an id of its own."),
                "notes": told(several(ref("Note")), "What was mended or left out so that the alert could go out."),
                "error": told(ref("Problem"), "Of an invalid one."),
            },
            needed=("decision",),
        ),
        "Receipts": record({"results": several(ref("Receipt"))}),
        "Alert": record(_ALERT),
        "ListedAlert": record(
            {**_ALERT, "sold_out_after_s": _SOLD_OUT_AFTER, "deliveries": several(ref("BriefDelivery"))}
        ),
        "AlertStory": record(
            {
                **_ALERT,
                "position": told(maybe(WHOLE), "In the stream."),
                "sold_out_after_s": _SOLD_OUT_AFTER,
                "deliveries": several(ref("DeliveryStory")),
                "clicks": told(several(TIME), "On its short links, by people."),
                "timeline": several(ref("Step")),
            }
        ),
        "Step": record(
            {
                "at": TIME,
                "ms": told(NUMBER, "Since detection."),
                "took_ms": told(maybe(NUMBER), "Since the step before, of the same delivery."),
                "what": TEXT,
                "detail": TEXT,
            }
        ),
        "Closed": record(
            {
                "closed": told(several(ID), "The alerts that were open."),
                "cancelled": told(WHOLE, "Deliveries that were still waiting."),
            }
        ),
        "Rehearsed": record(
            {
                "decision": one_of(Decision),
                "reason": TEXT,
                "priority": PRIORITY,
                "targets": told(
                    several(ANYTHING), "Each with its `state`, its `mentions` and the `message` as it would go out."
                ),
                "notes": several(ref("Note")),
            },
            needed=("decision", "reason", "priority", "targets"),
        ),
    }
)
