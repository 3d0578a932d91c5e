"""Whole files: the seed's, and one that uses everything."""

from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.config.scenes import ENVIRON, HERE
from tests.material import SHARED, needs

from tocsin.config.configuration import Config
from tocsin.config.policy import rulebook
from tocsin.config.reading.loading import load
from tocsin.config.report import check
from tocsin.core.alert import AlertType
from tocsin.core.delivery import Target
from tocsin.core.errors import InvalidConfigError
from tocsin.rules.quiet import QuietAction
from tocsin.rules.window import Rate
from tocsin.wiring import judge

HIGH, GENERAL, STAFF = (Target("discord", name) for name in ("high_priority", "general", "staff"))


def block(page: Path, after: str) -> str:
    text = page.read_text()
    return text[text.index(after) :].partition("```json")[2].partition("```")[0]


@pytest.fixture
def community() -> Config:
    return load(HERE / "community.json", ENVIRON)


def test_the_seed_file_loads_as_it_stands_and_means_what_it_says():
    config = load(HERE / "mission.json", ENVIRON)
    channels = config.settings.alerts.channels
    assert channels.discord is not None
    assert channels.discord.rate_limit == Rate(10, timedelta(minutes=1))
    assert channels.sms is not None
    assert (channels.sms.from_number, channels.sms.max_recipients) == ("+1234567890", 5)
    assert channels.push is not None
    assert not channels.push.enabled
    assert channels.push.firebase_config == HERE / "firebase.json"
    rules = rulebook(config)
    assert rules.filters.priority_skus == {"6634940", "6632394"}
    assert rules.filters.min_price_drop_percent == 10
    assert set(rules.routing.targets) == {HIGH, GENERAL, Target("sms", "everyone")}


def test_what_the_seed_file_leaves_open_is_reported():
    report = check(load(HERE / "mission.json", ENVIRON))
    assert ("alerts.channels.sms.verify_service", "mission.json:12:7") in {
        (each.path, each.place) for each in report.cautions
    }
    assert report.found == {
        "channels": 2,
        "webhooks": 2,
        "lists": 0,
        "routes": 3,
        "products": 0,
        "retailers": 0,
        "tokens": 0,
    }


def test_the_seed_file_names_each_of_its_four_variables_when_none_is_set():
    with pytest.raises(InvalidConfigError) as raised:
        load(HERE / "mission.json", {})
    assert [detail.path.rsplit(".", 1)[1] for detail in raised.value.details] == [
        "high_priority",
        "general",
        "twilio_sid",
        "twilio_auth",
    ]
    assert raised.value.details[0].message == "mission.json:7:11: the variable DISCORD_WEBHOOK_HIGH is not set"


@needs(SHARED / "mission.md", SHARED / "config.md")
@pytest.mark.parametrize(("page", "after"), [("mission.md", "### 7."), ("config.md", "## Shape")])
def test_the_files_of_the_shared_pages_load(page: str, after: str, tmp_path: Path):
    path = tmp_path / "alerts.json"
    path.write_text(block(SHARED / page, after))
    (tmp_path / "join.txt").write_text("I agree.")
    rulebook(load(path, ENVIRON))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b" \n", "is empty"),
        (b"\xff", "not UTF-8"),
        (b"x" * 10_001, "larger than"),
    ],
)
def test_what_people_agree_to_is_there_or_nothing_starts(content: bytes | None, said: str, tmp_path: Path):
    path = tmp_path / "alerts.json"
    path.write_text('{"people": {"signup": true, "wordings": {"join": "join.txt"}}}')
    if content is not None:
        (tmp_path / "join.txt").write_bytes(content)
    with pytest.raises(InvalidConfigError, match=rf"people\.wordings\.join: .*join\.txt .*{said}"):
        judge(load(path, {}))


@needs(SHARED / "mission.md")
def test_the_seed_file_of_the_shared_page_is_the_one_tested_here():
    text = block(SHARED / "mission.md", "### 7.")
    assert text.split() == (HERE / "mission.json").read_text().split()


def test_unset_variables_of_disabled_channels_do_not_matter(community: Config):
    channels = community.settings.alerts.channels
    assert channels.sms is not None
    assert channels.sms.twilio_sid is None
    assert channels.sms.lists.keys() == {"vip", "members"}


def test_every_block_reaches_the_rules(community: Config):
    rules = rulebook(community)
    assert rules.catalog.products["rtx-5090-fe"].min_price == Decimal(1500)
    assert rules.catalog.products["rtx-5090-fe"].max_price == Decimal("2199.99")
    assert rules.catalog.retailers["bestbuy"].to == (GENERAL,)
    assert rules.filters.excluded_retailers == {"bestbuy"}
    assert rules.filters.max_age[AlertType.PRICE_DROP] == timedelta(hours=3)
    assert rules.filters.max_age[AlertType.BACK_ORDER] == timedelta(hours=24)
    dedup = rules.dedup.policy
    assert (dedup.realert, dedup.close_after_silence) == ("episode", timedelta(minutes=45))
    assert dedup.by_type == {AlertType.IN_STOCK: timedelta(minutes=30)}


def test_routes_keep_their_order_and_all_that_they_say(community: Config):
    gpu, rest = rulebook(community).routing.routes
    assert (gpu.name, gpu.to, gpu.fallback, gpu.parallel) == ("gpu", (HIGH, Target("sms", "vip")), (GENERAL,), True)
    assert (rest.name, rest.match.unrouted, rest.stop) == ("route 2", True, True)


def test_a_lane_has_what_its_channel_says(community: Config):
    lane = rulebook(community).routing.lanes["discord:high_priority"]
    assert lane.channel == "discord"
    assert lane.gate.rates == (
        Rate(30, timedelta(minutes=1)),
        Rate(5, timedelta(seconds=2)),
        Rate(30, timedelta(minutes=1)),
    )
    assert (lane.gate.share, lane.gate.bundle) == (0.1, 10)


def test_a_target_has_what_its_channel_and_its_webhook_say(community: Config):
    policy = rulebook(community).routing.targets[HIGH]
    assert policy.lane == "discord:high_priority"
    assert policy.max_age[AlertType.IN_STOCK] == timedelta(minutes=5)
    assert policy.max_age[AlertType.PRICE_DROP] == timedelta(hours=3)
    assert (policy.fail_over_after, policy.on_lost_answer) == (timedelta(seconds=20), "resend")
    assert policy.shadow
    everyone, role = policy.mentions
    assert (everyone.everyone, everyone.budget) == (True, Rate(1, timedelta(minutes=10)))
    assert role.roles == ("1180000000000000002",)
    assert policy.quiet is not None
    assert policy.quiet.do is QuietAction.SILENT
    assert (policy.quiet.hours.start, policy.quiet.hours.end) == (time(23), time(7))
    assert policy.quiet.hours.loud is not None
    assert policy.quiet.hours.loud.min_priority == 10


def test_only_channels_that_this_version_has_are_targets(community: Config):
    assert set(rulebook(community).routing.targets) == {HIGH, GENERAL, STAFF}


def test_relative_paths_start_at_the_file(community: Config):
    assert community.settings.storage.url.reveal() == f"sqlite:///{HERE}/data/tocsin.db"
    assert community.local_token_file == HERE / "data/tocsin.token"
    assert community.settings.env_file == HERE / ".env"


def test_without_a_file_there_are_defaults_and_no_channels():
    config = load(None, {})
    assert config.settings.storage.url.reveal() == f"sqlite:///{Path.cwd()}/tocsin.db"
    assert (config.settings.server.host, config.settings.server.port) == ("127.0.0.1", 8765)
    assert list(config.settings.alerts.channels.enabled()) == []
    assert rulebook(config).routing.targets == {}
    assert config.public_url is None
