"""Flags before the environment before the file before defaults; where each value came from; secrets from outside."""

import os
import re
from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.config.scenes import ENVIRON, HERE, WEBHOOK

from tocsin.config.configuration import Source, restart_needed
from tocsin.config.reading.loading import load, locate
from tocsin.config.report import check
from tocsin.config.shown import shown
from tocsin.core.errors import InvalidConfigError

SERVER = '{"server": {"port": 1111, "host": "${HOST:-127.0.0.1}"}}'
DISCORD = '{"alerts": {"channels": {"discord": {"webhooks": {"general": "${HOOK}"}}}}}'


def source(config, path: str) -> Source:
    return next(each.source for each in shown(config) if each.path == path)


def test_flags_come_before_the_environment_before_the_file_before_defaults(loaded):
    environ = {"TOCSIN_SERVER__PORT": "2222"}
    assert loaded("{}", {}).settings.server.port == 8765
    assert loaded(SERVER, {}).settings.server.port == 1111
    assert loaded(SERVER, environ).settings.server.port == 2222
    assert loaded(SERVER, environ, {"server.port": "3333"}).settings.server.port == 3333


def test_each_value_tells_where_it_came_from(loaded):
    config = loaded(SERVER, {"TOCSIN_STORAGE__RETENTION": "7d"}, {"server.port": "3333"})
    assert source(config, "server.port") == Source("flag", "flag server.port")
    assert source(config, "storage.retention") == Source("environment", "TOCSIN_STORAGE__RETENTION")
    assert source(config, "server.host") == Source("file", "alerts.json:1:27")
    assert source(config, "storage.url") == Source("default", "")


def test_a_webhook_written_as_a_bare_url_has_its_place(loaded):
    config = loaded(DISCORD, {"HOOK": WEBHOOK.format(1)})
    webhook = "alerts.channels.discord.webhooks.general"
    assert source(config, f"{webhook}.url").place == "alerts.json:1:51"
    assert source(config, f"{webhook}.mentions").kind == "default"


def test_the_environment_reaches_every_scalar_whatever_its_spelling(loaded):
    text = '{"products": {"RTX-5090": {"family": "a"}}, "alerts": {"channels": {"sms": {"enabled": true}}}}'
    environ = {
        "TOCSIN_MODE": "shadow",
        "TOCSIN_PRODUCTS__RTX_5090__FAMILY": "b",
        "TOCSIN_ALERTS__CHANNELS__SMS__ENABLED": "false",
        "TOCSIN_ALERTS__CHANNELS__DISCORD__WEBHOOKS__GENERAL": WEBHOOK.format(1),
        "TOCSIN_DEDUP__COOLDOWN": "90",
        "TOCSIN_SERVER__HOST": "",
        "TOCSIN_SERVER__TRUSTED_PROXIES": '["10.0.0.0/8"]',
    }
    settings = loaded(text, environ).settings
    assert settings.mode == "shadow"
    assert settings.products["RTX-5090"].family == "b"
    assert settings.alerts.channels.sms is not None
    assert not settings.alerts.channels.sms.enabled
    assert settings.alerts.channels.discord is not None
    assert settings.alerts.channels.discord.webhooks.keys() == {"general"}
    assert settings.dedup.cooldown.total_seconds() == 90
    assert settings.server.host == "127.0.0.1"
    assert settings.server.trusted_proxies == ("10.0.0.0/8",)


def test_variables_of_others_are_left_alone(loaded):
    loaded("{}", {"TOCSIN_URL": "http://x", "TOCSIN_TOKEN": "t", "TOCSIN_TOKEN_ENGINE": "e", "OTHER__KEY": "x"})


@pytest.mark.parametrize(
    ("environ", "overrides", "path", "message"),
    [
        ({"TOCSIN_SERVR__PORT": "1"}, {}, "servr", 'TOCSIN_SERVR__PORT: there is no such key; did you mean "server"?'),
        (
            {"TOCSIN_SERVER__PORT": "x"},
            {},
            "server.port",
            'TOCSIN_SERVER__PORT: a whole number is expected (given: "x")',
        ),
        (
            {"TOCSIN_SERVER__PORT": "1"},
            {"server.port": "x"},
            "server.port",
            'flag server.port: a whole number is expected (given: "x")',
        ),
        (
            {"TOCSIN_ROUTES": "[", "TOCSIN_OPERATORS__TO": "["},
            {},
            "operators.to",
            "TOCSIN_OPERATORS__TO: a list […] is expected",
        ),
        ({}, {"server.prt": "1"}, "server.prt", 'flag server.prt: there is no such key; did you mean "port"?'),
    ],
)
def test_a_bad_value_from_outside_is_told_by_its_name(loaded, environ, overrides, path, message):
    with pytest.raises(InvalidConfigError) as raised:
        loaded("{}", environ, overrides)
    assert [(detail.path, detail.message) for detail in raised.value.details] == [(path, message)]


def test_values_from_outside_are_taken_as_they_are(loaded):
    config = loaded("{}", {"TOCSIN_RETAILERS__A__NAME": "${HOME}", "HOME": "x"})
    assert config.settings.retailers["a"].name == "${HOME}"


def test_an_override_mends_an_unset_variable(loaded):
    config = loaded(DISCORD, {}, {"alerts.channels.discord.webhooks.general": WEBHOOK.format(1)})
    assert config.settings.alerts.channels.discord is not None


def test_variables_come_from_the_environment_then_from_the_env_file(loaded, tmp_path: Path):
    env_file = tmp_path / "secret.env"
    env_file.write_text(
        "# a comment\nexport HOST='127.0.0.2'\nNAME=\"Best Buy\" \nICON = https://a.example/i.png # here\n\nbroken\n"
    )
    text = """{"env_file": "secret.env", "server": {"host": "${HOST}"},
               "retailers": {"a": {"name": "The ${NAME}", "icon": "${ICON}"}}}"""
    settings = loaded(text, {}).settings
    assert settings.server.host == "127.0.0.2"
    assert (settings.retailers["a"].name, settings.retailers["a"].icon) == ("The Best Buy", "https://a.example/i.png")
    assert loaded(text, {"HOST": "127.0.0.3"}).settings.server.host == "127.0.0.3"


def test_an_env_file_that_is_not_there_is_a_caution_not_an_error(loaded):
    config = loaded('{"env_file": "absent.env"}', {})
    assert ("env_file", "alerts.json:1:2") in {(each.path, each.place) for each in check(config).cautions}


def test_secret_files_are_read_beside_the_file_and_again_on_reload(loaded, tmp_path: Path):
    secret = tmp_path / "hook"
    secret.write_text(WEBHOOK.format(1) + "\n")
    config = loaded(DISCORD.replace("${HOOK}", "${file:hook}"), {})
    secret.write_text(WEBHOOK.format(2))
    again = config.reread()
    urls = [each.settings.alerts.channels.discord.webhooks["general"].url.reveal() for each in (config, again)]
    assert urls == [WEBHOOK.format(1), WEBHOOK.format(2)]


def test_a_bad_file_on_reload_changes_nothing(loaded, tmp_path: Path):
    config = loaded(SERVER, {})
    (tmp_path / "alerts.json").write_text('{"server": ')
    with pytest.raises(InvalidConfigError, match=r"alerts\.json:1:12"):
        config.reread()
    assert config.settings.server.port == 1111


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ('{"server": {"port": 9001, "hots": 1}, "sevrer": {}}', {}),
        ('{"server": {"port": 9001}, "server": {"port": 9001}}', {}),
        ('{"server": {"port": 9001}, "tokens": {"a": {"secret": "${UNSET}", "scopes": ["all"]}}}', {}),
        ('{"server": {"port": "${PORT:-9001}", "public_url": "${UNSET}"}}', {}),
        ('{"server": {"port": "${PORT}"}, "env_file": "port.env"}', {}),
        ('{"server": {"port": 9001}, "env_file": "."}', {}),
        ("{}", {"TOCSIN_SERVER__PORT": "9001", "TOCSIN_FOREIGN__THING": "1", "TOCSIN_MODE": "nonsense"}),
        ('{"routes": [{"to": ["discord:nowhere"]}]}', {"tocsin_server__port": "1", "TOCSIN_SERVER__port": "9001"}),
    ],
)
def test_a_client_finds_the_service_whatever_else_is_wrong_or_not_known(tmp_path: Path, text: str, environ):
    (tmp_path / "alerts.json").write_text(text)
    (tmp_path / "port.env").write_text("PORT=9001\n")
    assert locate(tmp_path / "alerts.json", environ, "server.host", "server.port").settings.server.port == 9001


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "alerts.json:1:2"),
        ("[]", "one object"),
        ('{"server": {"port": "${PORT}"}}', "the variable PORT is not set"),
        ('{"server": {"port": "many"}}', "server.port"),
    ],
)
def test_a_client_says_what_it_cannot_do_without(tmp_path: Path, text: str, message: str):
    (tmp_path / "alerts.json").write_text(text)
    with pytest.raises(InvalidConfigError, match=re.escape(message)):
        locate(tmp_path / "alerts.json", {}, "server.host", "server.port")
    assert locate(None, {}, "storage.url").settings.storage.file == Path.cwd() / "tocsin.db"


def test_secret_files_that_others_can_read_are_a_caution(loaded, tmp_path: Path):
    for name in ("open", "shut"):
        path = tmp_path / name
        path.touch(0o600)
        path.write_text(WEBHOOK.format(1))
    os.chmod(tmp_path / "open", 0o640)  # noqa: PTH101 - beside the modes above
    webhooks = '{"webhooks": {"a": "${file:open}", "b": "${file:shut}"}}'
    config = loaded('{"alerts": {"channels": {"discord": ' + webhooks + "}}}", {})
    told = [each for each in check(config).cautions if each.path.startswith("/")]
    assert [(each.path, "0640" in each.message) for each in told] == [(str(tmp_path / "open"), True)]


def test_what_only_counts_after_a_restart_is_named(loaded):
    before, after = loaded(SERVER, {}), loaded(SERVER, {}, {"server.port": "2", "storage.url": "sqlite:///b.db"})
    assert restart_needed(before, after) == ("server.port", "storage.url")
    assert restart_needed(before, before) == ()


A_TOKEN = ', "tokens": {"a": {"secret": "canary-canary-canary", "scopes": ["read"]}}'


@pytest.mark.parametrize(
    ("host", "tokens", "refused"),
    [
        ("127.0.0.1", "", False),
        ("::1", "", False),
        ("localhost", "", False),
        ("0.0.0.0", "", True),
        ("::", "", True),
        ("tocsin.lan", "", True),
        ("0.0.0.0", A_TOKEN, False),
    ],
)
def test_a_service_that_strangers_reach_needs_tokens_wherever_its_host_is_said(loaded, host, tokens, refused):
    said = (f'{{"server": {{"host": "{host}"}}{tokens}}}', f'{{"mode": "live"{tokens}}}')
    ways = ((said[0], {}, None), (said[1], {"TOCSIN_SERVER__HOST": host}, None), (said[1], {}, {"server.host": host}))
    for text, environ, flags in ways:
        with pytest.raises(InvalidConfigError, match="configure `tokens`") if refused else nullcontext():
            loaded(text, environ, flags)


def test_the_names_by_which_requests_may_call(loaded):
    config = loaded('{"server": {"public_url": "https://Alerts.example:8443/", "allowed_hosts": ["tocsin"]}}')
    assert config.hosts == {"127.0.0.1", "alerts.example", "tocsin"}
    assert config.public_url == config.page_url == "https://Alerts.example:8443"
    assert config.origins == ("https://Alerts.example:8443/",)


def test_short_links_may_begin_elsewhere_than_the_page(loaded):
    config = loaded(
        '{"server": {"public_url": "https://a.example/tocsin/"}, "links": {"public_url": "https://go.example"}}'
    )
    assert (config.page_url, config.public_url) == ("https://a.example/tocsin", "https://go.example")
    assert config.hosts == {"127.0.0.1", "a.example", "go.example"}


def test_no_secret_is_ever_shown():
    config = load(HERE / "community.json", ENVIRON)
    postgres = load(None, {"TOCSIN_STORAGE__URL": "postgresql://tocsin:canary@db.example/tocsin"})
    told = [repr(config), str(config.settings), *map(repr, shown(config)), repr(check(config))]
    told += [repr(postgres), *map(repr, shown(postgres)), repr(check(postgres)), config.settings.model_dump_json()]
    for text in told:
        assert "canary" not in text
        assert "kkkk" not in text
    assert {each.value for each in shown(postgres) if each.path == "storage.url"} == {
        "postgresql://tocsin:***@db.example/tocsin"
    }


CANARY = "canary-in-the-wrong-place"
MISPLACED = [
    '{"tokens": {"a": {"secret": ["CANARY"], "scopes": ["read"]}}}',
    '{"tokens": {"a": "CANARY"}}',
    '{"tokns": "CANARY"}',
    '{"alerts": {"channels": {"discord": {"webhooks": "CANARY", "bot_tokn": "CANARY"}}}}',
    '{"alerts": {"channels": {"discord": {"webhooks": {"a": "CANARY", "b": {"url": "CANARY", "quiet": "CANARY"}}}}}}',
    '{"alerts": {"channels": {"sms": {"twilio_auth": {"x": "CANARY"}, "from_number": "CANARY", "lists": "CANARY"}}}}',
    '{"alerts": {"channels": {"email": {"sendgrid_key": "x", "from": "CANARY"}}}}',
    '{"storage": {"url": "mysql://u:CANARY@h/d"}, "cluster": {"url": "CANARY"}}',
    '{"history": {"redis": "http://:CANARY@h", "airtable": "CANARY"}}',
    '{"server": {"public_url": "CANARY"}, "routes": "CANARY", "operators": {"to": "CANARY"}}',
    '{"server": {"host": 1, "port": "${PORT}"}}',
    '{"server": {"host": "${CANARY', '{"server" "CANARY"}', '"CANARY',
]  # fmt: skip


@pytest.mark.parametrize("text", MISPLACED)
def test_no_error_repeats_what_may_be_a_secret(loaded, text: str):
    with pytest.raises(InvalidConfigError) as raised:
        loaded(text.replace("CANARY", CANARY), {"PORT": CANARY})
    assert CANARY not in str(raised.value)
    assert CANARY not in repr(raised.value.as_json())
