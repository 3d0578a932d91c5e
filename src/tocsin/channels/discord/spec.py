"""What others must know of Discord."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tocsin.channels import written
from tocsin.channels.contract import Channel
from tocsin.channels.discord import settings as blocks
from tocsin.channels.discord.address import is_webhook_url, webhook_identity
from tocsin.channels.discord.search import discord_for
from tocsin.channels.discord.setup import DiscordSettings, Face, Webhook
from tocsin.channels.discord.template import Template
from tocsin.channels.discord.templates import compiled
from tocsin.channels.spec import Finding, Place, ProviderLimits, Spec, Surroundings
from tocsin.core.alert import FLOOR, AlertType, Band
from tocsin.core.delivery import Target
from tocsin.core.secret import Secret
from tocsin.rules.match import EVERYTHING, Match
from tocsin.rules.mentions import MentionRule
from tocsin.rules.routing import Route
from tocsin.rules.window import Rate

NAME = "discord"

# Discord documentation, Rate Limits: 5 requests in 2 s for a webhook, as its headers say, and 30 messages a minute for
# all webhooks of one Discord channel. All that an address asks: 50 in a second, of which 20 are left to looks and to
# neighbours. Webhook Resource: up to 10 embeds in a message.
LIMITS = ProviderLimits(
    (Rate(5, timedelta(seconds=2)),),
    shared=(Rate(30, timedelta(minutes=1)),),
    whole=(Rate(30, timedelta(seconds=1)),),
    bundle=10,
)

HIGH_PRIORITY = "high_priority"
GENERAL = "general"

# Where the file says nothing of mentions: everyone hears of what is in stock and important, now and then.
HIGH_PRIORITY_MENTIONS = (
    MentionRule(
        match=Match(types=frozenset({AlertType.IN_STOCK}), min_priority=9),
        everyone=True,
        budget=Rate(1, timedelta(minutes=10)),
    ),
)


def problems(block: Mapping[str, Any]) -> Iterator[Finding]:
    api_base = block.get("api_base")
    for path, url in written.urls(block, "webhooks"):
        if not isinstance(url, str):
            yield path, "this webhook needs its URL"
        elif not is_webhook_url(url, api_base if isinstance(api_base, str) else None):
            yield path, "a webhook's URL looks like https://discord.com/api/webhooks/ID/TOKEN"


def cautions(settings: blocks.Discord) -> Iterator[Finding]:
    for place in places(settings):
        if place.lane != place.name:
            message = f"the same webhook as {place.lane}: who reads it gets an alert for both names twice"
            yield ("webhooks", place.name), message


def places(settings: blocks.Discord) -> Iterator[Place]:
    """Names of one and the same webhook share its lane: the limit is Discord's, not the name's."""
    first: dict[str, str] = {}
    for name, webhook in settings.webhooks.items():
        yield Place(
            name=name,
            lane=first.setdefault(webhook_identity(webhook.url.reveal()), name) if webhook.url else name,
            mentions=_mentions(name, webhook),
            quiet=webhook.quiet,
            join=webhook.join,
        )


def default_routes(settings: blocks.Discord) -> Iterator[Route]:
    """The high band goes to `high_priority`, the rest to `general`; where one of them is missing, all to the other,
    and to a webhook that stands alone whatever its name.
    """
    names = settings.webhooks.keys()
    known = names & {HIGH_PRIORITY, GENERAL} or (names if len(names) == 1 else frozenset())
    if len(known) == 1:
        yield Route(name="everything", match=EVERYTHING, to=tuple(Target(NAME, name) for name in known))
    elif known:
        high = Match(min_priority=FLOOR[Band.HIGH])
        yield Route(name="high band", match=high, to=(Target(NAME, HIGH_PRIORITY),))
        yield Route(name="the rest", match=Match(unrouted=True), to=(Target(NAME, GENERAL),))


def make(settings: blocks.Discord, around: Surroundings) -> Channel:
    templates = compiled(settings)
    made = DiscordSettings(
        webhooks={
            name: _webhook(hook, hook.url, templates)
            for name, hook in settings.webhooks.items()
            if hook.url is not None
        },
        api_base=settings.api_base,
        bot_token=settings.bot_token,
        faces={key: Face(retailer.title, retailer.icon) for key, retailer in around.retailers.items()},
        public_url=around.public_url,
        templates=_by_type(settings.templates, templates),
    )
    return discord_for(made, around.transport, around.clock, around.link)


def _mentions(name: str, webhook: blocks.Webhook) -> tuple[MentionRule, ...]:
    if webhook.mentions is None:
        return HIGH_PRIORITY_MENTIONS if name == HIGH_PRIORITY else ()
    return tuple(
        MentionRule(match=mention.match, everyone=mention.everyone, roles=mention.roles, budget=mention.budget)
        for mention in webhook.mentions
    )


def _webhook(webhook: blocks.Webhook, url: Secret, templates: Mapping[Path, Template]) -> Webhook:
    """Its single `template` stands for every type that `templates` does not name."""
    every = dict.fromkeys(AlertType, webhook.template) if webhook.template else {}
    return Webhook(
        url=url,
        thread_id=webhook.thread_id,
        thread_name=webhook.thread_name,
        templates=_by_type({**every, **webhook.templates}, templates),
    )


def _by_type(files: Mapping[AlertType, Path], templates: Mapping[Path, Template]) -> Mapping[AlertType, Template]:
    return {kind: templates[file] for kind, file in files.items()}


DISCORD = Spec(
    name=NAME,
    title="Discord",
    meaning="Discord webhooks.",
    settings=blocks.Discord,
    named_in=("webhooks",),
    limits=LIMITS,
    uses=frozenset({"join", "templates"}),
    problems=problems,
    cautions=cautions,
    places=places,
    default_routes=default_routes,
    make=make,
)
