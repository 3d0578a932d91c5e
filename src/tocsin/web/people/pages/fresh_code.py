"""A fresh code shows who holds a link to somebody's settings: it may have been passed on."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tocsin.access.allowance import Allowance
from tocsin.access.passes import Purpose
from tocsin.access.throttle import household
from tocsin.core.address import AddressKind, AddressState
from tocsin.core.consent import ConsentSource
from tocsin.core.errors import NotFoundError, TocsinError
from tocsin.ledger.contract.people import AddressRow, ContactRow
from tocsin.pipeline.people.signing_up import PERSON, consent_of
from tocsin.web.errors import status_of
from tocsin.web.guard import client_of
from tocsin.web.people.pages.english import WORDS, say, wording
from tocsin.web.people.pages.form import Fields
from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.join import TRIES
from tocsin.web.people.pages.sheet import HEADERS, elsewhere

RENEW = "renew"  # of a link that is too old
WANTED_FOR = ("export", "erase", "remove", "again", RENEW)
_ABOUT_ONE = ("remove", "again")  # of these, what is about one address

_SHOWN_ONCE = (AddressState.ACTIVE, AddressState.SUPPRESSED)


class FreshCode:
    """`told` is what a form or an address of ours says: `to`, where the code goes, and `address`, what it is about."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._tries = Allowance(hall.clock, TRIES, timedelta(hours=1))

    async def act(self, request: Request, contact: ContactRow, do: str, fields: Fields) -> Response:
        """Without an address yet, ask where the code shall go; without a code, send it; with it, do what it is for."""
        told = {"to": fields.one("to"), "address": fields.one("address")}
        if not told["to"]:
            return elsewhere(_asking(request, do, told))
        to = next((one for one in self._ways(contact, do, told) if str(one.id) == told["to"]), None)
        if to is None:
            raise NotFoundError("no code goes there")
        problem = ""
        if not fields.one("coded"):
            return await self._send(request, contact, to, do, told)
        if not fields.code:
            problem = "no_code"
        elif not self._tries.take(household(client_of(request))):
            problem = "error_rate_limited"
        if problem:
            return self.ask(request, contact, do, told, problem=say(problem), status=422)
        try:
            await self._hall.signing_up.check_code(to, fields.code)
        except TocsinError as refused:
            return self._refused(request, contact, do, told, refused)
        return await self._done(request, contact, do, told)

    def ask(
        self,
        request: Request,
        contact: ContactRow,
        what: str,
        told: Mapping[str, str],
        *,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        """The page that asks where the code shall go, and the one that takes it."""
        ways = self._ways(contact, what, told)
        about = address_of(contact, told.get("address", "")) if what in _ABOUT_ONE else None
        to = next((one for one in ways if str(one.id) == told.get("to")), None)
        policy = self._hall.policy.signing_up
        return self._hall.draw(
            request,
            "code.html",
            status=status,
            title=say("code_title"),
            text=say(f"what_{what}", shown=about.shown if about else "", wording=wording(policy).text),
            what=what,
            about=str(about.id) if about else "",
            ways=[{"id": str(one.id), "shown": one.shown} for one in ways],
            to={"id": str(to.id), "shown": to.shown} if to else None,
            button=say(f"do_{what}"),
            token=request.path_params["token"],
            problems={"code" if to else "to": problem} if problem else {},
        )

    async def _send(
        self, request: Request, contact: ContactRow, to: AddressRow, do: str, told: Mapping[str, str]
    ) -> Response:
        try:
            await self._hall.signing_up.send_code(to, "sms", await self._consent(request) if do == "again" else None)
        except TocsinError as refused:
            return self._refused(request, contact, do, {**told, "to": ""}, refused)
        return elsewhere(_asking(request, do, told))

    async def _consent(self, request: Request) -> dict[str, Any]:
        asked = wording(self._hall.policy.signing_up)
        await self._hall.people.keep_wording(asked.version, asked.text)
        return consent_of(ConsentSource.PREFERENCE_PAGE, asked, client_of(request))

    async def _done(self, request: Request, contact: ContactRow, do: str, told: Mapping[str, str]) -> Response:
        people = self._hall.people
        match do:
            case "export":
                return _copy(await people.export(contact.id))
            case "erase":
                rule = self._hall.policy.standing_after
                await people.erase(contact.id, PERSON, rule, source=ConsentSource.PREFERENCE_PAGE)
                return self._hall.note(request, "erased")
            case "remove":
                await people.remove(contact.id, address_of(contact, told["address"]).id)
                return elsewhere(f"{request.path_params['token']}?done=removed")
            case "again":
                return elsewhere(f"{request.path_params['token']}?done=again")
            case _:
                fresh = self._hall.passes.make(Purpose.PREFERENCES, contact.id.bytes, self._hall.clock.now())
                return elsewhere(f"{fresh}?done=renewed")

    def _refused(
        self, request: Request, contact: ContactRow, do: str, told: Mapping[str, str], refused: TocsinError
    ) -> Response:
        text = WORDS.get(f"error_{refused.code}", WORDS["error_unknown"])
        return self.ask(request, contact, do, told, problem=text, status=status_of(refused))

    def _ways(self, contact: ContactRow, what: str, told: Mapping[str, str]) -> list[AddressRow]:
        """Codes go to phones whose owner was shown once. Who wants to be told there again, shows that it is theirs."""
        ways = [
            one
            for one in contact.addresses
            if one.kind is AddressKind.PHONE and one.state in _SHOWN_ONCE and self._hall.signing_up.reaches(one.kind)
        ]
        return [one for one in ways if str(one.id) == told.get("address")] if what == "again" else ways


def address_of(contact: ContactRow, identifier: str) -> AddressRow:
    """Raises NotFoundError."""
    found = next((one for one in contact.addresses if str(one.id) == identifier), None)
    if found is None:
        raise NotFoundError("this address is not kept any more")
    return found


def _copy(held: Mapping[str, object]) -> Response:
    named = {"Content-Disposition": 'attachment; filename="what-is-kept-of-you.json"'}
    text = json.dumps(held, indent=2, ensure_ascii=False)
    return Response(text, headers={**HEADERS, **named}, media_type="application/json")


def _asking(request: Request, what: str, told: Mapping[str, str]) -> str:
    query = {"what": what, **{key: value for key, value in told.items() if value}}
    return f"{request.path_params['token']}?{urlencode(query)}"
