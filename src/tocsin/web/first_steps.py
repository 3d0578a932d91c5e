"""First steps: commands to paste into a shell of the service's machine, and buttons that do the same."""

from fastapi import FastAPI
from starlette.responses import Response

from tocsin.web.answer import json_answer
from tocsin.web.forms.form import TEXT, answer, record, ref
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/first-steps"

_COMMANDS = record({"send": TEXT, "post": TEXT, "demo": TEXT})
_PAGES = record({"dashboard": TEXT, "sandbox": TEXT})


class FirstSteps:
    def __init__(self, services: Services) -> None:
        self._terminal = services.program.terminal
        self._operations = services.pipeline.operations
        self._demo = services.program.demo

    def open(self, app: FastAPI) -> None:
        for method, path, handler, status, extra in (
            ("GET", PATH, self.commands, 200, answer(_COMMANDS, "As they are to be pasted.")),
            ("POST", f"{PATH}/alert", self.alert, 202, answer(ref("Receipt"), "It is on its way.", status=202)),
            ("POST", f"{PATH}/demo", self.demo, 200, answer(_PAGES, "Where its pages are.")),
        ):
            app.add_api_route(
                path,
                handler,
                methods=[method],
                status_code=status,
                tags=["first steps"],
                openapi_extra=needs("admin") | extra,
            )

    async def commands(self) -> Response:
        """Commands for a shell of the service's machine, as they are to be pasted: `send`, `post` and `demo`."""
        return json_answer(self._terminal().commands())

    async def alert(self) -> Response:
        """An alert marked as a test, for all targets that one like it would reach; no socket hears of it."""
        return json_answer(await self._operations.sample(), 202)

    async def demo(self) -> Response:
        """Start a demo beside the service, on this machine; answers where its pages are. It ends after 15 minutes."""
        return json_answer(await self._demo.show())
