"""The doors as OpenAPI tells them: their scopes, and the one form of every error."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tocsin.web.errors import STATUS
from tocsin.web.forms import FORMS
from tocsin.web.forms.form import JSON, ref
from tocsin.web.scopes import SECURITY_SCHEMES

_REFUSAL = {
    "description": f"Any error: {', '.join(map(str, sorted({*STATUS.values()})))}",
    "content": {JSON: {"schema": ref("Error")}},
}


def described(app: FastAPI) -> dict[str, Any]:
    """Made at the first look, and kept with the application."""
    if app.openapi_schema is None:
        app.openapi_schema = _describe(app)
    return app.openapi_schema


def _describe(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for calls in schema["paths"].values():
        for call in calls.values():
            call["summary"] = _first_sentence(call["description"])
            call["responses"] = {**_answers(call["responses"]), "default": _REFUSAL}
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    kept = components.get("schemas", {}).items()
    components["schemas"] = {**FORMS, **{name: form for name, form in kept if "ValidationError" not in name}}
    return schema


def _first_sentence(text: str) -> str:
    return text.partition("\n\n")[0].partition(". ")[0].rstrip(".")


def _answers(responses: dict[str, Any]) -> dict[str, Any]:
    """Without what the framework adds by itself: its own form of error, and JSON of any form."""
    for answer in responses.values():
        content = answer.get("content", {})
        if content.get(JSON) == {"schema": {}}:
            del content[JSON]
        if not content:
            answer.pop("content", None)
    return {status: answer for status, answer in responses.items() if status != "422"}
