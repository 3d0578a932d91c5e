"""What is told of a bad file: the place, the path, the nearest key; everything at once; never a secret."""

import pytest
from tests.config.scenes import ENVIRON, WEBHOOK

from tocsin.config.reading.loading import load
from tocsin.core.errors import InvalidConfigError

CHANNEL = '{{"alerts": {{"channels": {{"discord": {{{}}}}}}}}}'


def problems(loaded, text: str | bytes, environ=ENVIRON, overrides=None) -> list[tuple[str, str]]:
    with pytest.raises(InvalidConfigError) as raised:
        loaded(text, environ, overrides)
    return [(detail.path, detail.message) for detail in raised.value.details]


def channel(members: str) -> str:
    return CHANNEL.format(members)


SYNTAX = [
    ("", "1:1", "a value is expected here (the file ends too early"),
    ("{", "1:2", "the file ends too early"),
    ("{}{}", "1:3", "nothing may follow"),
    ('{"mode": "live",\n}', "1:16", 'the comma before "}" has to go'),
    ('{"routes": [1,]}', "1:14", 'the comma before "]" has to go'),
    ('{"a": 1\n "b": 2}', "2:2", "a comma is missing before it"),
    ("{'a': 1}", "1:2", "strings stand in double quotes"),
    ("{a: 1}", "1:2", "a key in double quotes"),
    ('{"a" 1}', "1:6", '":" is expected after a key'),
    ('{"a": True}', "1:7", "words other than true, false and null"),
    ('{"a": NaN}', "1:7", "words other than true, false and null"),
    ('{"a": }', "1:7", "a value is missing"),
    ('{"a": 01}', "1:8", '"," or "}" is expected'),
    ('{"a": 1e999}', "1:7", "too large"),
    ('{"a": "x\ny"}', "1:9", "control character"),
    ('{"a": "x', "1:7", "unterminated string"),
    ('{"a": "\\x"}', "1:8", "escape"),
    ('{"a": "\\ud800"}', "1:7", "surrogate"),
    ("{ /* no */ }", "1:3", "comments start with //"),
    ("# no\n{}", "1:1", "comments start with //"),
    ('{"a": 1,, "b": 2}', "1:9", "one comma too many"),
    ("[" * 100, "1:34", "nested deeper"),
]


@pytest.mark.parametrize(("text", "place", "words"), SYNTAX)
def test_what_is_not_json_is_told_with_line_column_and_a_hint(loaded, text: str, place: str, words: str):
    ((path, message),) = problems(loaded, text)
    assert path == ""
    assert message.startswith(f"alerts.json:{place}: ")
    assert words in message


def test_comments_and_a_byte_order_mark_are_no_problem(loaded):
    text = '\ufeff// a comment\n{ // another\n"mode": "shadow" // "mode": "live"\n}// the "end"'
    assert loaded(text.encode()).settings.mode == "shadow"


BAD = [
    ('{"sevrer": {}}', "sevrer", '1:2: there is no such key; did you mean "server"?'),
    ('{"server":\n  {"prot": 1}}', "server.prot", '2:4: there is no such key; did you mean "port"?'),
    (channel('"rate_limt": 1'), "alerts.channels.discord.rate_limt", 'did you mean "rate_limit"?'),
    ('{"alerts": {"channels": {"discrod": {}}}}', "alerts.channels.discrod", 'did you mean "discord"?'),
    ('{"alerts": {"routes": []}}', "alerts.routes", "it belongs at the top level"),
    ('{"priority_skus": []}', "priority_skus", "it belongs under alerts.filters"),
    ('{"server": {"port": "many"}}', "server.port", 'a whole number is expected (given: "many")'),
    ('{"server": {"port": true}}', "server.port", "a number is expected (given: true)"),
    (
        '{"alerts": {"filters": {"min_price_drop_percent": false}}}',
        "alerts.filters.min_price_drop_percent",
        "a number is",
    ),
    ('{"server": {"port": 70000}}', "server.port", "less than or equal to 65535 (given: 70000)"),
    ('{"server": []}', "server", "an object {…} is expected"),
    ('{"server": {"trusted_proxies": ["10.0.0.0/99"]}}', "server.trusted_proxies.0", 'a network: "10.0.0.0/8"'),
    ('{"routes": {}}', "routes", "a list […] is expected"),
    ('{"routes": [{"to": []}]}', "routes.0.match", "this key is needed"),
    ('{"mode": "shade"}', "mode", 'one of live, shadow is expected; did you mean "shadow"? (given: "shade")'),
    (
        '{"dedup": {"cooldown": "1 hour"}}',
        "dedup.cooldown",
        'is written "30s", "10m", "6h" or "180d" (given: "1 hour")',
    ),
    ('{"dedup": {"cooldown": -1}}', "dedup.cooldown", "(given: -1)"),
    ('{"dedup": {"cooldown": true}}', "dedup.cooldown", "a duration is written"),
    ('{"dedup": {"by_type": {"in_stok": "1m"}}}', "dedup.by_type.in_stok", 'did you mean "in_stock"?'),
    ('{"max_age": {"in_stock": "99999999999d"}}', "max_age.in_stock", "a duration is written"),
    (channel('"rate_limit": "5 per 2s"'), "alerts.channels.discord.rate_limit", 'a rate is written "5/2s" or "30/1m"'),
    (channel('"rate_limit": 0'), "alerts.channels.discord.rate_limit", "messages per minute (given: 0)"),
    (channel('"share": 2'), "alerts.channels.discord.share", "(given: 2)"),
    (channel('"pacing": "none"'), "alerts.channels.discord.pacing", "only dropped where api_base is on loopback"),
    (
        channel('"pacing": "none", "api_base": "https://example.com"'),
        "alerts.channels.discord.pacing",
        "only dropped where api_base is on loopback",
    ),
    (channel('"api_base": "http://example.com"'), "alerts.channels.discord.api_base", "https:// is needed"),
    (channel('"webhooks": {"a": {"url": null}}'), "alerts.channels.discord.webhooks.a.url", "needs its URL"),
    (
        channel('"webhooks": {"a": "https://evil.example/api/webhooks/1/x"}'),
        "alerts.channels.discord.webhooks.a",
        "looks like",
    ),
    (
        channel('"webhooks": {"a": {"url": "${DISCORD_WEBHOOK_HIGH}", "quiet": {"hours": "nihgt"}}}')[:-1]
        + ', "quiet_hours": {"night": {"from": "23:00", "to": "07:00", "tz": "UTC"}}}',
        "alerts.channels.discord.webhooks.a.quiet.hours",
        'quiet_hours has no "nihgt"; did you mean "night"?',
    ),
    (
        channel(
            '"webhooks": {"a": {"url": "${DISCORD_WEBHOOK_HIGH}", "thread_name": "x", '
            '"thread_id": "1180000000000000002"}}'
        ),
        "alerts.channels.discord.webhooks.a.thread_name",
        "not both",
    ),
    (
        channel('"webhooks": {"a": {"url": "${DISCORD_WEBHOOK_HIGH}", "mentions": [{"match": {}, "roles": ["me"]}]}}'),
        "alerts.channels.discord.webhooks.a.mentions.0.roles.0",
        "a long number in quotes",
    ),
    (
        channel('"webhooks": {"general": "${DISCORD_WEBHOOK_HIGH}"}')[:-1]
        + ', "routes": [{"match": {}, "to": ["discord:genral"]}]}',
        "routes.0.to.0",
        'discord has no webhook "genral"; did you mean "discord:general"?',
    ),
    (
        '{"routes": [{"match": {}, "to": ["discrod:a"]}]}',
        "routes.0.to.0",
        'no channel "discrod"; did you mean "discord"?',
    ),
    (
        (
            '{"alerts": {"channels": {"sms": {"enabled": false, "lists": {"night": {}}}}},'
            ' "routes": [{"match": {}, "to": ["sms:nihgt"]}]}'
        ),
        "routes.0.to.0",
        'sms has no list "nihgt"; did you mean "sms:night"?',
    ),
    (
        '{"alerts": {"channels": {"sms": {"enabled": false}}}, "operators": {"to": ["sms:night"]}}',
        "operators.to.0",
        'sms has no list "night"',
    ),
    ('{"routes": [{"match": {}, "to": ["sms:vip"]}]}', "routes.0.to.0", "alerts.channels has no sms"),
    ('{"routes": [{"match": {}, "to": [], "fallback": ["x"]}]}', "routes.0.fallback.0", 'is written "channel:name"'),
    ('{"operators": {"to": ["email:ops"]}}', "operators.to.0", "alerts.channels has no email"),
    ('{"operators": {"objective": {"of": 100}}}', "operators.objective.of", "less than 100 (given: 100)"),
    ('{"operators": {"objective": {"of": 9}}}', "operators.objective.of", "greater than or equal to 90 (given: 9)"),
    ('{"retailers": {"a": {"to": ["sms:x"]}}}', "retailers.a.to.0", "alerts.channels has no sms"),
    ('{"routes": [{"match": {"famlies": ["a"]}, "to": []}]}', "routes.0.match.famlies", "families"),
    ('{"routes": [{"match": {"min_priority": 11}, "to": []}]}', "routes.0.match.min_priority", "1 to 10"),
    (
        '{"routes": [{"match": {"families": ["rtx5"]}, "to": []}], "products": {"a": {"family": "rtx50"}}}',
        "routes.0.match.families.0",
        'products has no family "rtx5"; did you mean "rtx50"?',
    ),
    ('{"routes": [{"match": {"products": "b"}, "to": []}]}', "routes.0.match.products", 'no product "b"'),
    ('{"routes": [{"match": {"products": ["b"]}, "to": []}]}', "routes.0.match.products.0", 'no product "b"'),
    (
        '{"routes": [{"name": "a", "match": {}, "to": []}, {"name": "a", "match": {}, "to": []}]}',
        "routes.1.name",
        "another route",
    ),
    (
        '{"alerts": {"filters": {"products": {"a": {"min_price": "20", "max_price": 10}}}}, "products": {"a": {}}}',
        "alerts.filters.products.a.max_price",
        "no price is above min_price and below this",
    ),
    (
        '{"alerts": {"filters": {"products": {"a": {"currency": "euro"}}}}, "products": {"a": {}}}',
        "alerts.filters.products.a.currency",
        'as ISO 4217 has it: "USD"',
    ),
    ('{"max_age": {"in_stock": 0}}', "max_age.in_stock", "longer than nothing (given: 0)"),
    (channel('"max_age": {"in_stock": "0s"}'), "alerts.channels.discord.max_age.in_stock", "longer than nothing"),
    ('{"storage": {"retention": "0d"}}', "storage.retention", "longer than nothing"),
    ('{"dedup": {"close_after_silence": 0}}', "dedup.close_after_silence", "longer than nothing (given: 0)"),
    ('{"links": {"attribution_window": "61d"}}', "links.attribution_window", "60 days at most"),
    ('{"operators": {"objective": {"within": 0}}}', "operators.objective.within", "longer than nothing (given: 0)"),
    ('{"alerts": {"filters": {"products": {"a": {}}}}}', "alerts.filters.products.a", 'products has no "a"'),
    (
        '{"alerts": {"filters": {"min_price_drop_percent": 101}}}',
        "alerts.filters.min_price_drop_percent",
        "(given: 101)",
    ),
    (
        '{"quiet_hours": {"a": {"from": "24:00", "to": "07:00", "tz": "UTC"}}}',
        "quiet_hours.a.from",
        '"23:00" (given: "24:00")',
    ),
    (
        '{"quiet_hours": {"a": {"from": "23:00", "to": "07:00", "tz": "Europe/Berln"}}}',
        "quiet_hours.a.tz",
        '"Europe/Berlin"',
    ),
    (
        '{"quiet_hours": {"a": {"from": "08:00", "to": "08:00", "tz": "UTC"}}}',
        "quiet_hours.a.to",
        "they would never end",
    ),
    (
        '{"tokens": {"a": {"secret": "canary-canary-16", "scopes": ["igest"]}}}',
        "tokens.a.scopes.0",
        'did you mean "ingest"?',
    ),
    ('{"tokens": {"a": {"secret": "canary-canary-16", "scopes": []}}}', "tokens.a.scopes", "it may not be empty"),
    (
        '{"tokens": {"a": SAME, "b": SAME}}'.replace("SAME", '{"secret": "canary-canary-16", "scopes": ["read"]}'),
        "tokens.b.secret",
        "the same secret as tokens.a",
    ),
    (
        '{"tokens": {"a": {"secret": "15-letters-long", "scopes": ["read"]}}}',
        "tokens.a.secret",
        "16 to 1000 characters",
    ),
    (
        '{"tokens": {"a": {"secret": "a-blank-at-its-end ", "scopes": ["read"]}}}',
        "tokens.a.secret",
        "without blanks at its ends",
    ),
    (
        '{"tokens": {"a": {"secret": "an-umlaut-in-it-ü", "scopes": ["read"]}}}',
        "tokens.a.secret",
        "printable ASCII characters",
    ),
    (
        '{"tokens": {"a": {"secret": "a-nul-at-its-end\\u0000", "scopes": ["read"]}}}',
        "tokens.a.secret",
        "printable ASCII characters",
    ),
    (channel('"bot_token": " MTE4"'), "alerts.channels.discord.bot_token", "without blanks at its ends"),
    (channel('"api_base": "https://x.example/?a"'), "alerts.channels.discord.api_base", "an address without ? and #"),
    ('{"server": {"public_url": "https://x.example/#a"}}', "server.public_url", "an address without ? and #"),
    ('{"server": {"host": "0.0.0.0"}}', "server.host", "strangers can reach this address: configure `tokens`"),
    ('{"server": {"host": "127.0.0.1:80"}}', "server.host", "without scheme and port"),
    ('{"server": {"allowed_hosts": ["https://a.example"]}}', "server.allowed_hosts.0", "without scheme and port"),
    ('{"storage": {"url": "mysql://x"}}', "storage.url", "sqlite://, postgresql://"),
    ('{"storage": {"url": "sqlite:///:memory:"}}', "storage.url", "the ledger is a file"),
    ('{"cluster": {"url": "http://x"}}', "cluster.url", "redis://"),
    ('{"server": {"public_url": "alerts.example"}}', "server.public_url", "https:// or http://"),
    ('{"server": {"public_url": "https://alerts.example/?a=1"}}', "server.public_url", "without ? and #"),
    ('{"links": {"public_url": "https://alerts.example/#x"}}', "links.public_url", "without ? and #"),
    (
        '{"alerts": {"channels": {"sms": {"from_number": "12", "twilio_sid": "a", "twilio_auth": "b"}}}}',
        "alerts.channels.sms.from_number",
        "E.164",
    ),
    (
        '{"alerts": {"channels": {"sms": {"enabled": false, "lists": {"a": {"to": ["+1234567890"]}}}}}}',
        "alerts.channels.sms.lists.a.to.0",
        "no such phone number",
    ),
    (
        '{"alerts": {"channels": {"push": {"web": {"enabled": false}}}}}',
        "alerts.channels.push.firebase_config",
        "needed while the channel is enabled",
    ),
    ('{"alerts": {"channels": {"email": {"sendgrid_key": "x"}}}}', "alerts.channels.email.from", "needed while"),
    (
        '{"alerts": {"channels": {"webhook": {"endpoints": {"a": "http://x.example"}}}}}',
        "alerts.channels.webhook.endpoints.a",
        "https://",
    ),
    ('{"mode": "live", "mode": "shadow"}', "mode", "1:18: this key stands twice; it was first on line 1"),
    ('{"server": {"host": "${NO}"}}', "server.host", "the variable NO is not set"),
    ('{"server": {"host": "${NO"}}', "server.host", "} is missing"),
    ('{"server": {"host": "${1}"}}', "server.host", "references are written"),
    (
        '{"server": {"host": "${file:absent}"}}',
        "server.host",
        "the secret file cannot be read (No such file or directory)",
    ),
    (
        '{"retailers": {"a": {"link": "https://a.example/?u={ur}"}}}',
        "retailers.a.link",
        "only {url}, {click} and {tracking} may",
    ),
    ('{"costs": {"per_month": {"smss": 1}}}', "costs.per_month.smss", 'did you mean "sms"'),
    ('{"retailers": {"a": {"tracking": {"smss": "x"}}}}', "retailers.a.tracking.smss", 'did you mean "sms"'),
    (
        '{"retailers": {"a": {"tracking": {"sms": "x", "email": "x"}}}}',
        "retailers.a.tracking.email",
        "sms has the same tracking id",
    ),
    ('{"retailers": {"a": {"link": "{url}tag=me-20"}}}', "retailers.a.link", '"{url}?tag=me-20"'),
    ('{"retailers": {"a": {"link": "{url}?a b"}}}', "retailers.a.link", "https:// or http://"),
    ('{"retailers": {"a": {"link": "ftp://a.example/?u={url}"}}}', "retailers.a.link", "https:// or http://"),
    (
        '{"retailers": {"a": {"aliases": ["X"]}, "b": {"aliases": ["x "]}}}',
        "retailers.b.aliases.0",
        'means "a" already',
    ),
    ('{"server": {"allowed_origins": ["*"]}}', "server.allowed_origins.0", '"https://board.example", without a path'),
    (
        '{"tokens": {"local": {"secret": "canary-canary-16", "scopes": ["read"]}}}',
        "tokens.local",
        "this name belongs to",
    ),
    (
        '{"alerts": {"channels": {"sms": {"enabled": false, "lists": {"a:b": {}}}}}}',
        "alerts.channels.sms.lists.a:b",
        "a name has no",
    ),
    ("[]", "", "the configuration is one object"),
    ("null", "", "the configuration is one object"),
]


@pytest.mark.parametrize(("text", "path", "words"), BAD)
def test_each_mistake_has_its_path_and_says_how_to_mend_it(loaded, text: str, path: str, words: str):
    found = problems(loaded, text)
    assert [where for where, _ in found] == [path]
    assert words in found[0][1]
    assert found[0][1].startswith("alerts.json:")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(loaded):
    found = problems(
        loaded,
        """\
        {
          "server": {"port": "x", "hots": "y"},
          "storage": {"retention": "soon"},
          "alerts": {"channels": {
            "discord": {"webhooks": {"general": "${UNSET}"}, "pacing": "none"},
            "sms": {"enabled": true}
          }},
          "routes": [
            {"match": {"types": ["sold"]}, "to": ["discord:nowhere"]},
            {"match": {"unrouted": true}, "to": ["discord:general"], "fallback": ["nobody:x"]}
          ],
          "modus": "live"
        }
        """,
    )
    assert [(path, message.split(":")[1]) for path, message in found] == [
        ("server.port", "2"),
        ("server.hots", "2"),
        ("storage.retention", "3"),
        ("alerts.channels.discord.webhooks.general", "5"),
        ("alerts.channels.discord.pacing", "5"),
        ("alerts.channels.sms.twilio_sid", "6"),
        ("alerts.channels.sms.twilio_auth", "6"),
        ("alerts.channels.sms.from_number", "6"),
        ("routes.0.match.types", "9"),
        ("routes.0.to.0", "9"),
        ("routes.1.fallback.0", "10"),
        ("modus", "12"),
    ]


def test_the_text_of_the_error_alone_is_enough_to_mend_the_file(loaded):
    with pytest.raises(InvalidConfigError) as raised:
        loaded('{"server": {"prot": 1},\n "mode": "x"}')
    assert str(raised.value).splitlines() == [
        "alerts.json has 2 problems",
        '  alerts.json:1:13: server.prot: there is no such key; did you mean "port"?',
        '  alerts.json:2:2: mode: one of live, shadow is expected (given: "x")',
    ]


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"{}" + b" " * 5_000_000])
def test_a_file_that_is_no_text_or_too_large_is_refused(loaded, content: bytes):
    assert len(problems(loaded, content)) == 1


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "absent.json", tmp_path / "nul\0.json"):
        with pytest.raises(InvalidConfigError, match="cannot be read"):
            load(path, {})


URLS = [
    ("https://discord.com/api/webhooks/118/abc-._", None, True),
    ("https://discordapp.com/api/v10/webhooks/118/abc", None, True),
    ("https://ptb.discord.com/api/v9/webhooks/118/abc/", None, True),
    ("https://canary.discord.com:443/api/webhooks/118/abc", None, True),
    ("https://DISCORD.com/api/webhooks/118/abc", None, True),
    ("http://discord.com/api/webhooks/118/abc", None, False),
    ("https://discord.com/webhooks/118/abc", None, False),
    ("https://discord.com.evil.example/api/webhooks/118/abc", None, False),
    ("https://evil@discord.com/api/webhooks/118/abc", None, False),
    ("https://discord.com/api/webhooks/118/abc/slack", None, False),
    ("https://discord.com/api/webhooks/118/abc?wait=true", None, False),
    ("https://discord.com/api/webhooks/118/", None, False),
    ("https://discord.com:8443/api/webhooks/118/abc", None, False),
    ("https://discord.com:port/api/webhooks/118/abc", None, False),
    ("https://[/api/webhooks/118/abc", None, False),
    ("http://127.0.0.1:9900/api/webhooks/118/abc", None, False),
    ("http://127.0.0.1:9900/api/webhooks/118/abc", "http://127.0.0.1:9900", True),
    ("http://localhost:9900/api/v10/webhooks/118/abc", "http://127.0.0.1:9900/api/v10", True),
    ("http://10.0.0.1:9900/api/webhooks/118/abc", "http://127.0.0.1:9900", False),
    ("https://discord.com/api/webhooks/118/abc", "http://127.0.0.1:9900", True),
]


@pytest.mark.parametrize(("url", "api_base", "right"), URLS)
def test_only_forms_in_which_discord_hands_urls_out_are_taken(loaded, url, api_base, right):
    base = f'"api_base": "{api_base}", ' if api_base else ""
    text = channel(base + f'"webhooks": {{"a": "{url}"}}')
    if right:
        loaded(text)
    else:
        assert [path for path, _ in problems(loaded, text)] == ["alerts.channels.discord.webhooks.a"]


def test_a_variable_that_is_set_to_nothing_counts_as_not_set(loaded):
    text = channel('"webhooks": {"a": "${HOOK}", "b": "${HOOK:-' + WEBHOOK.format(9) + '}"}')
    assert problems(loaded, text, {"HOOK": ""}) == [
        ("alerts.channels.discord.webhooks.a", "alerts.json:1:51: the variable HOOK is not set"),
    ]
