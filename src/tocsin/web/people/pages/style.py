"""The look of the pages for people."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.sheet import STYLE


class Style:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def open(self, app: FastAPI) -> None:
        self._hall.open(app, "/people/style.css", self.show, "GET")

    async def show(self, _: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})
