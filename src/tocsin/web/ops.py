"""Answers operators and their tools: alive, ready, figures, and to read the configuration again."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, either, record, ref, several
from tocsin.web.scopes import HEALTH, needs
from tocsin.web.services import Services

_EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus documentation, "Exposition formats"
_PROBLEMS = record({"ready": FLAG, "problems": several(TEXT)})
_READY = either(answer(_PROBLEMS, "It can."), answer(_PROBLEMS, "It cannot.", status=503))
_ALIVE = answer(record({"status": {"enum": ["ok"]}, "version": TEXT}), "It lives.")
_FIGURES = answer(TEXT, "All of them.", media_types=("text/plain",))
_RELOADED = answer(record({"reloaded": FLAG}), "The file counts from now on.")


class Ops:
    def __init__(self, services: Services) -> None:
        self._not_ready = services.program.not_ready
        self._metrics = services.program.metrics
        self._stats = services.pipeline.vitals
        self._reload = services.program.reload
        self._version = services.settings.version

    def open(self, app: FastAPI) -> None:
        for path, handler, method, extra in (
            ("/healthz", self.alive, "GET", {**HEALTH, **_ALIVE}),
            ("/readyz", self.ready, "GET", {**HEALTH, **_READY}),
            ("/metrics", self.figures, "GET", needs("read", named_addresses=True) | _FIGURES),
            ("/api/v1/stats", self.stats, "GET", needs("read") | answer(ref("Stats"), "Now.")),
            ("/api/v1/config/reload", self.reload, "POST", needs("admin") | _RELOADED),
        ):
            app.add_api_route(path, handler, methods=[method], tags=["operations"], openapi_extra=extra)

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
