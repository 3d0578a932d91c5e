"""`/me/{token}`: a person's own settings. Who was passed the link may mute and leave; what cannot be taken back, or
shows what is masked, wants a fresh code.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.access.passes import Purpose
from tocsin.core.address import AddressKind, AddressState, AddressWhy
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import InvalidRequestError, NotFoundError
from tocsin.ledger.contract.people import AddressRow, ConsentDraft, ContactRow
from tocsin.pipeline.people.signing_up import PERSON
from tocsin.pipeline.people.zone import zone_of
from tocsin.rules.preferences import DIGESTS
from tocsin.web.guard import client_of
from tocsin.web.people.pages.choices import choices
from tocsin.web.people.pages.english import NOBODY, WORDS, say
from tocsin.web.people.pages.form import Fields, fields_of
from tocsin.web.people.pages.fresh_code import RENEW, WANTED_FOR, FreshCode, address_of
from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.sheet import elsewhere, moment
from tocsin.web.people.pages.wishes import digest, mute_key, mute_row, per_day, problems_of, wished

_PAUSES = (1, 7, 30)  # days

Act = Callable[[Request, ContactRow, Fields], Awaitable[str]]


class MePage:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._fresh_code = FreshCode(hall)
        self._acts: Mapping[str, Act] = {
            "save": self._save,
            "unmute": self._unmute,
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
            "stop_all": self._stop_all,
            "device": self._device,
        }

    def open(self, app: FastAPI) -> None:
        self._hall.open(app, "/me/{token}", self.show, "GET")
        self._hall.open(app, "/me/{token}", self.act, "POST")

    async def show(self, request: Request) -> Response:
        contact, expired = await self._contact(request)
        told = request.query_params
        if told.get("what") in WANTED_FOR and (not expired or told["what"] == RENEW):
            return self._fresh_code.ask(request, contact, told["what"], told)
        if expired:
            return self._fresh_code.ask(request, contact, RENEW, {}, problem=say("me_expired"))
        return await self._settings(request, contact, told.get("done", ""))

    async def act(self, request: Request) -> Response:
        """What was done is shown by the page that is asked for next: loading it again does nothing twice."""
        contact, expired = await self._contact(request)
        fields = await fields_of(request)
        do = fields.one("do")
        if expired and do != RENEW:
            return self._fresh_code.ask(request, contact, RENEW, {}, problem=say("me_expired"), status=403)
        if do in WANTED_FOR:
            return await self._fresh_code.act(request, contact, do, fields)
        if do not in self._acts:
            raise InvalidRequestError("there is no such button")
        try:
            done = await self._acts[do](request, contact, fields)
        except InvalidRequestError as problem:
            return await self._settings(request, contact, status=422, problems=problems_of(problem))
        return elsewhere(f"{request.path_params['token']}?{urlencode({'done': done})}")

    async def _save(self, _: Request, contact: ContactRow, fields: Fields) -> str:
        wishes = wished(contact.preferences, fields, self._hall.catalog)
        zone = zone_of(fields.one("zone")) if fields.one("zone") else None
        if zone != contact.zone:
            await self._hall.people.change(contact.id, {"zone": zone})
        await self._hall.people.prefer(contact.id, wishes)
        return "saved"

    async def _unmute(self, _: Request, contact: ContactRow, fields: Fields) -> str:
        kept = dict(contact.preferences)
        kept["mute"] = [mute for mute in kept.get("mute", ()) if mute_key(mute) != fields.one("mute")]
        await self._hall.people.prefer(contact.id, kept)
        return "unmuted"

    async def _pause(self, _: Request, contact: ContactRow, fields: Fields) -> str:
        days = next((each for each in _PAUSES if str(each) == fields.one("days")), None)
        if days is None:
            raise InvalidRequestError("there is no such break")
        await self._hall.people.change(contact.id, {"paused_until": self._hall.clock.now() + timedelta(days=days)})
        return "paused"

    async def _resume(self, _: Request, contact: ContactRow, _fields: Fields) -> str:
        await self._hall.people.change(contact.id, {"paused_until": None})
        return "resumed"

    async def _stop(self, request: Request, contact: ContactRow, fields: Fields) -> str:
        address = address_of(contact, fields.one("address"))
        await self._hall.people.enter(contact.id, address.id, _left(request), self._hall.policy.standing_after)
        return "stopped"

    async def _stop_all(self, request: Request, contact: ContactRow, _: Fields) -> str:
        await self._hall.people.enter_all(contact.id, _left(request), self._hall.policy.standing_after)
        return "left"

    async def _device(self, request: Request, contact: ContactRow, fields: Fields) -> str:
        draft = await self._hall.subscribed(request, fields)
        rule = self._hall.policy.standing_after
        await self._hall.people.add(contact.id, draft, PERSON, rule, by_person=True)
        return "device"

    async def _settings(
        self,
        request: Request,
        contact: ContactRow,
        done: str = "",
        *,
        status: int = 200,
        problems: Mapping[str, str] | None = None,
    ) -> Response:
        kept = contact.preferences
        paused = (
            contact.paused_until if contact.paused_until and contact.paused_until > self._hall.clock.now() else None
        )
        return self._hall.draw(
            request,
            "me.html",
            status=status,
            title=say("me_hello", name=contact.name) if contact.name else say("me_title"),
            about=say("me_about", name=self._hall.name or NOBODY),
            done=WORDS.get(f"done_{done}", ""),
            problems=problems or {},
            paused=paused and say("me_paused", until=moment(paused)),
            silent=not any(one.state is AddressState.ACTIVE for one in contact.addresses),
            addresses=[self._row(one) for one in contact.addresses],
            joinable=self._hall.policy.signing_up.open,
            choices=choices(self._hall.catalog, kept.get("match", {})),
            quiet=kept.get("quiet") or {},
            zone=contact.zone or "",
            texts=any(one.kind is AddressKind.PHONE for one in contact.addresses),
            per_day=per_day(kept),
            mails=any(one.kind is AddressKind.MAILBOX for one in contact.addresses),
            digest=digest(kept),
            digests=("", *DIGESTS),
            questions=kept.get("questions", True),
            mutes=[mute_row(mute) for mute in kept.get("mute", ())],
            pauses=_PAUSES,
            browser_key=await self._hall.browser_key(),
        )

    def _row(self, one: AddressRow) -> dict[str, Any]:
        reached = one.kind is AddressKind.PHONE and self._hall.signing_up.reaches(one.kind)
        return {
            "id": str(one.id),
            "shown": one.shown,
            "state": say(f"address_{one.state.value}"),
            "stop": one.state in (AddressState.ACTIVE, AddressState.UNVERIFIED),
            "again": one.state is AddressState.SUPPRESSED and reached,
        }

    async def _contact(self, request: Request) -> tuple[ContactRow, bool]:
        """Whose link it is, and whether it is too old. Raises NotFoundError."""
        token = request.path_params["token"]
        found = self._hall.passes.read(Purpose.PREFERENCES, token, self._hall.clock.now())
        if found is None:
            raise NotFoundError("this is no link that was given out")
        return await self._hall.people.contact(UUID(bytes=found.content)), found.expired


def _left(request: Request) -> ConsentDraft:
    return ConsentDraft(
        event=ConsentEvent.WITHDRAWN,
        source=ConsentSource.PREFERENCE_PAGE,
        author=PERSON,
        why=AddressWhy.PAGE,
        ip=client_of(request) or None,
    )
