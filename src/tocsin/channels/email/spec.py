"""What others must know of e-mail, whoever carries it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin.channels.contract import Channel
from tocsin.channels.email.carrier import Carrier
from tocsin.channels.email.settings import Digest, Email
from tocsin.channels.lists import EVERYONE, given_list, lists_of, people_route
from tocsin.channels.spec import Finding, Place, ProviderLimits, Spec, Surroundings
from tocsin.core.address import AddressKind
from tocsin.core.alert import Band
from tocsin.rules.digest import DigestRule
from tocsin.rules.routing import Route

NAME = "email"
MAILBOXES = frozenset({AddressKind.MAILBOX})


def e_mail(*carriers: Carrier) -> Spec[Email]:
    """E-mail by these carriers: the settings say by which of them."""
    post = _Post(carriers)
    return Spec(
        name=NAME,
        title="E-mail",
        meaning="E-mail by SendGrid or a mail server.",
        settings=Email,
        named_in=("lists",),
        uses=frozenset({"templates"}),
        problems=post.problems,
        cautions=post.cautions,
        places=post.places,
        given=(EVERYONE,),
        list_by_call=post.list_by_call,
        default_routes=_default_routes,
        make=post.make if carriers else None,
    )


@dataclass(frozen=True, slots=True)
class _Post:
    carriers: Sequence[Carrier]

    def problems(self, block: Mapping[str, Any]) -> Iterator[Finding]:
        keys = [carrier.key for carrier in self.carriers]
        named = [key for key in keys if block.get(key) is not None]
        if keys and not named:
            others = "".join(f", or `{key}`," for key in keys[1:])
            yield (keys[0],), f"this key{others} is needed while the channel is enabled"
        for key in named[1:]:
            yield (key,), f"one way out is enough: this, or `{named[0]}`"

    def cautions(self, settings: Email) -> Iterator[Finding]:
        if carrier := self._carrier(settings):
            yield from carrier.cautions(settings)
        if settings.postal_address is None:
            yield ("postal_address",), "many countries want the sender's address at the foot of each mail"

    def places(self, settings: Email) -> Iterator[Place]:
        for place in lists_of(MAILBOXES, settings.lists):
            listed = settings.lists.get(place.name)
            yield self._gathering(place, settings, None if listed is None else listed.digest)

    def list_by_call(self, settings: Email) -> Place:
        return self._gathering(given_list(MAILBOXES), settings)

    def _gathering(self, place: Place, settings: Email, digest: Digest | None = None) -> Place:
        """The list with what of it is gathered: all that may wait, where it says so, else what is of the low band."""
        people = place.people
        assert people is not None, "mail is for people"
        low = Band.MEDIUM if settings.low_band == "digest" else Band.LOW
        rule = DigestRule(below=low) if digest is None else DigestRule(at=digest.at, zone=digest.tz, below=Band.HIGH)
        return replace(place, limits=self._limits(settings), people=replace(people, digest=rule))

    def make(self, settings: Email, around: Surroundings) -> Channel:
        carrier = self._carrier(settings)
        assert carrier is not None, "problems are found before"
        return carrier.make(settings, around)

    def _limits(self, settings: Email) -> ProviderLimits | None:
        carrier = self._carrier(settings)
        return None if carrier is None else carrier.limits

    def _carrier(self, settings: Email) -> Carrier | None:
        return next((one for one in self.carriers if getattr(settings, one.key) is not None), None)


def _default_routes(_: Email) -> Iterator[Route]:
    """People are told by their preferences where the file has no routes."""
    yield people_route(NAME)
