"""Monitors: the programs that watch the retailers, registered and heard by the detection engine."""

from datetime import timedelta
from typing import Annotated

from fastapi import FastAPI, Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.responses import Response

from tocsin.pipeline.intake.field import FIELDS
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, record, ref, several
from tocsin.web.scopes import needs
from tocsin.web.segment import Segment
from tocsin.web.services import Services

PATH = "/api/v1/monitors"
ONE = PATH + "/{id}"

_LISTED = answer(record({"monitors": several(ref("Monitor"))}), "All of them.")
_HEARD = answer(ref("Monitor"), "As it is known now.")
_FORGOTTEN = answer(record({"id": TEXT, "forgotten": FLAG}), "It has ended.")

Identifier = Annotated[Segment, Path(min_length=1, max_length=128)]


# As in alerts.
Retailer = Annotated[str, BeforeValidator(FIELDS["retailer"].read), WithJsonSchema(dict(FIELDS["retailer"].form))]
Sku = Annotated[str, BeforeValidator(FIELDS["sku"].read), WithJsonSchema(dict(FIELDS["sku"].form))]


class Watch(BaseModel):
    """`interval`: the seconds between two signs of life that the monitor promises."""

    model_config = ConfigDict(extra="forbid")

    retailer: Retailer
    skus: Annotated[list[Sku], Field(max_length=1000)] = []
    interval: Annotated[float, Field(ge=1, le=86400)]


class MonitorDoors:
    def __init__(self, services: Services) -> None:
        self._monitors = services.pipeline.watch.monitors

    def open(self, app: FastAPI) -> None:
        doors = (
            (PATH, self.listed, "GET", needs("read") | _LISTED),
            (ONE, self.register, "PUT", needs("ingest") | _HEARD),
            (ONE, self.forget, "DELETE", needs("ingest") | _FORGOTTEN),
            (ONE + "/heartbeat", self.heartbeat, "POST", needs("ingest") | _HEARD),
        )
        for path, door, method, extra in doors:
            app.add_api_route(path, door, methods=[method], tags=["monitors"], openapi_extra=extra)

    async def listed(self) -> Response:
        """Every monitor with its state, by id."""
        return json_answer({"monitors": [monitor.as_json() for monitor in self._monitors.listed()]})

    async def register(self, id: Identifier, watch: Watch) -> Response:  # noqa: A002 - the name in the address
        """Make it known, or change what is known of it; either is a sign of life."""
        interval = timedelta(seconds=watch.interval)
        return json_answer((await self._monitors.register(id, watch.retailer, watch.skus, interval)).as_json())

    async def forget(self, id: Identifier) -> Response:  # noqa: A002 - the name in the address
        """It ends on purpose: nobody waits for it any more."""
        await self._monitors.forget(id)
        return json_answer({"id": id, "forgotten": True})

    async def heartbeat(self, id: Identifier) -> Response:  # noqa: A002 - the name in the address
        """A sign of life."""
        return json_answer((await self._monitors.heartbeat(id)).as_json())
