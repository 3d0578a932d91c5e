"""`/a/{link}`: an alert as a page. It counts nothing: the way to the shop does, as everywhere (`/r/{code}`)."""

from decimal import Decimal

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from tocsin.core import link
from tocsin.core.alert import Alert
from tocsin.core.errors import NotFoundError
from tocsin.core.money import rounded
from tocsin.pipeline.intake.fields import is_web_url
from tocsin.web.people.pages.hall import Hall
from tocsin.web.people.pages.sheet import moment
from tocsin.web.services import Services


class AlertPage:
    def __init__(self, hall: Hall, services: Services) -> None:
        self._hall = hall
        self._history = services.ledger.history
        self._secret = services.ledger.link_secret

    def open(self, app: FastAPI) -> None:
        self._hall.open(app, "/a/{link}", self.show, "GET")

    async def show(self, request: Request) -> Response:
        code = request.path_params["link"]
        key = link.decode(code, self._secret)
        found = None if key is None else await self._history.by_link(key)
        if found is None:
            raise NotFoundError("this link leads nowhere")
        record, alert = found.record, found.record.alert
        saved = alert.previous_price is not None and alert.price is not None and alert.previous_price > alert.price
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
            link=f"../r/{code}" if alert.url is not None and is_web_url(alert.url) else None,
            test=record.is_test,
            at=moment(alert.timestamp),
            over=record.closed_at and moment(record.closed_at),
        )


def _picture(alert: Alert) -> str | None:
    """Fetched by the reader's browser, which says nothing of where it is shown."""
    address = alert.metadata.get("image_url")
    return address if isinstance(address, str) and is_web_url(address) and address.startswith("https:") else None


def _money(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return ""
    written = f"{rounded(amount, currency):,f}"
    return f"${written}" if currency == "USD" else f"{currency}\N{NO-BREAK SPACE}{written}"
