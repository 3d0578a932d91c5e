"""What rules follow from settings, above all where the file says nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.config.scenes import WEBHOOK

from tocsin.access.passes import Passes
from tocsin.catalogue import CATALOGUE
from tocsin.channels.abilities import NotifiesOperators
from tocsin.channels.transport import Transport
from tocsin.config.policy import rulebook
from tocsin.config.report import check
from tocsin.core.alert import AlertType
from tocsin.core.clock import SystemClock
from tocsin.core.delivery import Target
from tocsin.core.link import Codes
from tocsin.rules.match import Match
from tocsin.rules.mentions import MentionRule
from tocsin.rules.objective import Objective
from tocsin.rules.window import Rate
from tocsin.wiring import channels

DOCUMENTED = (Rate(5, timedelta(seconds=2)), Rate(30, timedelta(minutes=1)))


def discord(webhooks: str, more: str = "") -> str:
    return f'{{"alerts": {{"channels": {{"discord": {{"webhooks": {{{webhooks}}}{more}}}}}}}}}'


def named(*names: str) -> str:
    return ", ".join(f'"{name}": "{WEBHOOK.format(number)}"' for number, name in enumerate(names))


def routes(config) -> list[tuple[Match, tuple[str, ...]]]:
    return [(route.match, tuple(map(str, route.to))) for route in rulebook(config).routing.routes]


def test_without_routes_the_high_band_goes_to_high_priority_and_the_rest_to_general(loaded):
    assert routes(loaded(discord(named("general", "high_priority", "staff")))) == [
        (Match(min_priority=8), ("discord:high_priority",)),
        (Match(unrouted=True), ("discord:general",)),
    ]


@pytest.mark.parametrize("names", [("general", "staff"), ("high_priority", "staff"), ("mine",)])
def test_without_routes_everything_goes_to_the_only_one_of_the_two_or_to_the_only_webhook(loaded, names):
    assert routes(loaded(discord(named(*names)))) == [(Match(), (f"discord:{names[0]}",))]


@pytest.mark.parametrize("text", ["{}", discord(named("a", "b")), discord(named("general"), ', "enabled": false')])
def test_without_routes_nothing_is_guessed_where_it_is_not_plain(loaded, text):
    assert routes(loaded(text)) == []


def test_an_empty_list_of_routes_is_taken_at_its_word(loaded):
    assert routes(loaded(discord(named("general"))[:-1] + ', "routes": []}')) == []


def test_everyone_hears_of_important_stock_where_the_file_says_nothing_of_mentions(loaded):
    targets = rulebook(loaded(discord(named("high_priority", "general")))).routing.targets
    assert targets[Target("discord", "high_priority")].mentions == (
        MentionRule(
            match=Match(types=frozenset({AlertType.IN_STOCK}), min_priority=9),
            everyone=True,
            budget=Rate(1, timedelta(minutes=10)),
        ),
    )
    assert targets[Target("discord", "general")].mentions == ()


def test_an_empty_list_of_mentions_mentions_nobody(loaded):
    text = discord(f'"high_priority": {{"url": "{WEBHOOK.format(1)}", "mentions": []}}')
    assert rulebook(loaded(text)).routing.targets[Target("discord", "high_priority")].mentions == ()


@pytest.mark.parametrize(
    ("more", "rates"),
    [
        ("", DOCUMENTED),
        (', "rate_limit": 10', (Rate(10, timedelta(minutes=1)), *DOCUMENTED)),
        (', "pacing": "none", "api_base": "http://127.0.0.1:9"', ()),
        (', "pacing": "none", "api_base": "http://[::1]:9", "rate_limit": "3/1s"', (Rate(3, timedelta(seconds=1)),)),
    ],
)
def test_a_gate_has_the_limit_of_the_file_and_the_documented_ones(loaded, more, rates):
    lanes = rulebook(loaded(discord(named("general"), more))).routing.lanes
    assert lanes["discord:general"].gate.rates == rates


def test_two_names_of_one_webhook_share_its_lane_and_are_pointed_out(loaded):
    url = WEBHOOK.format(1)
    config = loaded(discord(f'"a": "{url}", "b": "{url.replace("discord.com/api", "discordapp.com/api/v9")}"'))
    assert {policy.lane for policy in rulebook(config).routing.targets.values()} == {"discord:a"}
    assert any("the same webhook as a" in caution.message for caution in check(config).cautions)


@pytest.mark.parametrize(
    ("top", "channel", "shadow"),
    [("live", "live", False), ("shadow", "live", True), ("live", "shadow", True)],
)
def test_shadow_holds_for_all_or_for_one_channel(loaded, top, channel, shadow):
    text = discord(named("general"), f', "mode": "{channel}"')[:-1] + f', "mode": "{top}"}}'
    assert rulebook(loaded(text)).routing.targets[Target("discord", "general")].shadow is shadow


CAUTIONS = [
    (discord(named("a", "b")), "alerts.channels.discord", "no route or retailer leads there"),
    ('{"alerts": {"channels": {"slack": {"enabled": true}}}}', "alerts.channels.slack", "has no slack channel yet"),
    ('{"products": {"a": {"skus": ["1"]}}}', "products.a", "no route, mention or price limit speaks of it"),
    ('{"products": {"a": {"family": "f"}}, "routes": [{"match": {"families": ["f*"]}, "to": []}]}',
     "products.a", "no skus"),
    ('{"quiet_hours": {"n": {"from": "23:00", "to": "07:00", "tz": "UTC", "except": {"products": ["x*"]}}}}',
     "quiet_hours.n.except.products", 'products knows nothing of "x*"'),
    ('{"quiet_hours": {"n": {"from": "23:00", "to": "07:00", "tz": "UTC"}}}', "quiet_hours.n", "no target keeps"),
    ('{"cluster": {"url": "redis://x"}}', "cluster.url", "with PostgreSQL only"),
    ('{"tokens": {"a": {"secret": "16-letters-short", "scopes": ["read"]}}}', "tokens.a.secret", "can be guessed"),
    (discord(named("general"), ', "enabled": false')[:-1] + ', "routes": [{"match": {}, "to": ["discord:general"]}]}',
     "routes.0.to", "gets nothing while discord is not enabled"),
    (discord(named("general"), ', "enabled": false')[:-1] + ', "operators": {"to": ["discord:general"]}}',
     "operators.to.0", "is told nothing while discord is not enabled"),
    ('{"alerts": {"channels": {"slack": {"webhooks": {"a": "https://x.example"}}}}, "operators": {"to": ["slack:a"]}}',
     "operators.to.0", "no slack channel yet: slack:a is told nothing"),
    ('{"alerts": {"channels": {"slack": {"channels": {"b": "C0123456"}}}}, "operators": {"to": ["slack:b"]}}',
     "operators.to.0", "no slack channel yet: slack:b is told nothing"),
    ('{"retailers": {"a": {"link": "{url}?tag=me-20&s={click}"}}}', "retailers.a.link", "without server.public_url"),
    ('{"retailers": {"a": {"link": "{url}?tag={tracking}"}}}', "retailers.a.link", "{tracking} is left out"),
    ('{"retailers": {"a": {"tracking": {"sms": "me-20"}}}}', "retailers.a.tracking", "no link brings these along"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "words"), CAUTIONS)
def test_check_points_out_what_is_hardly_meant_so(loaded, text, path, words):
    told = {caution.path: caution for caution in check(loaded(text)).cautions}
    assert words in told[path].message
    assert told[path].place.startswith("alerts.json:1:")


ODD = [
    ("discord", f'"webhooks": {{"a": "{WEBHOOK.format(1)}", "b": "{WEBHOOK.format(1)}"}}'),
    ("sms", '"twilio_sid": "mine", "twilio_auth": "x", "from_number": "+14155550100"'),
    ("webhook", '"api_base": "https://x.example", "endpoints": {"a": "https://x.example"}'),
]


@pytest.mark.parametrize(("channel", "block"), ODD)
def test_nothing_is_said_of_what_stands_in_a_channel_that_is_off(loaded, channel, block):
    def said(more: str) -> bool:
        report = check(loaded(f'{{"alerts": {{"channels": {{"{channel}": {{{block}{more}}}}}}}}}'))
        return any(caution.path.startswith(f"alerts.channels.{channel}.") for caution in report.cautions)

    assert said("")
    assert not said(', "enabled": false')


def test_a_file_without_oddities_has_no_cautions(loaded):
    report = check(loaded(discord(named("high_priority", "general"))))
    assert report.cautions == ()
    assert report.as_json()["found"]["webhooks"] == 2


def test_what_a_channel_costs_a_month_is_counted_and_no_oddity(loaded):
    assert check(loaded('{"costs": {"per_month": {"sms": 5}}}')).cautions == ()


LIMITS = (
    '{"products": {"a": {"skus": ["1"]}, "b": {"skus": ["2"]}}, '
    '"alerts": {"filters": {"products": {"a": {"max_price": 5}, "b": {"min_price": 5, "currency": "eur"}}}}}'
)


def test_price_limits_have_a_currency_and_check_says_so(loaded):
    products = rulebook(loaded(LIMITS)).catalog.products
    assert {name: product.currency for name, product in products.items()} == {"a": "USD", "b": "EUR"}
    report = check(loaded(LIMITS))
    assert report.cautions == ()
    assert [note["message"] for note in report.as_json()["notes"]] == [
        "these limits are in USD: an alert in another currency is not limited",
        "these limits are in EUR: an alert in another currency is not limited",
    ]
    assert [note.place.rpartition(":")[0] for note in report.notes] == ["alerts.json:1"] * 2


def test_a_channel_for_operators_alone_leads_somewhere(loaded):
    told = ', "routes": [], "operators": {"to": ["discord:staff"]}}'
    text = discord(named("high_priority", "general", "staff"))[:-1] + told
    assert check(loaded(text)).cautions == ()


async def test_every_channel_of_this_version_but_those_for_people_carries_what_operators_are_told(loaded):
    sms = '"sms": {"twilio_sid": "AC1", "twilio_auth": "x", "from_number": "+14155550100"}'
    email = '"email": {"sendgrid_key": "x", "from": "ops@example.org"}'
    people = f'"push": {{}}, {email}, {sms.removesuffix("}")}'
    text = discord(named("a"), '}, "webhook": {"endpoints": {"b": "https://b.example"}}, ' + people)
    made = channels(loaded(text), Transport(), SystemClock(), codes=Codes(bytes), passes=Passes(bytes))
    assert made.keys() == {name for name, spec in CATALOGUE.items() if spec.make}
    assert all(channel.name == name for name, channel in made.items())
    telling_people = {name for name, channel in made.items() if not isinstance(channel, NotifiesOperators)}
    assert telling_people == {"sms", "push", "email"}


def test_a_list_of_people_is_told_nothing_of_what_operators_are_told(loaded):
    sms = '"sms": {"twilio_sid": "AC1", "twilio_auth": "x", "from_number": "+14155550100"}'
    text = discord(named("a"), "}, " + sms.removesuffix("}"))[:-1] + ', "operators": {"to": ["sms:everyone"]}}'
    (caution,) = [each for each in check(loaded(text)).cautions if each.path.startswith("operators")]
    assert caution.message == "sms:everyone is a list of people: what operators are told goes to channels alone"


TEXTING = '"sms": {"twilio_sid": "AC1", "twilio_auth": "x", "from_number": "+14155550100", "lists": {"vip": {}}}'


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ('"routes": [{"match": {}, "to": ["sms:vip", "sms:night"]}]', "routes.0.to.1"),
        ('"routes": [{"match": {}, "to": ["sms:vip"], "fallback": ["sms:night"]}]', "routes.0.fallback.0"),
        ('"retailers": {"bestbuy": {"to": ["sms:night"]}}', "retailers.bestbuy.to.0"),
    ],
)
def test_a_list_that_a_call_may_keep_is_a_caution_until_it_does(loaded, target, path):
    config = loaded(f'{{"alerts": {{"channels": {{{TEXTING}}}}}, {target}}}')
    (caution,) = [each for each in check(config).cautions if each.path == path]
    assert caution.message == "the file has no list sms:night: nobody is told until a call keeps it"


def test_a_list_of_a_call_is_served_as_everyone_is(loaded):
    block = TEXTING.replace('"lists"', '"max_recipients": 9, "fail_over_after": "7s", "lists"')
    routing = rulebook(loaded(f'{{"alerts": {{"channels": {{{block}}}}}}}')).routing
    (policy,) = routing.lists.values()
    assert policy == routing.targets[Target("sms", "everyone")]
    assert policy.people is not None
    assert (policy.people.most, policy.people.given, policy.lane in routing.lanes) == (9, True, True)
    assert policy.fail_over_after == timedelta(seconds=7)
    written = routing.targets[Target("sms", "vip")].people
    assert written is not None
    assert not written.given


def test_a_webhook_may_join_longer_than_its_channel_or_never(loaded):
    hooks = [f'"{name}": {{"url": "{WEBHOOK.format(n)}"{join}}}' for n, (name, join) in enumerate(JOINS.items())]
    targets = rulebook(loaded(discord(", ".join(hooks), ', "join": "30m"'))).routing.targets
    assert {target.name: policy.join for target, policy in targets.items()} == {
        "as_the_channel": timedelta(minutes=30),
        "longer": timedelta(hours=2),
        "never": None,
    }


JOINS = {"as_the_channel": "", "longer": ', "join": "2h"', "never": ', "join": 0'}


def test_nothing_joins_where_the_file_says_nothing(loaded):
    assert rulebook(loaded(discord(named("general")))).routing.joining == {}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{}", Objective(timedelta(seconds=1), 99)),
        ('{"operators": {"objective": {"within": "2s"}}}', Objective(timedelta(seconds=2), 99)),
        ('{"operators": {"objective": {"of": 99.9}}}', Objective(timedelta(seconds=1), 99.9)),
        ('{"operators": {"objective": null}}', None),
    ],
)
def test_alerts_are_to_be_told_within_a_second_unless_the_file_says_otherwise(loaded, text, asked):
    assert rulebook(loaded(text)).objective == asked


@pytest.mark.parametrize("place", ["the channel", "the webhook"])
def test_check_says_where_nothing_can_join_for_lack_of_products_and_calls_none_unused_where_it_can(loaded, place):
    hooks = named("general") if place == "the channel" else f'"general": {{"url": "{WEBHOOK.format(1)}", "join": "1h"}}'
    text = discord(hooks, ', "join": "30m"' if place == "the channel" else "")
    assert [caution.message for caution in check(loaded(text)).cautions] == [
        "products lists nothing: no alert ever joins a message"
    ]
    assert check(loaded(text[:-1] + ', "products": {"ps5": {"skus": ["bestbuy:1"]}}}')).cautions == ()


TEXTS = """{"alerts": {"channels": {"sms": {"twilio_sid": "AC%s", "twilio_auth": "t", "from_number": "+15005550006",
  "spend_cap": {"per_day": 25%s}}}}%s}"""


@pytest.mark.parametrize(
    ("cap", "costs", "segment"),
    [
        ("", "", "0.0083"),
        ("", ', "costs": {"per_segment": {"US": 0.008, "GB": 0.05}}', "0.05"),
        (', "currency": "EUR"', ', "costs": {"rates": {"EUR": 1.25}, "per_segment": {"US": 0.01}}', "0.008"),
        (', "currency": "EUR"', "", "0.0083"),
    ],
)
def test_a_segment_costs_what_the_dearest_country_of_the_file_does_else_what_the_provider_lists(
    loaded, cap, costs, segment
):
    config = loaded(TEXTS % ("0" * 32, cap, costs))
    policy = rulebook(config).routing.lanes["sms:main"].spending
    assert (policy.per_day, policy.expected(2)) == (Decimal(25), 2 * Decimal(segment))
    said = [caution for caution in map(str, check(config).cautions) if "count alike" in caution]
    assert bool(said) is (not policy.knows("USD"))
