"""The doors as OpenAPI tells them: their scopes, and the one form of every error."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tocsin.web.locks import SECURITY_SCHEMES

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string", "description": "A stable word."},
                "message": {"type": "string", "description": "What is wrong and how to mend it."},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["path", "message"],
                        "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}
_REFUSAL = {
    "description": "Any error: 400, 401, 403, 404, 413, 422, 429, 503",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
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
            call["responses"].pop("422", None)  # the framework's own form, which no door of ours answers with
            call["responses"]["default"] = _REFUSAL
    components = schema.setdefault("components", {})
    components["securitySchemes"] = SECURITY_SCHEMES
    kept = components.get("schemas", {}).items()
    components["schemas"] = {"Error": _ERROR} | {name: form for name, form in kept if "ValidationError" not in name}
    return schema
