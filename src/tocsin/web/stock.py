"""Ends the episode of a product that is sold out, by SKU and retailer."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, WithJsonSchema
from starlette.responses import Response

from tocsin.ledger.contract import Closed
from tocsin.pipeline.intake.field import FIELDS
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import answer, optional, ref
from tocsin.web.scopes import needs
from tocsin.web.services import Services


class SoldOut(BaseModel):
    """A product where it is sold out, spelled as alerts may spell it: intake reads the names."""

    model_config = ConfigDict(extra="forbid")

    sku: Annotated[Any, WithJsonSchema(dict(FIELDS["sku"].form))]
    retailer: Annotated[Any, WithJsonSchema(dict(FIELDS["retailer"].form))]
    in_stock: Literal[False] = False
    variant: Annotated[Any, WithJsonSchema(dict(optional(FIELDS["variant"].form)))] = None
    seller: Annotated[Any, WithJsonSchema(dict(optional(FIELDS["seller"].form)))] = None


class Stock:
    def __init__(self, services: Services) -> None:
        self._intake = services.pipeline.intake

    def open(self, app: FastAPI) -> None:
        app.add_api_route(
            "/api/v1/stock",
            self.sold_out,
            methods=["POST"],
            tags=["alerts"],
            openapi_extra=needs("ingest") | answer(ref("Closed"), "What it has ended."),
        )

    async def sold_out(self, product: SoldOut) -> Response:
        """The product is sold out there; that it is in stock is told by an alert. Nothing open is no error."""
        closed = await self._intake.close(
            sku=product.sku, retailer=product.retailer, variant=product.variant, seller=product.seller
        )
        return json_answer(closed_as_json(closed))


def closed_as_json(closed: Closed) -> dict[str, Any]:
    """`closed` are the alerts that were open; `cancelled` counts deliveries that were still waiting."""
    return {"closed": [str(event.record.alert.id) for event in closed.events], "cancelled": len(closed.cancelled)}
