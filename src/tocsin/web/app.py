"""The application: every noun's doors, one guard before them, one form of error behind."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.routing import BaseRoute

from tocsin.web.alerts import Alerts
from tocsin.web.analytics import AnalyticsDoors
from tocsin.web.asgi import Receive, Scope, Send
from tocsin.web.channels import Channels
from tocsin.web.conditions import ConditionDoors
from tocsin.web.configuration import ConfigurationDoors
from tocsin.web.deliveries import Deliveries
from tocsin.web.description import described
from tocsin.web.errors import speak_one_form
from tocsin.web.first_steps import FirstSteps
from tocsin.web.guard import Guard
from tocsin.web.hooks import Hooks
from tocsin.web.json_route import JsonRoute
from tocsin.web.links import Links
from tocsin.web.mirrors import MirrorDoors
from tocsin.web.monitors import MonitorDoors
from tocsin.web.nodes import NodeDoors
from tocsin.web.ops import Ops
from tocsin.web.page import Page
from tocsin.web.people.addresses import AddressDoors
from tocsin.web.people.consents import ConsentDoors
from tocsin.web.people.contacts import ContactDoors
from tocsin.web.people.imports import ImportDoors
from tocsin.web.people.lists import ListDoors
from tocsin.web.people.me import Me
from tocsin.web.people.pages.pages import PeoplePages
from tocsin.web.people.preferences import PreferenceDoors
from tocsin.web.people.suppressions import SuppressionDoors
from tocsin.web.people.tags import TagDoors
from tocsin.web.people.trials import TrialDoors
from tocsin.web.people.verifications import VerificationDoors
from tocsin.web.purchases.imports import PurchaseImportDoors
from tocsin.web.purchases.purchases import PurchaseDoors
from tocsin.web.reference import Reference
from tocsin.web.rehearsal import Rehearsal
from tocsin.web.scopes import Scopes
from tocsin.web.services import Services
from tocsin.web.stock import Stock
from tocsin.web.stream import Streams
from tocsin.web.tokens import TokenDoors
from tocsin.web.watch import WatchDoors


class Web:
    """The ASGI application. `routes` are all doors there are."""

    def __init__(self, app: FastAPI, guard: Guard, streams: Streams) -> None:
        self._guard = guard
        self._streams = streams
        self.routes: Sequence[BaseRoute] = app.router.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._guard(scope, receive, send)

    @property
    def closed(self) -> bool:
        return self._guard.closed

    def close(self) -> None:
        """The service stops: what is known can still be read, but nothing is taken, and live streams end."""
        self._guard.close()
        self._streams.close()


def build_app(services: Services) -> Web:
    app = FastAPI(
        title="Tocsin",
        version=services.settings.version,
        openapi_url=None,  # served by `reference`, with the rest of the documents
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = JsonRoute
    streams = Streams(services)
    nouns = (
        streams,  # before `alerts`: /alerts/stream is not an id
        Alerts(services),
        Stock(services),
        Deliveries(services),
        Channels(services),
        AnalyticsDoors(services),
        Rehearsal(services),
        MonitorDoors(services),
        WatchDoors(services),
        ConditionDoors(services),
        MirrorDoors(services),
        NodeDoors(services),
        TokenDoors(services),
        ContactDoors(services),
        AddressDoors(services),
        VerificationDoors(services),
        TrialDoors(services),
        ConsentDoors(services),
        PreferenceDoors(services),
        ImportDoors(services),
        ListDoors(services),
        TagDoors(services),
        SuppressionDoors(services),
        Me(services),
        FirstSteps(services),
        Links(services),
        PurchaseDoors(services),
        PurchaseImportDoors(services),
        PeoplePages(services),
        Hooks(services),
        Ops(services),
        ConfigurationDoors(services),
        Reference(lambda: described(app)),
        Page(),
    )
    for noun in nouns:
        noun.open(app)
    speak_one_form(app)
    scopes = Scopes(app.router.routes)
    guard = Guard(
        app, scopes, services.tokens, entrance=services.entrance, settings=services.settings, emit=services.emit
    )
    return Web(app, guard, streams)
