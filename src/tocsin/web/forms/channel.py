"""A channel with its targets, and what a test of one answers."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.delivery import DeliveryState
from tocsin.web.forms.form import (
    ANYTHING,
    FLAG,
    ID,
    NUMBER,
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

_QUEUE: Mapping[str, Form] = {
    "pending": explained(ANYTHING, "How many wait, by band."),
    "sending": WHOLE,
    "unknown": WHOLE,
    "oldest": explained(maybe(TIME), "Since when the oldest of them waits."),
}
_TARGET = record(
    {
        "target": TEXT,
        "enabled": FLAG,
        "disabled": explained(maybe(ANYTHING), "`at`, `why` and `detail` where it was disabled."),
        "shadow": explained(FLAG, "Nothing is sent there."),
        "lane": TEXT,
        "in_flight": explained(WHOLE, "Requests under way."),
        "opens_in_s": explained(maybe(NUMBER), "Seconds until its lane opens; null where time alone opens nothing."),
        "closed": explained(maybe(ANYTHING), "`why`, `opens_at` and `rate` of what keeps its lane closed."),
        "breaker": {"enum": ["open", "closed"]},
        "failures": explained(WHOLE, "In a row."),
        **_QUEUE,
    },
    needed=("target", "enabled", "disabled", "shadow", "lane", *_QUEUE),
)

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Channel": record(
            {
                "channel": explained(maybe(TEXT), "Null for lanes that the configuration does not have any more."),
                "targets": several(ref("Target")),
                "held": explained(several(record({"lane": TEXT, **_QUEUE})), "What waits in such lanes."),
            },
            needed=("channel",),
        ),
        "Target": _TARGET,
        "PersonTested": record(
            {
                "contact": ID,
                "address": ID,
                "shown": explained(TEXT, "Masked."),
                "target": TEXT,
                "alert": ID,
                "delivery": ID,
                "state": one_of(DeliveryState),
                "why": maybe(TEXT),
                "detail": TEXT,
                "status": explained(maybe(WHOLE), "Of the provider's answer."),
                "answer": maybe(TEXT),
            },
            needed=("contact", "address", "shown", "target", "state", "why"),
        ),
        "TestAnswer": record(
            {
                "target": TEXT,
                "alert": ID,
                "delivery": ID,
                "state": one_of(DeliveryState),
                "why": maybe(TEXT),
                "detail": TEXT,
                "status": explained(maybe(WHOLE), "Of the provider's answer."),
                "answer": maybe(TEXT),
            },
            needed=("target", "state", "why"),
        ),
    }
)
