"""Contacts: made, found, changed, given out to whom they are, and erased."""

import re
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import FastAPI, Header, Path, Query
from pydantic import AfterValidator
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.errors import ChangedMeanwhileError, InvalidRequestError, NotFoundError
from tocsin.core.record import rfc3339
from tocsin.ledger.contract.people import ContactChange, ContactQuery
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import ANYTHING, answer, either, page_of, ref
from tocsin.web.people.desk import Desk, author_of, tagged
from tocsin.web.people.drafts import AskedContact, Described, locale_of, wrong
from tocsin.web.people.words import ONE, PREFIX, Moment, one_line
from tocsin.web.query import check_keys
from tocsin.web.scopes import needs
from tocsin.web.segment import Segment
from tocsin.web.services import Services

_KEYS = ("tag", "state", "kind", "q", "limit", "page")
_ETAG = re.compile(r'(?:W/)?"?([0-9]{1,18})"?')
_BY = PREFIX + "/by/{external_id}"

External = Annotated[Segment, AfterValidator(one_line), Path(min_length=1, max_length=200)]
State = Literal["active", "paused", "unverified", "suppressed", "dead"]
IfMatch = Annotated[str | None, Header(max_length=200, description="The ETag that was read; none: whatever it is now.")]


class Change(Described):
    """What is not there stays; null takes away. `paused_until`: nothing is told before then."""

    paused_until: Moment | None = None


class ContactDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        made = answer(ref("Contact"), "As it is kept.", status=201)
        one = answer(ref("Contact"), "As it is kept.")
        listed = answer(page_of("contacts", ref("Contact")), "One page of them.")
        exported = answer(ANYTHING, "The contact with its values, its consents, wordings and lists.")
        for path, handler, method, status, extra in (
            (PREFIX, self.create, "POST", 201, made),
            (PREFIX, self.listed, "GET", 200, listed),
            (_BY, self.put, "PUT", 200, either(one, made)),
            (_BY, self.named, "GET", 200, one),
            (ONE, self.one, "GET", 200, one),
            (ONE, self.change, "PATCH", 200, one),
            (ONE, self.erase, "DELETE", 200, answer(ref("Erased"), "What is kept of it.")),
            (ONE + "/export", self.export, "GET", 200, exported),
        ):
            app.add_api_route(
                path,
                handler,
                methods=[method],
                status_code=status,
                tags=["contacts"],
                openapi_extra=needs("contacts") | extra,
            )

    async def create(self, request: Request, asked: AskedContact) -> Response:
        """Make a contact. An address that belongs to another is refused, and one whose owner has stopped."""
        reading = self._desk.reading(request)
        draft = reading.contact(asked)
        reading.done()
        contact = await self._desk.people.create(draft, author_of(request), self._desk.policy.standing_after)
        return json_answer(contact.as_json(), 201, tagged(contact))

    async def put(self, request: Request, external_id: External, asked: AskedContact) -> Response:
        """Make the contact that your own system knows by this id, or replace what is known of it.

        Where phones or mailboxes are given, both are replaced; devices, browsers, preferences and consents stay.
        """
        if asked.external_id not in (None, external_id):
            raise wrong("external_id", "is another one than in the address of the call")
        reading = self._desk.reading(request)
        draft = reading.contact(asked)
        reading.done()
        rule = self._desk.policy.standing_after
        contact, created = await self._desk.people.put(external_id, draft, author_of(request), rule)
        return json_answer(contact.as_json(), 201 if created else 200, tagged(contact))

    async def named(self, external_id: External) -> Response:
        """The contact that your own system knows by this id."""
        contact = await self._desk.people.by_external_id(external_id)
        if contact is None:
            raise NotFoundError(f"there is no contact with the external_id {external_id!r}")
        return json_answer(contact.as_json(), headers=tagged(contact))

    async def listed(
        self,
        request: Request,
        *,
        tag: Annotated[str | None, Query(max_length=80)] = None,
        state: State | None = None,
        kind: AddressKind | None = None,
        q: Annotated[str, Query(max_length=200, description="Words of the name, or a whole number or mailbox.")] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        page: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """Newest first. `state` is the contact's (active, paused) or one of its addresses'."""
        check_keys(request.query_params, _KEYS)
        value = _value(q, self._desk.policy.countries)
        query = ContactQuery(text=q, value=value, tag=tag, state=state, kind=kind, limit=limit, page=page)
        found = await self._desk.people.contacts(query)
        return json_answer({"contacts": [contact.as_json() for contact in found.items], "next": found.next})

    async def one(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """The contact with its addresses, masked."""
        contact = await self._desk.people.contact(id)
        return json_answer(contact.as_json(), headers=tagged(contact))

    async def change(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - the name in the address
        asked: Change,
        if_match: IfMatch = None,
    ) -> Response:
        """Change what is said, and nothing else; only where it still is as it was read, if `If-Match` says so."""
        reading = self._desk.reading(request)
        whole: dict[str, Any] = {
            **dict(asked),
            "zone": reading.zone(asked.zone),
            "locale": locale_of(asked.locale),
            "tags": frozenset(asked.tags),
        }
        reading.done()
        told = cast("ContactChange", {key: whole[key] for key in asked.model_fields_set})
        contact = await self._desk.people.change(id, told, version=_version(if_match))
        return json_answer(contact.as_json(), headers=tagged(contact))

    async def erase(self, request: Request, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """Forget the person: names, addresses, devices. The keyed hashes of those who have to be left alone stay."""
        erased = await self._desk.people.erase(id, author_of(request), self._desk.policy.standing_after)
        return json_answer({"erased_at": rfc3339(erased.at), "kept": list(erased.kept)})

    async def export(self, id: UUID) -> Response:  # noqa: A002 - the name in the address
        """Everything that is held of the person, values in the clear: for the person."""
        return json_answer(await self._desk.people.export(id))


def _version(if_match: str | None) -> int | None:
    """Raises ChangedMeanwhileError for what no version is called."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise ChangedMeanwhileError("If-Match names no version of it: send the ETag that was read")
    return int(tag[1])


def _value(text: str, countries: tuple[str, ...]) -> AddressValue | None:
    """The address that this reads as; None where it is none."""
    try:
        return mailbox_of(text) if "@" in text else phone_of(text, countries)
    except InvalidRequestError:
        return None
