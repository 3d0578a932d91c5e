"""What others must know of webhooks to other programs."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tocsin.channels import written
from tocsin.channels.contract import Channel
from tocsin.channels.spec import Finding, Place, ProviderLimits, Spec, Surroundings
from tocsin.channels.webhook import settings as blocks
from tocsin.channels.webhook.channel import Webhooks
from tocsin.channels.webhook.endpoint import Endpoint
from tocsin.channels.webhook.judgement import endpoint_problems
from tocsin.core.networks import networks
from tocsin.core.secret import Secret

# Nobody documents what a receiver can bear: `rate_limit` says it, or its 429. Sixteen at once bring a hundred alerts
# within a second to one that needs 100 ms for each.
LIMITS = ProviderLimits(in_flight=16)


def problems(block: Mapping[str, Any]) -> Iterator[Finding]:
    for path, value in written.places(block, "endpoints"):
        written_out = isinstance(value, dict)
        for key, problem in endpoint_problems(value if written_out else {"url": value}):
            yield (*path, key) if written_out else path, problem


def cautions(settings: blocks.Webhooks) -> Iterator[Finding]:
    if settings.api_base:
        yield ("api_base",), "every endpoint has an address of its own: not used"


def places(settings: blocks.Webhooks) -> Iterator[Place]:
    """Each endpoint has a lane of its own: what its receiver can bear is its own matter."""
    for name, endpoint in settings.endpoints.items():
        yield Place(name=name, limits=replace(LIMITS, bundle=endpoint.bundle))


def make(settings: blocks.Webhooks, around: Surroundings) -> Channel:
    endpoints = {
        name: _endpoint(endpoint, endpoint.url)
        for name, endpoint in settings.endpoints.items()
        if endpoint.url is not None
    }
    return Webhooks(endpoints, around.transport, around.clock, around.link)


def _endpoint(endpoint: blocks.Endpoint, url: Secret) -> Endpoint:
    return Endpoint(
        url=url,
        form=endpoint.form,
        secrets=endpoint.secret,
        vouched=networks(endpoint.allow_networks),
        bundle=endpoint.bundle,
    )


WEBHOOK = Spec(
    name="webhook",
    title="Webhook",
    meaning="Signed webhooks to other programs.",
    settings=blocks.Webhooks,
    named_in=("endpoints",),
    limits=LIMITS,
    problems=problems,
    cautions=cautions,
    places=places,
    make=make,
)
