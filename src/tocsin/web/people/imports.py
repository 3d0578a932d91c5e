"""Imports: a file of people, CSV or NDJSON, each row by itself."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.pipeline.people.importing import import_people
from tocsin.pipeline.people.table import MOST_BYTES
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import NDJSON, TEXT, answer, ref
from tocsin.web.people.consent_lines import CSV
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.people.drafts import wrong
from tocsin.web.people.words import PREFIX
from tocsin.web.query import check_keys
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = PREFIX + "/import"
_FLAG = {"0": False, "1": True, "false": False, "true": True, "": False}
_TAKES = answer(ref("ImportReport"), "What became of the rows.") | {
    "parameters": [
        {
            "name": "dry_run",
            "in": "query",
            "schema": {"enum": ["0", "1", "true", "false", ""]},
            "description": "Say what would be, and change nothing.",
        }
    ],
    "requestBody": {"required": True, "content": {CSV: {"schema": TEXT}, NDJSON: {"schema": TEXT}}},
}


class ImportDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        app.router.routes.append(
            RawRoute(
                PATH,
                self.take,
                methods=["POST"],
                tags=["contacts"],
                openapi_extra=needs("contacts", max_body=MOST_BYTES) | _TAKES,
            )
        )

    async def take(self, request: Request) -> Response:
        """Take a file of people, 16 MiB and 10,000 rows at most. The same file again changes nothing.

        The rows that something is to be said of are named; the others are counted.
        """
        check_keys(request.query_params, ("dry_run",))
        asked = request.query_params.get("dry_run", "")
        if asked not in _FLAG:
            raise wrong("dry_run", "is 1 or 0")
        policy = self._desk.policy
        report = await import_people(
            self._desk.people,
            await request.body(),
            countries=policy.countries,
            author=author_of(request),
            rule=policy.standing_after,
            now=self._desk.clock.now(),
            dry_run=_FLAG[asked],
        )
        return json_answer(report.as_json())
