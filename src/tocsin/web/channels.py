"""Channels and their targets: how they stand, a test message, and switching one off and on."""

from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tocsin.core.delivery import Target
from tocsin.web.answer import json_answer
from tocsin.web.locks import needs
from tocsin.web.parts import Parts
from tocsin.web.segment import Segment

PATH = "/api/v1/channels"


class Tested(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target: Annotated[str, Field(min_length=1, max_length=128)]


class Channels:
    def __init__(self, parts: Parts) -> None:
        self._operations = parts.operations

    def open(self, app: FastAPI) -> None:
        app.add_api_route(PATH, self.listed, methods=["GET"], tags=["channels"], openapi_extra=needs("read"))
        app.add_api_route(
            PATH + "/{name}/test", self.test, methods=["POST"], tags=["channels"], openapi_extra=needs("admin")
        )
        for verb in (self.enable, self.disable):
            app.add_api_route(
                f"{PATH}/{{name}}/targets/{{target}}/{verb.__name__}",
                verb,
                methods=["POST"],
                tags=["channels"],
                openapi_extra=needs("admin"),
            )

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
