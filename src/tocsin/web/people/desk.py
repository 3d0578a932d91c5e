"""What every door to people needs: the verbs, the rules of the moment, and on whose word something is asked."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from tocsin.core.clock import Clock
from tocsin.ledger.contract.people import AddressDraft, ContactRow, People
from tocsin.pipeline.active import Active
from tocsin.pipeline.people.subscribing import Subscribing
from tocsin.rules.people import PeoplePolicy
from tocsin.web.guard import grant_of
from tocsin.web.people.drafts import Reading
from tocsin.web.services import Services


class Desk:
    def __init__(self, services: Services) -> None:
        self.people: People = services.ledger.people
        self.clock: Clock = services.clock
        self.active: Active = services.active
        self.subscribing = Subscribing(services.active)

    @property
    def policy(self) -> PeoplePolicy:
        return self.active.rulebook.people

    def subscribed(self, request: Request, subscription: Mapping[str, Any]) -> AddressDraft:
        """What is to be kept of a browser. Raises InvalidRequestError."""
        return self.subscribing.draft(subscription, request.headers.get("user-agent", ""))

    def reading(self, request: Request) -> Reading:
        return Reading(self.policy.countries, author_of(request), self.clock.now())


def author_of(request: Request) -> str:
    return f"token:{grant_of(request).owner}"


def tagged(contact: ContactRow) -> dict[str, str]:
    """The header that names the version which was read."""
    return {"ETag": f'"{contact.version}"'}
