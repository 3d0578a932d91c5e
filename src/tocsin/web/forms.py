"""The forms of what is sent and answered, as OpenAPI and `/docs` tell them. Every field that is named is always there,
unless its form says otherwise.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

from tocsin.core.alert import TOP_PRIORITY, AlertType, Band
from tocsin.core.decision import Decision
from tocsin.core.delivery import DeliveryState, Why
from tocsin.pipeline.intake.field import FIELDS

Form = Mapping[str, Any]

JSON, NDJSON, SSE, HTML = "application/json", "application/x-ndjson", "text/event-stream", "text/html"


def ref(name: str) -> Form:
    """One of `FORMS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def several(form: Form) -> Form:
    return {"type": "array", "items": form}


def maybe(form: Form) -> Form:
    """It, or null."""
    return {"anyOf": [form, {"type": "null"}]}


def optional(form: Form) -> Form:
    """It, or what says as little as leaving it out."""
    return {"anyOf": [form, {"enum": [None, ""]}]}


def told(form: Form, about: str) -> Form:
    return {**form, "description": about}


def one_of(words: type[Enum]) -> Form:
    return {"enum": [word.value for word in words]}


def record(fields: Mapping[str, Form], *, needed: tuple[str, ...] | None = None, **more: Any) -> Form:
    """An object with these fields; all of them unless those are named that are `needed`."""
    required = {"required": list(fields if needed is None else needed)}
    return {"type": "object", **required, "properties": dict(fields), **more}


def answer(
    form: Form | None, about: str, *, status: int = 200, media_types: tuple[str, ...] = (JSON,)
) -> dict[str, Any]:
    """What a door answers, for its `openapi_extra`; without a form there is no body."""
    content = {} if form is None else {"content": {media_type: {"schema": form} for media_type in media_types}}
    return {"responses": {str(status): {"description": about, **content}}}


def in_path(name: str, about: str) -> dict[str, Any]:
    """A parameter of a route whose handler reads it by itself."""
    return {"name": name, "in": "path", "required": True, "schema": TEXT, "description": about}


def page_of(key: str, form: Form) -> Form:
    return record({key: several(form), "next": told(maybe(TEXT), "Pass it on as `page` to go on; null at the end.")})


TEXT: Form = {"type": "string"}
WHOLE: Form = {"type": "integer"}
NUMBER: Form = {"type": "number"}
FLAG: Form = {"type": "boolean"}
ANYTHING: Form = {"type": "object"}
ID: Form = {"type": "string", "format": "uuid"}
TIME: Form = {"type": "string", "format": "date-time"}
MONEY = told(TEXT, "A decimal, with two places or more.")
BAND = one_of(Band)
PRIORITY: Form = {"type": "integer", "minimum": 1, "maximum": TOP_PRIORITY}

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
_QUEUE: Mapping[str, Form] = {
    "pending": told(ANYTHING, "How many wait, by band."),
    "sending": WHOLE,
    "unknown": WHOLE,
    "oldest": told(maybe(TIME), "Since when the oldest of them waits."),
}
_TARGET = record(
    {
        "target": TEXT,
        "enabled": FLAG,
        "disabled": told(maybe(ANYTHING), "`at`, `why` and `detail` where it was disabled."),
        "shadow": told(FLAG, "Nothing is sent there."),
        "lane": TEXT,
        "in_flight": told(WHOLE, "Requests under way."),
        "opens_in_s": told(maybe(NUMBER), "Seconds until its lane opens; null where time alone opens nothing."),
        "closed": told(maybe(ANYTHING), "`why`, `opens_at` and `rate` of what keeps its lane closed."),
        "breaker": {"enum": ["open", "closed"]},
        "failures": told(WHOLE, "In a row."),
        **_QUEUE,
    },
    needed=("target", "enabled", "disabled", "shadow", "lane", *_QUEUE),
)
_TOKEN: Mapping[str, Form] = {
    "id": TEXT,
    "name": TEXT,
    "scopes": several(TEXT),
    "created_at": TIME,
    "expires_at": maybe(TIME),
    "revoked_at": maybe(TIME),
    "last_used_at": maybe(TIME),
}
_NOTE = record({"path": told(TEXT, "The field, or empty."), "message": told(TEXT, "What is wrong and how to mend it.")})

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
        "Channel": record(
            {
                "channel": told(maybe(TEXT), "Null for lanes that the configuration does not have any more."),
                "targets": several(ref("Target")),
                "held": told(several(record({"lane": TEXT, **_QUEUE})), "What waits in such lanes."),
            },
            needed=("channel",),
        ),
        "Target": _TARGET,
        "TestAnswer": record(
            {
                "target": TEXT,
                "alert": ID,
                "delivery": ID,
                "state": one_of(DeliveryState),
                "why": maybe(TEXT),
                "detail": TEXT,
                "status": told(maybe(WHOLE), "Of the provider's answer."),
                "answer": maybe(TEXT),
            },
            needed=("target", "state", "why"),
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
        "Monitor": record(
            {
                "id": TEXT,
                "retailer": TEXT,
                "skus": several(TEXT),
                "interval": told(NUMBER, "Seconds between two signs of life, as it promised."),
                "state": {"enum": ["active", "lost"]},
                "registered_at": TIME,
                "heard_at": TIME,
                "lost_at": maybe(TIME),
            }
        ),
        "Condition": record(
            {
                "what": TEXT,
                "about": TEXT,
                "headline": TEXT,
                "detail": TEXT,
                "mend": told(TEXT, "What to do."),
                "began_at": TIME,
                "over_at": maybe(TIME),
            }
        ),
        "Stats": record(
            {
                "last_minute": record(
                    {
                        "accepted": WHOLE,
                        "sent": WHOLE,
                        "waiting": WHOLE,
                        "p50_s": told(maybe(NUMBER), "Seconds that half of the sent and waiting ones took at most."),
                        "p99_s": told(maybe(NUMBER), "The same of 99 in 100."),
                    }
                ),
                "queue": told(ANYTHING, "What waits to leave, by band."),
                "objective": told(maybe(ANYTHING), "Whether alerts are told in time, by channel."),
                "shadow": ref("Shadow"),
            }
        ),
        "Shadow": record({"everything": FLAG, "channels": told(several(TEXT), "Those that send nothing.")}),
        "Token": record(_TOKEN),
        "MadeToken": record({**_TOKEN, "token": told(TEXT, "The secret; never shown again.")}),
        "Grant": record({"id": TEXT, "name": TEXT, "scopes": several(TEXT), "expires_at": maybe(TIME)}),
        "Error": record({"error": ref("Problem")}),
        "Problem": record(
            {
                "code": told(TEXT, "A stable word."),
                "message": told(TEXT, "What is wrong and how to mend it."),
                "details": told(several(ref("Note")), "Each field that is wrong."),
            }
        ),
        "Note": _NOTE,
    }
)
