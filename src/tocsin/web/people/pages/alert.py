"""`/a/{link}`: an alert as a page, where people say what they make of it: bought, useful, too late, not for me."""

from decimal import Decimal

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core import link
from tocsin.core.alert import Alert
from tocsin.core.answer import Answer
from tocsin.core.delivery import Delivery
from tocsin.core.errors import InvalidRequestError, NotFoundError
from tocsin.core.money import rounded
from tocsin.ledger.contract import LinkRow
from tocsin.ledger.contract.purchases import AnswerDraft
from tocsin.pipeline.intake.fields import is_web_url
from tocsin.pipeline.intake.parsing import parse
from tocsin.rules.answers import MUTING, mute_after, mutes_after, product_match, same_product
from tocsin.rules.attribution import by_answer
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import JSON
from tocsin.web.people.pages.english import say
from tocsin.web.people.pages.form import fields_of
from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.sheet import elsewhere, moment
from tocsin.web.services import Services


class AlertPage:
    def __init__(self, hall: Hall, services: Services) -> None:
        self._hall = hall
        self._history = services.ledger.history
        self._purchases = services.ledger.purchases
        self._moves = services.pipeline.sending.moves
        self._secret = services.ledger.link_secret

    def open(self, app: FastAPI) -> None:
        self._hall.open(app, "/a/{link}", self.show, "GET")
        self._hall.open(app, "/a/{link}", self.answer, "POST")

    async def show(self, request: Request) -> Response:
        """It counts nothing: the way to the shop does."""
        found = await self._found(request)
        record, alert = found.record, found.record.alert
        saved = alert.previous_price is not None and alert.price is not None and alert.previous_price > alert.price
        said = await self._purchases.said(found.delivery.key)
        return self._hall.draw(
            request,
            "alert.html",
            title=alert.title,
            kind=alert.type.value,
            price=_money(alert.shown_price, alert.currency),
            was=_money(alert.previous_price, alert.currency) if saved else "",
            shop=self._hall.catalog.retailer(alert.retailer).title,
            variant=" · ".join(filter(None, (alert.variant, alert.seller))),
            picture=_picture(alert),
            link=f"../r/{self._code(request)}" if alert.url is not None and is_web_url(alert.url) else None,
            test=record.is_test,
            at=moment(alert.timestamp),
            over=record.closed_at and moment(record.closed_at),
            answers=() if record.is_test else tuple(answer.value for answer in Answer),
            said=said and said.value,
            told=said and self._told(said, found.delivery),
        )

    async def answer(self, request: Request) -> Response:
        """By a button of the page, or by a program as JSON: `{"answer": "bought"}`."""
        found = await self._found(request)
        is_json = request.headers.get("content-type", "").lower().startswith(JSON)
        answer = _answer_of(await _json_of(request) if is_json else (await fields_of(request)).one("answer"))
        if found.record.is_test:
            raise InvalidRequestError("this is a test: nothing is for sale")
        draft = self._draft(found, answer)
        self._moves.follow(await self._purchases.answer(draft, by_answer))
        return json_answer({"answer": answer.value}) if is_json else elsewhere(self._code(request))

    def _draft(self, found: LinkRow, answer: Answer) -> AnswerDraft:
        alert, catalog = found.record.alert, self._hall.catalog
        match = product_match(alert, catalog)
        muted = mute_after(answer, alert, catalog, self._hall.crediting, self._hall.clock.now())
        same = same_product(alert, catalog)
        return AnswerDraft(
            delivery=found.delivery.key,
            answer=answer,
            mutes=lambda before: mutes_after(before, match, muted),
            is_same=lambda other: same.admits(other, catalog),
        )

    def _told(self, said: Answer, delivery: Delivery) -> str:
        """Where many were told by the same message, nobody's own alerts change."""
        of_nobody = "_by_all" if said in MUTING and delivery.slot is None else ""
        return say(f"said_{said.value}{of_nobody}", days=self._hall.crediting.bought_mute.days)

    async def _found(self, request: Request) -> LinkRow:
        """Raises NotFoundError."""
        key = link.decode(self._code(request), self._secret)
        found = None if key is None else await self._history.by_link(key)
        if found is None:
            raise NotFoundError("this link leads nowhere")
        return found

    @staticmethod
    def _code(request: Request) -> str:
        return str(request.path_params["link"])


async def _json_of(request: Request) -> str:
    told = parse(await request.body())
    return str(told.get("answer", "")) if isinstance(told, dict) else ""


def _answer_of(word: str) -> Answer:
    """Raises InvalidRequestError."""
    try:
        return Answer(word)
    except ValueError:
        raise InvalidRequestError("there is no such answer") from None


def _picture(alert: Alert) -> str | None:
    """Fetched by the reader's browser, which says nothing of where it is shown."""
    address = alert.metadata.get("image_url")
    return address if isinstance(address, str) and is_web_url(address) and address.startswith("https:") else None


def _money(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return ""
    written = f"{rounded(amount, currency):,f}"
    return f"${written}" if currency == "USD" else f"{currency}\N{NO-BREAK SPACE}{written}"
