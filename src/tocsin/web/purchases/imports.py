"""Imports: a network's report of purchases, each row by itself."""

from functools import partial
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from tocsin.core import link
from tocsin.pipeline.people.zone import zone_of
from tocsin.pipeline.purchases.amount import DECIMALS
from tocsin.pipeline.purchases.column import Column
from tocsin.pipeline.purchases.importing import Ask, Importing
from tocsin.pipeline.purchases.networks.network import Network
from tocsin.pipeline.purchases.networks.networks import NETWORKS
from tocsin.pipeline.purchases.report import MOST_BYTES
from tocsin.web.answer import json_answer
from tocsin.web.forms.form import CSV, JSON, NDJSON, TEXT, answer, ref
from tocsin.web.people.desk import author_of
from tocsin.web.purchases.purchases import PATH
from tocsin.web.query import check_keys, flag_of, invalid
from tocsin.web.raw import RawRoute
from tocsin.web.scopes import needs
from tocsin.web.services import Services

_KEYS = {
    "network": f"Whose report it is: {', '.join(NETWORKS)}.",
    "map": "What a header means, `commission:Total Commission`; once for each.",
    "decimal": "The sign before the fraction of an amount, `.` or `,`; none: as the amounts themselves say.",
    "zone": "The time zone of its days and times; none: `zone` of the retailer in the configuration, else UTC.",
    "keep": "`all`: sales that no link of ours brought, too.",
    "dry_run": "Say what would be, and change nothing.",
}
_TAKES = answer(ref("PurchaseReport"), "What became of the rows.") | {
    "parameters": [
        {"name": name, "in": "query", "schema": TEXT, "description": about} for name, about in _KEYS.items()
    ],
    "requestBody": {"required": True, "content": {kind: {"schema": TEXT} for kind in (CSV, JSON, NDJSON)}},
}


class PurchaseImportDoors:
    def __init__(self, services: Services) -> None:
        active = services.active
        self._importing = Importing(
            services.ledger.purchases,
            partial(link.decode, secret=services.ledger.link_secret),
            lambda: active.rulebook.catalog,
            lambda: active.rulebook.crediting.credit,
            services.clock,
        )

    def open(self, app: FastAPI) -> None:
        app.router.routes.append(
            RawRoute(
                f"{PATH}/import",
                self.take,
                methods=["POST"],
                tags=["purchases"],
                openapi_extra=needs("ingest", max_body=MOST_BYTES) | _TAKES,
            )
        )

    async def take(self, request: Request) -> Response:
        """Take a network's report, 16 MiB and 50,000 rows at most. The same file again changes nothing.

        The rows that something is to be said of are named, 1,000 at most; the others are counted.
        """
        check_keys(request.query_params, _KEYS)
        report = await self._importing.take(await request.body(), _ask(request.query_params), author_of(request))
        return json_answer(report.as_json())


def _ask(told: QueryParams) -> Ask:
    """Raises InvalidRequestError."""
    decimal, keep = told.get("decimal") or None, told.get("keep", "")
    if decimal is not None and decimal not in DECIMALS:
        raise invalid("decimal", "is . or ,")
    if keep not in ("", "all"):
        raise invalid("keep", "is all, or left out")
    return Ask(
        network=_network(told.get("network", "")),
        mapped=dict(_mapped(one) for one in told.getlist("map") if one),
        decimal=decimal,
        zone=ZoneInfo(zone_of(told["zone"])) if told.get("zone") else None,
        keep_all=keep == "all",
        dry_run=flag_of(told, "dry_run"),
    )


def _network(name: str) -> Network:
    network = NETWORKS.get(name.lower())
    if network is None:
        raise invalid("network", f"is one of {', '.join(NETWORKS)}")
    return network


def _mapped(told: str) -> tuple[Column, str]:
    column, colon, header = told.partition(":")
    known = {each.value: each for each in Column}
    if not colon or not header.strip() or column not in known:
        raise invalid("map", f"is COLUMN:HEADER, with a column of {', '.join(known)}")
    return known[column], header
