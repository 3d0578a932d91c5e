"""Imports: a file of people, CSV or NDJSON, each row by itself."""

from fastapi import FastAPI, Request
from starlette.responses import Response

from tocsin.core.address import AddressKind
from tocsin.core.errors import VerificationOffError
from tocsin.pipeline.people.confirming import confirm
from tocsin.pipeline.people.importing import import_people
from tocsin.pipeline.people.table import MOST_BYTES
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import CSV, NDJSON, TEXT, answer, ref
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.people.words import PREFIX
from tocsin.web.query import YES_OR_NO, check_keys, flag_of
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = PREFIX + "/import"
_BY_MESSAGE = (AddressKind.PHONE, AddressKind.MAILBOX)
_FLAGS = {
    "dry_run": "Say what would be, and change nothing.",
    "confirm": "Send a code or a link to each address that was added without proof.",
}
_TAKES = answer(ref("ImportReport"), "What became of the rows.") | {
    "parameters": [
        {"name": name, "in": "query", "schema": {"enum": list(YES_OR_NO)}, "description": about}
        for name, about in _FLAGS.items()
    ],
    "requestBody": {"required": True, "content": {CSV: {"schema": TEXT}, NDJSON: {"schema": TEXT}}},
}


class ImportDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)
        self._verification = services.pipeline.verification
        self._public_url = services.program.public_url

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
        check_keys(request.query_params, _FLAGS)
        dry_run, confirming = (flag_of(request.query_params, name) for name in _FLAGS)
        if confirming and not any(self._verification.reaches(kind, self._public_url()) for kind in _BY_MESSAGE):
            raise VerificationOffError("nothing here could bring a code or a link to anybody: import without confirm")
        policy = self._desk.policy
        report = await import_people(
            self._desk.people,
            await request.body(),
            countries=policy.countries,
            author=author_of(request),
            rule=policy.standing_after,
            now=self._desk.clock.now(),
            dry_run=dry_run,
        )
        asked = None
        if confirming and not dry_run:
            asked = await confirm(self._verification, self._desk.people, report.rows, self._public_url())
        return json_answer(report.as_json() | {"confirmations": asked and asked.as_json()})
