"""Addresses of a contact: phones, mailboxes, devices and browsers, added and taken away."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI, Path
from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core.address import AddressKind
from tocsin.core.errors import NotFoundError
from tocsin.ledger.contract.people import AddressDraft, AddressRow
from tocsin.pipeline.people.device import device_of
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import FLAG, TEXT, answer, either, record, ref
from tocsin.web.people.desk import Desk, author_of
from tocsin.web.people.drafts import AskedMailbox, AskedPhone
from tocsin.web.people.words import ONE, Asked, Label, one_line
from tocsin.web.scopes import needs
from tocsin.web.segment import Segment
from tocsin.web.services import Services

KEPT = either(answer(ref("Address"), "It was there."), answer(ref("Address"), "It was added.", status=201))
REMOVED = answer(record({"id": TEXT, "removed": FLAG}), "It is gone.")

DeviceName = Annotated[Segment, AfterValidator(one_line), Path(min_length=1, max_length=200)]


class Subscription(Asked):
    """A PushSubscription, as `toJSON()` of the Push API gives it."""

    endpoint: Annotated[str, Field(max_length=2048)]
    keys: Annotated[dict[str, str], Field(max_length=8)]
    expirationTime: float | None = None  # noqa: N815 - the name of the Push API

    @property
    def subscription(self) -> Mapping[str, Any]:
        return {"endpoint": self.endpoint, "keys": self.keys}


class Device(Asked):
    """`kind`: an installation id (`fid`) or a registration `token` of Firebase. `sounds`: those that the app has."""

    kind: Literal["fid", "token"]
    value: Annotated[str, Field(max_length=4096)]
    platform: Annotated[str, Field(max_length=60)] | None = None
    app_version: Annotated[str, Field(max_length=60)] | None = None
    sounds: Annotated[tuple[Label, ...], Field(max_length=50)] = ()


class AddressDoors:
    def __init__(self, services: Services) -> None:
        self._desk = Desk(services)

    def open(self, app: FastAPI) -> None:
        doors: tuple[tuple[str, Any, str, dict[str, Any]], ...] = (
            ("/phones", self.add_phone, "POST", KEPT),
            ("/phones/{address}", self.remove_phone, "DELETE", REMOVED),
            ("/mailboxes", self.add_mailbox, "POST", KEPT),
            ("/mailboxes/{address}", self.remove_mailbox, "DELETE", REMOVED),
            ("/browsers", self.add_browser, "POST", KEPT),
            ("/browsers/{address}", self.remove_browser, "DELETE", REMOVED),
            ("/devices/{device}", self.put_device, "PUT", KEPT),
            ("/devices/{device}", self.remove_device, "DELETE", REMOVED),
        )
        for path, handler, method, extra in doors:
            app.add_api_route(
                ONE + path, handler, methods=[method], tags=["contacts"], openapi_extra=needs("contacts") | extra
            )

    async def add_phone(self, request: Request, id: UUID, asked: AskedPhone) -> Response:  # noqa: A002 - as in the path
        """Add a phone. It is told nothing before a code came back, or its owner's consent is proven by an import."""
        reading = self._desk.reading(request)
        draft = reading.phone(asked)
        reading.done()
        return await self._add(request, id, draft)

    async def add_mailbox(self, request: Request, id: UUID, asked: AskedMailbox) -> Response:  # noqa: A002 - as above
        """Add a mailbox. It is told nothing before its owner has confirmed it by a link."""
        reading = self._desk.reading(request)
        draft = reading.mailbox(asked)
        reading.done()
        return await self._add(request, id, draft)

    async def add_browser(self, request: Request, id: UUID, asked: Subscription) -> Response:  # noqa: A002 - as above
        """Add a browser that its owner has allowed to be told: that is the consent. It moves here from elsewhere."""
        return await self._add(request, id, self._desk.subscribed(request, asked.subscription))

    async def put_device(
        self,
        request: Request,
        id: UUID,  # noqa: A002 - as above
        device: DeviceName,
        asked: Device,
    ) -> Response:
        """Register an app, or replace its value under the id that the app has for itself.

        The same value at another device or contact moves here. Who has stopped stays so, however often the app starts.
        """
        draft = AddressDraft(
            value=device_of(asked.kind, asked.value, asked.platform, asked.app_version),
            device=device,
            platform=asked.platform,
            app_version=asked.app_version,
            sounds=asked.sounds,
        )
        rule = self._desk.policy.standing_after
        row, new = await self._desk.people.put_device(id, draft, author_of(request), rule)
        return json_answer(row.as_json(), 201 if new else 200)

    async def remove_phone(self, id: UUID, address: UUID) -> Response:  # noqa: A002 - as above
        """Take the phone away. Whoever has stopped stays suppressed, should it come back."""
        return await self._remove(id, address, AddressKind.PHONE)

    async def remove_mailbox(self, id: UUID, address: UUID) -> Response:  # noqa: A002 - as above
        """Take the mailbox away. Whoever has stopped stays suppressed, should it come back."""
        return await self._remove(id, address, AddressKind.MAILBOX)

    async def remove_browser(self, id: UUID, address: UUID) -> Response:  # noqa: A002 - as above
        """Take the browser away."""
        return await self._remove(id, address, AddressKind.BROWSER)

    async def remove_device(self, id: UUID, device: DeviceName) -> Response:  # noqa: A002 - as above
        """Take the device away, by the id that the app has for itself."""
        held = (await self._desk.people.contact(id)).addresses
        row = next((one for one in held if one.kind is AddressKind.DEVICE and one.device == device), None)
        return await self._removed(id, row)

    async def _add(self, request: Request, contact: UUID, draft: AddressDraft | None) -> Response:
        assert draft is not None, "what is wrong was told"
        rule = self._desk.policy.standing_after
        row, added = await self._desk.people.add(contact, draft, author_of(request), rule)
        return json_answer(row.as_json(), 201 if added else 200)

    async def _remove(self, contact: UUID, address: UUID, kind: AddressKind) -> Response:
        held = (await self._desk.people.contact(contact)).addresses
        return await self._removed(contact, next((one for one in held if (one.id, one.kind) == (address, kind)), None))

    async def _removed(self, contact: UUID, row: AddressRow | None) -> Response:
        if row is None:
            raise NotFoundError("this contact has no such address")
        await self._desk.people.remove(contact, row.id)
        return json_answer({"id": str(row.id), "removed": True})
