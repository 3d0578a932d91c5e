"""Verifications: a code to a phone and back, and a link to a mailbox."""

import math
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.record import rfc3339
from tocsin.pipeline.people.verification import Begun
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, ref
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.people.drafts import AskedConsent
from tocsin.web.people.words import ONE, Asked
from tocsin.web.scopes import needs
from tocsin.web.services import Services


class AskedCode(Asked):
    """`consent` is entered with the right code: the wording that the person was shown."""

    by: Literal["sms", "call"] = "sms"
    consent: AskedConsent | None = None


class AskedLink(Asked):
    """`consent` is entered when the link is followed."""

    consent: AskedConsent | None = None


class Code(Asked):
    code: Annotated[str, Field(pattern=r"^[0-9]{4,10}$")]


class VerificationDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)
        self._verification = services.pipeline.verification
        self._public_url = services.program.public_url

    def open(self, app: FastAPI) -> None:
        begun = answer(ref("Verification"), "It is on its way.", status=202)
        right = answer(ref("Address"), "It is theirs: active, and consented to.")
        doors: tuple[tuple[str, Any, int, dict[str, Any]], ...] = (
            ("/phones/{address}/verification", self.send_code, 202, begun),
            ("/phones/{address}/verification/check", self.check_code, 200, right),
            ("/mailboxes/{address}/confirmation", self.send_link, 202, begun),
        )
        for path, handler, status, extra in doors:
            app.add_api_route(
                ONE + path,
                handler,
                methods=["POST"],
                status_code=status,
                tags=["contacts"],
                openapi_extra=needs("contacts") | extra,
            )

    async def send_code(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - the name in the address
        address: UUID,
        asked: AskedCode,
    ) -> Response:
        """Send a code to the phone, by text or call; the same one again while it lives."""
        consent = self._consent(request, asked.consent)
        return _begun(await self._verification.send_code(id, address, asked.by, consent))

    async def check_code(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - as above
        address: UUID,
        asked: Code,
    ) -> Response:
        """Tell the code that the person has typed. The right one makes the phone active, and its consent granted."""
        row = await self._verification.check_code(id, address, asked.code, author_of(request))
        return json_answer(row.as_json())

    async def send_link(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - as above
        address: UUID,
        asked: AskedLink,
    ) -> Response:
        """Send a signed link to the mailbox; whoever follows it confirms that it is theirs."""
        consent = self._consent(request, asked.consent)
        return _begun(await self._verification.send_link(id, address, self._public_url(), consent))

    def _consent(self, request: Request, asked: AskedConsent | None) -> dict[str, Any]:
        """As it is kept until the answer comes."""
        if asked is None:
            return {}
        reading = self._desk.reading(request)
        draft = reading.consent(asked, "consent.")
        reading.done()
        return {"source": draft.source.value, "wording": draft.wording, "evidence": draft.evidence}


def _begun(begun: Begun) -> Response:
    return json_answer(
        {
            "resend_after": math.ceil(begun.resend_after.total_seconds()),
            "expires_at": rfc3339(begun.expires_at),
            "sends_left": begun.sends_left,
        },
        202,
    )
