"""`/join`: anybody signs up, and is given the same answer whether the address is known, new or suppressed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fastapi import FastAPI
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from tocsin.access.allowance import Allowance
from tocsin.access.passes import Purpose
from tocsin.access.throttle import household
from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.consent import ConsentEvent, ConsentSource
from tocsin.core.errors import (
    CodeExpiredError,
    CountryNotAllowedError,
    InvalidMailboxError,
    InvalidPhoneError,
    NotFoundError,
    TocsinError,
)
from tocsin.core.verification import By
from tocsin.core.wording import Wording
from tocsin.ledger.contract.people import AddressRow, ConsentDraft
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of
from tocsin.pipeline.people.signing_up import PERSON, SignUp
from tocsin.web.errors import status_of
from tocsin.web.guard import client_of
from tocsin.web.people.pages.choices import choices, chosen
from tocsin.web.people.pages.english import NOBODY, WORDS, say, wording
from tocsin.web.people.pages.form import Fields, fields_of
from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.sheet import elsewhere

_KINDS = (AddressKind.PHONE, AddressKind.MAILBOX)
_HOUR = timedelta(hours=1)
FROM_ONE_PLACE = 10  # sign-ups an hour
FROM_EVERYWHERE = 200  # an hour: each costs money
TRIES = 30  # codes that are tried an hour, from one place

_LONGEST_AGENT = 300  # characters


@dataclass(slots=True)
class _Asked:
    """A form as it was filled in. `problems` are by the field that has one."""

    values: list[AddressValue] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


class JoinPages:
    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._starts = Allowance(hall.clock, FROM_ONE_PLACE, _HOUR)
        self._all_starts = Allowance(hall.clock, FROM_EVERYWHERE, _HOUR)
        self._tries = Allowance(hall.clock, TRIES, _HOUR)

    def open(self, app: FastAPI) -> None:
        self._hall.open(app, "/join", self.show, "GET")
        self._hall.open(app, "/join", self.ask, "POST")
        self._hall.open(app, "/join/{token}", self.wait, "GET")
        self._hall.open(app, "/join/{token}", self.finish, "POST")

    async def show(self, request: Request) -> Response:
        return await self._form(request, Fields([]), {})

    async def ask(self, request: Request) -> Response:
        """The answer leaves before anybody is looked up: its time tells nothing either."""
        if not self._hall.policy.signing_up.open:
            return self._closed(request)
        fields = await fields_of(request)
        if fields.one("do") == "device":
            return await self._device(request, fields)
        asked = self._read(fields)
        if asked.problems:
            return await self._form(request, fields, asked.problems)
        written = {
            "to": {value.kind.value: value.secret.reveal() for value in asked.values},
            "match": chosen(self._hall.catalog, fields.all("product")),
        }
        token = self._hall.passes.make(Purpose.SIGN_UP, json.dumps(written).encode(), self._hall.clock.now())
        answer = elsewhere(f"join/{token}")
        answer.background = BackgroundTask(self._begin, request, written, None)
        return answer

    async def wait(self, request: Request) -> Response:
        """Where the code is entered, or the button of a mailbox is. Programs that follow links come here too: nothing
        changes.
        """
        if (written := self._written(request)) is not None:
            return self._sent(request, written, {})
        if self._is_mailbox(request):
            return self._confirmation(request)
        return self._over(request)

    async def finish(self, request: Request) -> Response:
        written = self._written(request)
        if written is None:
            return await self._confirm(request)
        fields = await fields_of(request)
        by = fields.one("do")
        if by in ("sms", "call"):
            answer = elsewhere(request.path_params["token"])
            answer.background = BackgroundTask(self._begin, request, written, "call" if by == "call" else "sms")
            return answer
        phone = next((one for one in self._sign_ups(request, written) if one.address.kind is AddressKind.PHONE), None)
        if phone is None or not fields.code:
            return self._sent(request, written, {"code": say("no_code")}, 422)
        if not self._tries.take(household(client_of(request))):
            return self._sent(request, written, {"code": say("error_rate_limited")}, 429)
        try:
            address = await self._hall.signing_up.finish(phone, fields.code)
        except TocsinError as problem:
            key = f"error_{problem.code}"
            return self._sent(request, written, {"code": WORDS.get(key, WORDS["error_unknown"])}, _status(problem))
        return self._welcome(address)

    async def _confirm(self, request: Request) -> Response:
        try:
            return self._welcome(await self._hall.signing_up.follow(request.path_params["token"]))
        except CodeExpiredError:
            return self._over(request)

    def _welcome(self, address: AddressRow, up: str = "../") -> Response:
        me = self._hall.passes.make(Purpose.PREFERENCES, address.contact.bytes, self._hall.clock.now())
        return elsewhere(f"{up}me/{me}?done=joined")

    async def _begin(self, request: Request, written: Mapping[str, Any], by: By | None) -> None:
        """Within what is allowed; nobody is told where it is not."""
        for sign_up in self._sign_ups(request, written):
            if by is not None and sign_up.address.kind is not AddressKind.PHONE:
                continue
            if self._starts.take(household(client_of(request))) and self._all_starts.take(""):
                await self._hall.signing_up.begin(sign_up, by or "sms")

    def _sign_ups(self, request: Request, written: Mapping[str, Any]) -> list[SignUp]:
        """What the pass says was written down: it was judged when it was made."""
        to = written["to"]
        values = [phone_of(to["phone"])] if "phone" in to else []
        values += [mailbox_of(to["mailbox"])] if "mailbox" in to else []
        return [
            SignUp(
                address=value,
                wording=self._wording,
                chosen=written["match"],
                ip=client_of(request),
                user_agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT],
            )
            for value in values
        ]

    def _written(self, request: Request) -> Mapping[str, Any] | None:
        """None for what is no pass for this, or is too old."""
        found = self._hall.passes.read(Purpose.SIGN_UP, request.path_params["token"], self._hall.clock.now())
        if found is None or found.expired:
            return None
        told: Mapping[str, Any] = json.loads(found.content)
        return told

    def _is_mailbox(self, request: Request) -> bool:
        found = self._hall.passes.read(Purpose.CONFIRMATION, request.path_params["token"], self._hall.clock.now())
        return found is not None and not found.expired

    def _read(self, fields: Fields) -> _Asked:
        asked = _Asked()
        kinds = self._kinds
        written = {kind: fields.one(kind.value) for kind in kinds}
        for kind in kinds:
            if written[kind]:
                self._judge(asked, kind, written[kind])
        if kinds and not any(written.values()):
            only = f"no_{kinds[0].value}" if len(kinds) == 1 else "no_address"
            asked.problems[kinds[0].value] = say(only)
        if not fields.one("agree"):
            asked.problems["agree"] = say("not_agreed")
        elif fields.one("agree") != self._wording.sha256:
            asked.problems["agree"] = say("wording_changed")
        return asked

    async def _device(self, request: Request, fields: Fields) -> Response:
        """A browser shows by its subscription that it is there, and its owner has allowed it: nothing is to be waited
        for.
        """
        draft = await self._hall.subscribed(request, fields)
        if not (self._starts.take(household(client_of(request))) and self._all_starts.take("")):
            return await self._form(request, fields, {"device": say("error_rate_limited")})
        consent = ConsentDraft(
            event=ConsentEvent.CONFIRMED,
            source=ConsentSource.SIGN_UP_PAGE,
            author=PERSON,
            ip=client_of(request) or None,
            user_agent=request.headers.get("user-agent", "")[:_LONGEST_AGENT] or None,
        )
        match = chosen(self._hall.catalog, fields.all("product"))
        return self._welcome(await self._hall.signing_up.take_browser(replace(draft, consent=consent), match), up="")

    def _judge(self, asked: _Asked, kind: AddressKind, text: str) -> None:
        try:
            phone = kind is AddressKind.PHONE
            asked.values.append(phone_of(text, self._hall.policy.countries) if phone else mailbox_of(text))
        except CountryNotAllowedError:
            asked.problems[kind.value] = say("bad_country")
        except (InvalidPhoneError, InvalidMailboxError):
            asked.problems[kind.value] = say(f"bad_{kind.value}")

    async def _form(self, request: Request, fields: Fields, problems: Mapping[str, str]) -> Response:
        if not self._hall.policy.signing_up.open:
            return self._closed(request)
        kinds = [kind.value for kind in self._kinds]
        key = await self._hall.browser_key()
        ticked = chosen(self._hall.catalog, fields.all("product"))
        return self._hall.draw(
            request,
            "join.html",
            status=(422 if problems else 200) if kinds or key else 503,
            title=say("join_title"),
            kinds=kinds,
            home=len(self._hall.policy.countries) > 0 and set(self._hall.policy.countries) <= _NORTH_AMERICA,
            phone=fields.one("phone"),
            mailbox=fields.one("mailbox"),
            choices=choices(self._hall.catalog, ticked),
            wording=self._wording,
            problems=problems,
            browser_key=key,
        )

    def _sent(
        self, request: Request, written: Mapping[str, Any], problems: Mapping[str, str], status: int = 200
    ) -> Response:
        shown = {one.address.kind: one.address.shown for one in self._sign_ups(request, written)}
        where = "both" if len(shown) > 1 else next(iter(shown)).value
        return self._hall.draw(
            request,
            "sent.html",
            status=status,
            title=say("sent_title", where=say(f"where_{where}")),
            phone=shown.get(AddressKind.PHONE),
            mailbox=shown.get(AddressKind.MAILBOX),
            problems=problems,
        )

    def _confirmation(self, request: Request) -> Response:
        return self._hall.draw(
            request,
            "confirm.html",
            title=say("confirm_title"),
            text=say("confirm_lead", name=self._hall.name or NOBODY),
            field=("do", "confirm"),
            button=say("confirm_button"),
            hint=say("confirm_not"),
        )

    def _over(self, request: Request) -> Response:
        """Nobody is told whether there ever was such a link."""
        again = self._hall.policy.signing_up.open
        return self._hall.draw(request, "note.html", status=410, title=say("over_title"), text=say("over"), again=again)

    def _closed(self, request: Request) -> Response:
        return self._hall.draw(
            request,
            "note.html",
            status=404,
            title=say("closed_title"),
            text=say("closed", name=self._hall.name or NOBODY.capitalize()),
        )

    @property
    def _kinds(self) -> list[AddressKind]:
        """The ways by which somebody can show that an address is theirs."""
        return [kind for kind in _KINDS if self._hall.signing_up.reaches(kind)]

    @property
    def _wording(self) -> Wording:
        return wording(self._hall.policy.signing_up)


_NORTH_AMERICA = {"US", "CA"}  # whose people write their numbers without the country code


def _status(problem: TocsinError) -> int:
    """An unknown address is answered as a wrong code is."""
    return 422 if isinstance(problem, NotFoundError | CodeExpiredError) else status_of(problem)
