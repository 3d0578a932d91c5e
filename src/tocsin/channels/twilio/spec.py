"""What others must know of Twilio's two channels."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tocsin.channels.contract import Channel
from tocsin.channels.lists import EVERYONE, given_list, lists_of, people_route
from tocsin.channels.spec import Finding, Place, ProviderLimits, Spec, Surroundings
from tocsin.channels.twilio.channel import NAME, TwilioChannel
from tocsin.channels.twilio.gsm7 import is_gsm7
from tocsin.channels.twilio.settings import Sms, Twilio, Voice
from tocsin.channels.twilio.setup import ApiKey, Replies, TwilioSettings, is_sid
from tocsin.core.address import AddressKind
from tocsin.core.signal import Cost
from tocsin.rules.routing import Route
from tocsin.rules.spending import SpendPolicy
from tocsin.rules.window import Rate

PHONES = frozenset({AddressKind.PHONE})
SEGMENT = Cost(Decimal("0.0083"), "USD")  # to a phone of the US, without what its carrier adds (Twilio, "SMS pricing")
_SECOND = timedelta(seconds=1)
_TOLL_FREE = tuple(f"+1{prefix}" for prefix in (800, 833, 844, 855, 866, 877, 888))


def problems(block: Mapping[str, Any]) -> Iterator[Finding]:
    if block.get("twilio_sid") is None:
        yield ("twilio_sid",), "this key is needed while the channel is enabled"
    if block.get("twilio_auth") is None and block.get("api_key") is None:
        yield ("twilio_auth",), "this key, or `api_key`, is needed while the channel is enabled"
    if block.get("from_number") is None and block.get("messaging_service_sid") is None:
        yield ("from_number",), "this key, or `messaging_service_sid`, is needed while the channel is enabled"


def cautions(settings: Sms) -> Iterator[Finding]:
    yield from _misspelled(settings)
    for kind, template in settings.texts.items():
        if template.segments > 1:
            yield ("texts", kind.value), f"{template.cost}, and each segment is paid for"
    if settings.first_text and not is_gsm7(settings.first_text):
        yield ("first_text",), "not all of it is GSM-7: such a text takes more segments, and each is paid for"
    if settings.first_text and "STOP" not in settings.first_text.upper():
        yield ("first_text",), "it is to say how to stop: by the word STOP"
    if settings.twilio_auth is None:
        yield ("twilio_auth",), "callbacks are signed with the auth token: with an API key alone all are refused"
    if settings.verify_service is None:
        yield ("verify_service",), "without one no phone can be verified by a code"
    if settings.messaging_service_sid and not settings.from_number and settings.rate_limit is None:
        yield ("rate_limit",), "how fast a messaging service sends depends on its senders: say so here"


def limits(settings: Twilio) -> ProviderLimits:
    """Segments, not requests (Twilio, "Messaging rate limits"): 1 a second from a number of the US or Canada, 3 from a
    toll-free one, 10 from one elsewhere. Nobody says it of a messaging service, whose senders Twilio chooses.
    """
    number = settings.from_number
    if number is None:
        return ProviderLimits()
    if number.startswith(_TOLL_FREE):
        return ProviderLimits((Rate(3, _SECOND),))
    return ProviderLimits((Rate(1 if number.startswith("+1") else 10, _SECOND),))


def places(settings: Sms) -> Iterator[Place]:
    for place in lists_of(PHONES, settings.lists, settings.max_recipients):
        yield replace(place, limits=limits(settings))


def list_by_call(settings: Sms) -> Place:
    return replace(given_list(PHONES, settings.max_recipients), limits=limits(settings))


def default_routes(_: Sms) -> Iterator[Route]:
    """People are told by their preferences where the file has no routes."""
    yield people_route(NAME)


def spending(settings: Twilio) -> SpendPolicy | None:
    """Counted in segments."""
    cap = settings.spend_cap
    if cap is None:
        return None
    return SpendPolicy(
        per_day=Decimal(str(cap.per_day)), per_contact=cap.per_contact, currency=cap.currency, unit=SEGMENT
    )


def make(settings: Sms, around: Surroundings) -> Channel:
    return TwilioChannel(made_of(settings, around), around.transport, around.clock, around.link, around.codes)


def made_of(settings: Sms, around: Surroundings) -> TwilioSettings:
    key = settings.api_key
    return TwilioSettings(
        account_sid=settings.twilio_sid.reveal() if settings.twilio_sid else "",
        auth_token=settings.twilio_auth,
        api_key=ApiKey(sid=key.sid, secret=key.secret) if key else None,
        from_number=settings.from_number,
        messaging_service=settings.messaging_service_sid,
        verify_service=settings.verify_service,
        tells_consent=settings.tell_twilio_of_consent,
        public_url=around.public_url,
        api_base=settings.api_base,
        templates=settings.texts,
        shops=around.shops,
        first_text=settings.first_text,
        never_arrived_after=settings.never_arrived_after,
        clock_slack=settings.clock_slack,
        code_life=settings.code_life,
        connection=settings.connection,
        replies=Replies(on_stop=settings.on_stop, on_help=settings.on_help),
    )


def _misspelled(settings: Sms) -> Iterator[Finding]:
    """Twilio knows what it has given out; these were never of it."""
    account, key = settings.twilio_sid, settings.api_key
    for path, written, prefix, what in (
        (("twilio_sid",), account.reveal() if account else None, "AC", "an account"),
        (("api_key", "sid"), key.sid if key else None, "SK", "an API key"),
        (("messaging_service_sid",), settings.messaging_service_sid, "MG", "a messaging service"),
        (("verify_service",), settings.verify_service, "VA", "a verify service"),
    ):
        if written and not is_sid(written, prefix):
            yield path, f"{what} is {prefix} and 32 hexadecimal digits"


SMS = Spec(
    name=NAME,
    title="SMS",
    meaning="Text messages by Twilio.",
    settings=Sms,
    named_in=("lists",),
    problems=problems,
    cautions=cautions,
    places=places,
    given=(EVERYONE,),
    list_by_call=list_by_call,
    default_routes=default_routes,
    spending=spending,
    make=make,
)
VOICE = Spec(
    name="voice",
    title="Voice",
    meaning="Calls by Twilio.",
    settings=Voice,
    named_in=("lists",),
    problems=problems,
)
