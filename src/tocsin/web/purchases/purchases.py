"""Purchases: told one by one, and listed as they stand."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Query
from pydantic import BeforeValidator, Field, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core import link
from tocsin.core.attribution import Span
from tocsin.core.errors import Detail, InvalidRequestError, UnknownClickError, UnknownCurrencyError
from tocsin.core.money import CURRENCIES
from tocsin.core.purchase import OF_PERSONS, PurchaseState
from tocsin.ledger.contract.purchases import EntryResult, Keys, PurchaseDraft, PurchaseQuery, PurchaseRow
from tocsin.pipeline.intake.fields import read_price
from tocsin.pipeline.intake.validation import MendError
from tocsin.rules.filters import from_the_future
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, either, page_of, ref
from tocsin.web.people.desk import author_of
from tocsin.web.people.words import Asked, Label, Line, Moment
from tocsin.web.query import check_keys
from tocsin.web.scopes import needs
from tocsin.web.services import Services

PATH = "/api/v1/purchases"
_KEYS = ("since", "until", "state", "source", "channel", "retailer", "sku", "alert_id", "credited", "limit", "page")
_NEW = (EntryResult.CREATED, EntryResult.UNATTRIBUTED)
_MICRO = Decimal("0.000001")


def _sum(value: Any) -> Decimal:
    """Raises ValueError."""
    try:
        told = read_price(value)
    except MendError as problem:
        negative = isinstance(value, int | float) and value < 0
        raise ValueError("is taken back by the state `reversed`, not below 0" if negative else str(problem)) from None
    return told if isinstance(told, Decimal) else Decimal(repr(told)).quantize(_MICRO)


Sum = Annotated[Decimal, BeforeValidator(_sum), WithJsonSchema({"type": ["string", "number"], "minimum": 0})]


class AskedPurchase(Asked):
    """What is not said of a purchase that is known stays. `click` is the code of a short link, `contact` an id or your
    own id of the person, `sku` written `retailer:sku` or alone.
    """

    external_id: Label
    source: Label
    click: Line | None = None
    alert_id: UUID | None = None
    contact: Line | None = None
    sku: Line | None = None
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    amount: Sum | None = None
    commission: Sum | None = None
    currency: Line | None = None
    state: PurchaseState | None = None
    at: Moment | None = None


class PurchaseDoors:
    def __init__(self, services: Services) -> None:
        self._purchases = services.ledger.purchases
        self._secret = services.ledger.link_secret
        self._active = services.active
        self._clock = services.clock

    def open(self, app: FastAPI) -> None:
        told = either(
            answer(ref("EnteredPurchase"), "It was known, as `result` says.", status=200),
            answer(ref("EnteredPurchase"), "It is new.", status=201),
        )
        listed = answer(page_of("purchases", ref("Purchase")), "One page of them.")
        for handler, method, extra in (
            (self.enter, "POST", needs("ingest") | told),
            (self.listed, "GET", needs("read") | listed),
        ):
            app.add_api_route(PATH, handler, methods=[method], tags=["purchases"], openapi_extra=extra)

    async def enter(self, request: Request, asked: AskedPurchase) -> Response:
        """Tell of a purchase, which `source` and `external_id` name, once or again. The same again changes nothing;
        another state or sum is a revision of its own.
        """
        draft = self._draft(asked)
        credit = self._active.rulebook.crediting.credit
        (entered,) = await self._purchases.enter([draft], credit, author_of(request))
        if entered.purchase is None or entered.result is None:
            return json_answer({"error": entered.error}, 422)
        told = entered.purchase.as_json() | {"result": entered.result.value}
        return json_answer(told, 201 if entered.result in _NEW else 200)

    async def listed(
        self,
        request: Request,
        *,
        since: Annotated[Moment | None, Query(description="When it was bought.")] = None,
        until: Annotated[Moment | None, Query()] = None,
        state: PurchaseState | None = None,
        source: Annotated[str | None, Query(max_length=200)] = None,
        channel: Annotated[str | None, Query(max_length=256, description="It, or a target of it: `sms:vip`.")] = None,
        retailer: Annotated[str | None, Query(max_length=200)] = None,
        sku: Annotated[str | None, Query(max_length=200)] = None,
        alert_id: UUID | None = None,
        credited: Annotated[bool | None, Query(description="Whether it is credited to anybody.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        page: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """Purchases as they stand, those told of last first, each with what was known of it before."""
        check_keys(request.query_params, _KEYS)
        catalog = self._active.rulebook.catalog
        query = PurchaseQuery(
            since=since,
            until=until,
            state=state,
            source=source,
            channel=channel,
            retailer=retailer and catalog.canonical(retailer),
            sku=sku,
            alert=alert_id,
            credited=credited,
            limit=limit,
            page=page,
        )
        found = await self._purchases.purchases(query)
        return json_answer({"purchases": list(map(PurchaseRow.as_json, found.items)), "next": found.next})

    def _draft(self, asked: AskedPurchase) -> PurchaseDraft:
        retailer, sku = self._product(asked.sku)
        at = self._moment(asked.at)
        return PurchaseDraft(
            source=_source(asked.source),
            external_id=asked.external_id,
            bought=Span(at, at),
            state=asked.state,
            quantity=asked.quantity,
            amount=asked.amount,
            commission=asked.commission,
            currency=_currency(asked),
            sku=sku,
            retailer=retailer,
            keys=Keys(click=self._click(asked.click), alert=asked.alert_id, contact=_contact(asked.contact)),
        )

    def _click(self, code: str | None) -> int | None:
        if not code:
            return None
        key = link.decode(code, self._secret)
        if key is None:
            told = "this is the code of no link that was given out here; leave it out where nothing is known"
            raise UnknownClickError.at(Detail("click", told))
        return key

    def _product(self, written: str | None) -> tuple[str | None, str | None]:
        """As alerts carry it."""
        retailer, colon, sku = (written or "").partition(":")
        if not colon:
            return None, written or None
        return self._active.rulebook.catalog.canonical(retailer), sku.strip()

    def _moment(self, at: datetime | None) -> datetime:
        now = self._clock.now()
        if at is not None and from_the_future(at, now):
            raise InvalidRequestError.at(Detail("at", "lies in the future"))
        return now if at is None else at


def _source(said: str) -> str:
    """Nobody else speaks for the people who were told."""
    if said == OF_PERSONS:
        raise InvalidRequestError.at(Detail("source", f"{OF_PERSONS!r} is what people tell of themselves: take a name"))
    return said


def _currency(asked: AskedPurchase) -> str | None:
    if not asked.currency:
        if asked.amount is None and asked.commission is None:
            return None
        raise InvalidRequestError.at(Detail("currency", "is needed with a sum"))
    code = asked.currency.strip().upper()
    if code not in CURRENCIES:
        told = f"{code[:10]!r} is no currency of ISO 4217: write USD, EUR, …"
        raise UnknownCurrencyError.at(Detail("currency", told))
    return code


def _contact(written: str | None) -> UUID | str | None:
    """An id of ours, else the caller's own."""
    try:
        return UUID(written) if written else None
    except ValueError:
        return written
