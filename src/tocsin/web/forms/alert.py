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
    explained,
    maybe,
    one_of,
    optional,
    record,
    ref,
    several,
)

_NEW_ALERT = record(
    {
        key: explained(field.form if field.required else optional(field.form), field.about)
        for key, field in FIELDS.items()
    },
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
    "timestamp": explained(TIME, "Time of detection."),
    "metadata": ANYTHING,
    "accepted_at": TIME,
    "decision": one_of(Decision),
    "reason": explained(TEXT, "Why it was decided so."),
    "state": explained({"enum": ["open", "closed"]}, "Of its episode: `closed` once it is sold out."),
    "repeats": explained(WHOLE, "How often it was reported again."),
    "last_seen_at": TIME,
}
_SOLD_OUT_AFTER = explained(maybe(NUMBER), "Seconds that its episode lasted; null while it is open.")

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "NewAlert": _NEW_ALERT,
        "Receipt": record(
            {
                "decision": one_of(Decision),
                "reason": explained(TEXT, "Not of an invalid one."),
                "id": explained(ID, "Not of a duplicate or an invalid one."),
                "duplicate_of": explained(ID, "In place of an id of its own."),
                "notes": explained(several(ref("Note")), "What was mended or left out so that the alert could go out."),
                "error": explained(ref("Problem"), "Of an invalid one."),
            },
            needed=("decision",),
        ),
        "Receipts": record({"results": several(ref("Receipt"))}),
        "Alert": record(_ALERT),
        "ListedAlert": record(
            {
                **_ALERT,
                "sold_out_after_s": _SOLD_OUT_AFTER,
                "deliveries": several(ref("BriefDelivery")),
                "lists": several(ref("ToldList")),
            }
        ),
        "AlertStory": record(
            {
                **_ALERT,
                "position": explained(maybe(WHOLE), "In the stream."),
                "sold_out_after_s": _SOLD_OUT_AFTER,
                "deliveries": several(ref("DeliveryStory")),
                "lists": several(ref("ToldList")),
                "clicks": explained(several(TIME), "On its short links, by people."),
                "timeline": several(ref("Step")),
            }
        ),
        "Step": record(
            {
                "at": TIME,
                "ms": explained(NUMBER, "Since detection."),
                "took_ms": explained(maybe(NUMBER), "Since the step before, of the same delivery."),
                "what": TEXT,
                "detail": TEXT,
            }
        ),
        "Closed": record(
            {
                "closed": explained(several(ID), "The alerts that were open."),
                "cancelled": explained(WHOLE, "Deliveries that were still waiting."),
            }
        ),
        "Rehearsed": record(
            {
                "decision": one_of(Decision),
                "reason": TEXT,
                "priority": PRIORITY,
                "targets": explained(
                    several(ANYTHING),
                    "Each with its `state`, its `mentions` and the `message` as it would go out; a list with how many"
                    " `recipients` it would tell now, and how many it would not (`left_out`).",
                ),
                "notes": several(ref("Note")),
            },
            needed=("decision", "reason", "priority", "targets"),
        ),
    }
)
