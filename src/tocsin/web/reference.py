"""What the doors are, for programs (`/openapi.json`) and for people (`/docs`), without a script from anywhere."""

import html
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from tocsin.web.answer import json_answer
from tocsin.web.locks import OPEN

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { margin: 1.5rem 0 0; font: 600 1rem ui-monospace, monospace; }
code, td:first-child { font-family: ui-monospace, monospace; } td { padding-right: 1rem; vertical-align: top; }
.scope { font: 0.8rem system-ui, sans-serif; border: 1px solid; border-radius: 1rem; padding: 0 0.6rem; }
@media (prefers-color-scheme: dark) { body { background: #14120f; color: #eee; } a { color: #9cf; } }
"""


class Reference:
    def __init__(self, schema: Callable[[], dict[str, Any]]) -> None:
        self._schema = schema

    def open(self, app: FastAPI) -> None:
        for path, handler in (("/openapi.json", self.schema), ("/docs", self.page), ("/docs/style.css", self.style)):
            app.add_api_route(path, handler, methods=["GET"], include_in_schema=False, openapi_extra=dict(OPEN))

    async def schema(self) -> Response:
        return json_answer(self._schema())

    async def page(self) -> Response:
        return HTMLResponse("".join(_page(self._schema())))

    async def style(self) -> Response:
        return Response(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _page(schema: Mapping[str, Any]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    yield '<title>Tocsin: the HTTP interface</title><link rel="stylesheet" href="docs/style.css">'
    yield f"<h1>Tocsin {html.escape(schema['info']['version'])}: the HTTP interface</h1>"
    yield "<p>Send your token as <code>Authorization: Bearer TOKEN</code>. For programs: "
    yield '<a href="openapi.json">openapi.json</a>.</p>'
    for tag, calls in _by_tag(schema).items():
        yield f"<h2>{html.escape(tag.capitalize())}</h2>"
        for method, path, call in calls:
            yield from _call(method, path, call)


def _by_tag(schema: Mapping[str, Any]) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    tags: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = {}
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            tags.setdefault(call["tags"][0], []).append((method.upper(), path, call))
    return tags


def _call(method: str, path: str, call: Mapping[str, Any]) -> Iterator[str]:
    scopes = [scope for way in call["security"] for scope in way.get("token", ())]
    yield f'<h3>{method} {html.escape(path)} <span class="scope">{html.escape(", ".join(scopes) or "open")}</span></h3>'
    yield f"<p>{html.escape(call.get('description', ''))}</p>"
    parameters = call.get("parameters", ())
    if parameters:
        rows = (
            f"<tr><td>{html.escape(each['name'])}</td><td>{html.escape(each.get('description', ''))}</td></tr>"
            for each in parameters
        )
        yield f"<table>{''.join(rows)}</table>"
