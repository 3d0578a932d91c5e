"""`/u/{token}`: the mail program's button (RFC 8058), and the same for whoever follows the link. It works for years."""

from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.access.passes import Purpose
from tocsin.core.address import AddressState, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import NotFoundError
from tocsin.ledger.contract.people import AddressRow, ConsentDraft
from tocsin.pipeline.people.signing_up import PERSON
from tocsin.web.people.pages.english import NOBODY, say
from tocsin.web.people.pages.form import fields_of
from tocsin.web.people.pages.fresh_code import address_of
from tocsin.web.people.pages.hall import Hall

FIELD = ("List-Unsubscribe", "One-Click")  # RFC 8058, section 3.1


class UnsubscribePage:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def open(self, app: FastAPI) -> None:
        self._hall.open(app, "/u/{token}", self.show, "GET")
        self._hall.open(app, "/u/{token}", self.leave, "POST")

    async def show(self, request: Request) -> Response:
        """Programs that follow links press no buttons."""
        return self._button(request, await self._address(request))

    async def leave(self, request: Request) -> Response:
        """No cookie, no redirect, and the same answer as often as it is asked."""
        address = await self._address(request)
        if (await fields_of(request)).one(FIELD[0]) != FIELD[1]:
            return self._button(request, address, status=400)
        if address.state is not AddressState.SUPPRESSED:
            await self._hall.people.enter(address.contact, address.id, _left(), self._hall.policy.standing_after)
        return self._hall.note(request, "unsubscribed", shown=address.shown)

    def _button(self, request: Request, address: AddressRow, status: int = 200) -> Response:
        return self._hall.draw(
            request,
            "confirm.html",
            status=status,
            title=say("unsubscribe_title"),
            text=say("unsubscribe_lead", shown=address.shown, name=self._hall.name or NOBODY),
            field=FIELD,
            button=say("unsubscribe_button"),
            hint="",
        )

    async def _address(self, request: Request) -> AddressRow:
        """Raises NotFoundError for what is no such link, and where its contact was erased."""
        token = request.path_params["token"]
        found = self._hall.passes.read(Purpose.UNSUBSCRIBING, token, self._hall.clock.now())
        if found is None:
            raise NotFoundError("this is no link that was given out")
        contact, identifier = UUID(bytes=found.content[:16]), UUID(bytes=found.content[16:])
        return address_of(await self._hall.people.contact(contact), str(identifier))


def _left() -> ConsentDraft:
    return ConsentDraft(
        event=ConsentEvent.WITHDRAWN, source=ConsentSource.MAIL_BUTTON, author=PERSON, why=AddressWhy.ONE_CLICK
    )
