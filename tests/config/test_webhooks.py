"""What the file may say of endpoints, and what is told of those that are not as they must be."""

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.scenes import ENVIRON

from tocsin.channels.destination import Destination
from tocsin.channels.transport import UnreachableError
from tocsin.channels.webhook.judgement import endpoint_problems
from tocsin.config.policy import rulebook
from tocsin.config.report import check
from tocsin.config.shown import shown
from tocsin.core.delivery import Target
from tocsin.core.destination import known_addresses
from tocsin.core.errors import InvalidConfigError
from tocsin.core.networks import networks
from tocsin.core.secret import Secret
from tocsin.rules.window import Rate

KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(24))).decode()
PARTNER = Target("webhook", "partner")


def webhook(endpoint: str, more: str = "") -> str:
    route = '"routes": [{"match": {}, "to": ["webhook:partner"]}]'
    return f'{{"alerts": {{"channels": {{"webhook": {{"endpoints": {{"partner": {endpoint}}}{more}}}}}}}, {route}}}'


GOOD = [
    '"https://partner.example/hook"',
    '"https://partner.example:8443/hook?key=1"',
    f'{{"url": "https://partner.example", "secret": "{KEY}"}}',
    f'{{"url": "https://partner.example", "secret": "{KEY.removeprefix("whsec_")}"}}',
    f'{{"url": "https://partner.example", "secret": ["{KEY}", "{OTHER}"]}}',
    '{"url": "https://partner.example", "secret": null}',
    '{"url": "https://maker.ifttt.com/trigger/e/with/key/k", "form": "ifttt"}',
    '{"url": "http://127.0.0.1:8766/hooks/x", "allow_networks": ["127.0.0.0/8"]}',
    '{"url": "http://printer.lan:99", "allow_networks": ["10.0.0.0/8", "fd00::/8"]}',
    '{"url": "https://[fd00::1]/", "allow_networks": ["fd00::/8"]}',
    f'{{"url": "https://partner.example", "secret": "{KEY}", "bundle": 50}}',
]


@pytest.mark.parametrize("endpoint", GOOD)
def test_a_good_endpoint_is_a_target_with_a_lane_of_its_own(loaded, endpoint):
    config = loaded(webhook(endpoint))
    routing = rulebook(config).routing
    assert routing.targets[PARTNER].lane == "webhook:partner"
    assert routing.lanes["webhook:partner"].gate.rates == ()
    assert check(config).cautions == ()


def test_an_endpoint_has_what_the_channel_says(loaded):
    more = ', "rate_limit": "2/1s", "fail_over_after": "9s", "max_age": {"in_stock": "1m"}'
    config = loaded(webhook('{"url": "https://x.example", "bundle": 7}', more))
    routing = rulebook(config).routing
    gate = routing.lanes["webhook:partner"].gate
    assert (gate.rates, gate.bundle) == ((Rate(2, timedelta(seconds=1)),), 7)
    assert routing.targets[PARTNER].fail_over_after == timedelta(seconds=9)


def test_secrets_come_from_one_variable_and_are_never_shown(loaded):
    config = loaded(webhook('{"url": "https://x.example", "secret": "${WHSEC}"}'), {"WHSEC": f"{KEY} {OTHER}"})
    endpoint = config.settings.alerts.channels.webhook.endpoints["partner"]
    assert [secret.reveal() for secret in endpoint.secret] == [KEY, OTHER]
    assert KEY not in repr(config) + repr(list(shown(config)))


URL, SECRET = "alerts.channels.webhook.endpoints.partner.url", "alerts.channels.webhook.endpoints.partner.secret"
BAD = [
    ('"partner.example"', URL.removesuffix(".url"), "https:// is needed"),
    ('{"form": "plain"}', URL, "https:// is needed"),
    ('{"url": "ftp://partner.example"}', URL, "https:// is needed"),
    ('{"url": "https://user:pass@partner.example"}', URL, "https:// is needed"),
    ('{"url": "http://partner.example"}', URL, "allow_networks has to vouch"),
    ('{"url": "https://partner.example:22"}', URL, "443 or 8443"),
    ('{"url": "https://127.0.0.1"}', URL, "a private address"),
    ('{"url": "https://localhost"}', URL, "a private address"),
    ('{"url": "https://[::1]"}', URL, "a private address"),
    ('{"url": "https://169.254.169.254/latest"}', URL, "a private address"),
    ('{"url": "http://192.168.1.5", "allow_networks": ["10.0.0.0/8"]}', URL, "a private address"),
    ('{"url": "https://x.example", "secret": ""}', SECRET, "24 to 64 random bytes"),
    ('{"url": "https://x.example", "secret": " "}', SECRET, "24 to 64 random bytes"),
    ('{"url": "https://x.example", "secret": "whsec_"}', SECRET, "24 to 64 random bytes"),
    ('{"url": "https://x.example", "secret": "whsec_c2hvcnQ="}', SECRET, "24 to 64 random bytes"),
    (f'{{"url": "https://x.example", "secret": ["{KEY}", "x"]}}', SECRET, "24 to 64 random bytes"),
    (f'{{"url": "https://x.example", "secret": "{KEY}", "form": "plain"}}', SECRET, "plain is not signed"),
    ('{"url": "https://x.example", "form": "ifttt", "bundle": 2}', URL.replace("url", "bundle"), "one alert in a body"),
    ('{"url": "https://x.example", "bundle": 0}', URL.replace("url", "bundle"), "1"),
    ('{"url": "https://x.example", "secret": 5}', SECRET, ""),
    ('{"url": "https://x.example", "allow_networks": 5}', URL.replace("url", "allow_networks"), ""),
    ('{"url": "https://x.example", "allow_networks": ["x"]}', URL.replace("url", "allow_networks.0"), "10.0.0.0/8"),
]


@pytest.mark.parametrize(("endpoint", "path", "words"), BAD)
def test_what_is_wrong_with_an_endpoint_is_told_with_its_place(loaded, endpoint, path, words):
    with pytest.raises(InvalidConfigError) as raised:
        loaded(webhook(endpoint))
    told = {detail.path: detail.message for detail in raised.value.details}
    assert words in told[path]
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("key", ["api_base", "join", "templates"])
def test_check_points_out_what_endpoints_have_no_use_for(loaded, key):
    values = {"api_base": '"http://127.0.0.1:9"', "join": '"30m"', "templates": '{"in_stock": "a.j2"}'}
    config = loaded(webhook('"https://x.example"', f', "{key}": {values[key]}'))
    (caution,) = check(config).cautions
    assert caution.path == f"alerts.channels.webhook.{key}"


def test_an_endpoint_of_a_channel_that_is_switched_off_may_be_unfinished(loaded):
    text = webhook('{"url": "${UNSET}", "secret": "${UNSET}", "form": "plain"}', ', "enabled": false')
    assert rulebook(loaded(text, ENVIRON)).routing.targets == {}


def test_the_configuration_of_the_guide_loads(loaded):
    guide = (Path(__file__).parents[2] / "docs/how-to/webhooks.md").read_text()
    text = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)[0]
    hooks = {"ZAPIER_HOOK": "https://hooks.zapier.com/hooks/catch/1/a/", "IFTTT_HOOK": "https://maker.ifttt.com/x"}
    targets = rulebook(loaded(text, {"PARTNER_WHSEC": KEY} | hooks)).routing.targets
    assert {str(target) for target in targets} == {"webhook:partner", "webhook:zapier", "webhook:phone"}


HOSTS = [
    "partner.example", "1.1.1.1", "127.0.0.1", "127.1", "0177.0.0.1", "0x7f.1", "2130706433", "10.0.0.1", "0",
    "224.0.0.1", "100.64.0.1", "168.63.129.16", "192.0.0.8", "255.255.255.255", "localhost", "LOCALHOST",
    "hook.localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:1.1.1.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "[2002:101:101::]", "[2606:4700::1111]", "[fd00::1]", "[fe80::1]", "[::]", "[ff02::1]", "[::1", "",
    "b\u00fccher.example", "\u2603..example", "xn--.example", "a..b", "a" * 64 + ".example", "user@partner.example",
    "partner\\.example", "partner example", "%31",
]  # fmt: skip
NETWORKS = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "fd00::/8", "1.1.1.0/24", "0.0.0.0/0"]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["https", "http", "HTTPS", "ftp"]),
    st.sampled_from(HOSTS) | st.text("ab.-_é1:[]", max_size=8),
    st.sampled_from(["", ":443", ":8443", ":80", ":9000", ":0", ":65536", ":x"]),
    st.sampled_from(["", "/", "/hook?key=1", "/\\", "/a b", "/" + "x" * 2000]),
    st.lists(st.sampled_from(NETWORKS), max_size=2, unique=True),
)
async def test_what_check_passes_sending_calls_and_what_it_refuses_sending_refuses(scheme, host, port, rest, vouched):
    url = f"{scheme}://{host}{port}{rest}"
    passes, called = not [*endpoint_problems({"url": url, "allow_networks": vouched})], await is_called(url, vouched)
    assert called or not passes, url
    assert passes or not called or not url.isascii(), url  # elsewhere a backslash is escaped, and may be refused


async def is_called(url: str, vouched: list[str]) -> bool:
    """A name that somebody has to be asked for is one that they may know."""

    async def resolve(host: str, port: int) -> list[str]:
        host.encode("idna")  # as the system's own does first
        known = map(str, known_addresses(host))
        return [*known] or [str(networks(vouched)[0][0]) if vouched else "1.1.1.1"]

    try:
        destination = Destination.of(Secret(url), networks(vouched), resolve)
        await destination.addresses(destination.url.raw_host or "", destination.url.port or 0)
    except (ValueError, UnreachableError):
        return False
    return True
