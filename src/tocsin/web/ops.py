"""What operators and their tools ask: alive, ready, figures, and to read the configuration again."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.locks import HEALTH, needs
from tocsin.web.parts import Parts

_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus documentation, "Exposition formats"


class Ops:
    def __init__(self, parts: Parts) -> None:
        self._not_ready = parts.not_ready
        self._metrics = parts.metrics
        self._stats = parts.stats
        self._reload = parts.reload
        self._version = parts.settings.version

    def open(self, app: FastAPI) -> None:
        app.add_api_route("/healthz", self.alive, methods=["GET"], tags=["operations"], openapi_extra=dict(HEALTH))
        app.add_api_route("/readyz", self.ready, methods=["GET"], tags=["operations"], openapi_extra=dict(HEALTH))
        figures = needs("read", named_addresses=True)
        app.add_api_route("/metrics", self.figures, methods=["GET"], tags=["operations"], openapi_extra=figures)
        app.add_api_route(
            "/api/v1/stats", self.stats, methods=["GET"], tags=["operations"], openapi_extra=needs("read")
        )
        app.add_api_route(
            "/api/v1/config/reload", self.reload, methods=["POST"], tags=["operations"], openapi_extra=needs("admin")
        )

    async def alive(self) -> Response:
        """200 as long as the process answers at all."""
        return json_answer({"status": "ok", "version": self._version})

    async def ready(self) -> Response:
        """200 while alerts can be accepted, 503 with the reasons while they cannot."""
        problems = list(await self._not_ready())
        return json_answer({"ready": not problems, "problems": problems}, 503 if problems else 200)

    async def figures(self) -> Response:
        """Prometheus metrics."""
        return Response(self._metrics(), media_type=_EXPOSITION, headers={"Cache-Control": "no-store"})

    async def stats(self) -> Response:
        """How the service does now: its last minute, what waits, whether alerts are told in time, what is in shadow."""
        return json_answer(await self._stats())

    async def reload(self) -> Response:
        """Read the configuration file again. A bad file changes nothing and says why."""
        await self._reload()
        return json_answer({"reloaded": True})
