"""Nodes: the processes that share the ledger, what each works, and in what they differ."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import TEXT, answer, explained, record, ref, several
from tocsin.web.scopes import needs
from tocsin.web.services import Services

_DIFFERENCES = explained(
    {"type": "object", "additionalProperties": TEXT}, "What is not the same everywhere, and who has what."
)


class NodeDoors:
    def __init__(self, services: Services) -> None:
        self._nodes = services.pipeline.watch.nodes

    def open(self, app: FastAPI) -> None:
        path = "/api/v1/nodes"
        extra = answer(record({"nodes": several(ref("Node")), "differences": _DIFFERENCES}), "As of the last second.")
        app.add_api_route(path, self.listed, methods=["GET"], tags=["operations"], openapi_extra=needs("read") | extra)

    async def listed(self) -> Response:
        """Who lives, what each works, and whose configuration or version differs."""
        return json_answer(self._nodes.as_json())
