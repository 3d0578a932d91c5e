"""Channels and their targets: how they stand, a test message, and switching one off and on."""

from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tocsin.core.delivery import Target
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, record, ref, several
from tocsin.web.scopes import needs
from tocsin.web.segment import Segment
from tocsin.web.services import Services

PATH = "/api/v1/channels"

_LISTED = answer(record({"channels": several(ref("Channel")), "shadow": ref("Shadow")}), "All of them.")
_SWITCHED = answer(record({"target": TEXT, "enabled": FLAG}), "As it stands now.")


class Tested(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target: Annotated[str, Field(min_length=1, max_length=128)]


class Channels:
    def __init__(self, services: Services) -> None:
        self._operations = services.pipeline.operations

    def open(self, app: FastAPI) -> None:
        one = PATH + "/{name}/targets/{target}"
        for path, handler, method, extra in (
            (PATH, self.listed, "GET", needs("read") | _LISTED),
            (PATH + "/{name}/test", self.test, "POST", needs("admin") | answer(ref("TestAnswer"), "What came of it.")),
            (one + "/enable", self.enable, "POST", needs("admin") | _SWITCHED),
            (one + "/disable", self.disable, "POST", needs("admin") | _SWITCHED),
        ):
            app.add_api_route(path, handler, methods=[method], tags=["channels"], openapi_extra=extra)

    async def listed(self) -> Response:
        """Each channel with its targets: what waits, what is shut, what rests and why."""
        return json_answer({"channels": await self._operations.channels(), "shadow": self._operations.shadow()})

    async def test(self, name: Segment, tested: Tested) -> Response:
        """Send a message marked as a test, on the real path; the answer has what the provider said."""
        return json_answer(await self._operations.test(_target(name, tested.target)))

    async def enable(self, name: Segment, target: Segment) -> Response:
        """Use a target again that was disabled."""
        woken = _target(name, target)
        await self._operations.enable(woken)
        return json_answer({"target": str(woken), "enabled": True})

    async def disable(self, name: Segment, target: Segment) -> Response:
        """Send nothing to a target until it is enabled: its fallback takes over."""
        resting = _target(name, target)
        await self._operations.disable(resting)
        return json_answer({"target": str(resting), "enabled": False})


def _target(channel: str, name: str) -> Target:
    """The name alone, or with its channel before it."""
    return Target(channel, name.removeprefix(f"{channel}:"))
