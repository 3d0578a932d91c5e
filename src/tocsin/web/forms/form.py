"""The words that forms are written in: kinds of values, and how they make a record, an answer or a parameter."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from tocsin.core.alert import TOP_PRIORITY, Band

Form = Mapping[str, Any]

JSON, NDJSON, SSE, HTML = "application/json", "application/x-ndjson", "text/event-stream", "text/html"
CSV = "text/csv"


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


def explained(form: Form, about: str) -> Form:
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


def either(*answers: dict[str, Any]) -> dict[str, Any]:
    """The answers of a door that has several, each with a status of its own."""
    return {"responses": {status: told for one in answers for status, told in one["responses"].items()}}


def in_path(name: str, about: str) -> dict[str, Any]:
    """A parameter of a route whose handler reads it by itself."""
    return {"name": name, "in": "path", "required": True, "schema": TEXT, "description": about}


def page_of(key: str, form: Form) -> Form:
    return record(
        {key: several(form), "next": explained(maybe(TEXT), "Pass it on as `page` to go on; null at the end.")}
    )


TEXT: Form = {"type": "string"}
WHOLE: Form = {"type": "integer"}
NUMBER: Form = {"type": "number"}
FLAG: Form = {"type": "boolean"}
ANYTHING: Form = {"type": "object"}
ID: Form = {"type": "string", "format": "uuid"}
TIME: Form = {"type": "string", "format": "date-time"}
MONEY = explained(TEXT, "A decimal, with two places or more.")
BAND = one_of(Band)
PRIORITY: Form = {"type": "integer", "minimum": 1, "maximum": TOP_PRIORITY}
