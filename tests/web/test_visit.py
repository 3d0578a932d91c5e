"""Who is taken for a person, by the headers that browsers, previews and scanners send."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from tocsin.core.click import ClickKind
from tocsin.rules.click import click_of
from tocsin.web.visit import visit_of

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
CUBOT = "Mozilla/5.0 (Linux; Android 15; CUBOT NOTE) AppleWebKit/537.36 Chrome/139.0 Mobile Safari/537.36"
PROXY = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.10; rv:38.0) Gecko/20100101 Firefox/38.0"
GERMAN = {"accept-language": "de-DE,de;q=0.9"}
PAGE = {**GERMAN, "sec-fetch-dest": "document"}

PERSONS = {
    "Chrome": (CHROME, PAGE),
    "Safari on a phone": (f"{IPHONE} Version/18.6 Mobile/15E148 Safari/604.1", PAGE),
    "a phone whose name ends in bot": (CUBOT, PAGE),
    "inside Instagram": (f"{IPHONE} Mobile/22G86 Instagram 390.0.0.28.85 (iPhone16,1; iOS 18_6; de_DE)", GERMAN),
    "an old browser without fetch metadata": ("Mozilla/5.0 (X11; Linux x86_64; rv:78.0) Firefox/78.0", GERMAN),
}
ROBOTS = {
    "Discord": ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", GERMAN),
    "Discord's proxy of pictures": (PROXY, {}),
    "Slack": ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", {}),
    "Slack's proxy of pictures": ("Slack-ImgProxy (+https://api.slack.com/robots)", {}),
    "Telegram": ("TelegramBot (like TwitterBot)", {}),
    "WhatsApp": ("WhatsApp/2.23.20.0", {}),
    "X": ("Twitterbot/1.0", {}),
    "Facebook": ("facebookexternalhit/1.1", GERMAN),
    "Skype": ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", GERMAN),
    "Mastodon": ("Mastodon/4.5.0 (http.rb/5.3.1; +https://social.example/) Bot", {}),
    "Google": ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", GERMAN),
    "Google's proxy of mail": (
        "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        {},
    ),
    "curl": ("curl/8.14.1", {}),
    "a library": ("python-requests/2.34.2", {}),
    "nobody": ("", GERMAN),
    "a page fetched ahead": (CHROME, {**PAGE, "sec-purpose": "prefetch"}),
    "a page drawn ahead": (CHROME, {**PAGE, "sec-purpose": "prefetch;prerender"}),
    "a pane beside the mail": (IPHONE, {**PAGE, "x-purpose": "preview"}),
    "a picture in a page": (CHROME, {**GERMAN, "sec-fetch-dest": "image"}),
    "a script in a page": (CHROME, {**GERMAN, "sec-fetch-dest": "empty"}),
    "a scanner without languages": (CHROME, {}),
}


def request(agent: str, headers: dict[str, str]) -> Request:
    said = {"user-agent": agent, **headers}
    lines = [(name.encode(), value.encode()) for name, value in said.items()]
    return Request({"type": "http", "method": "GET", "path": "/r/k", "headers": lines})


def kind(agent: str, headers: dict[str, str]) -> ClickKind:
    return click_of(visit_of(request(agent, headers), NOW, NOW - timedelta(minutes=1))).kind


@pytest.mark.parametrize("name", PERSONS)
def test_a_person_is_taken_for_one(name: str):
    assert kind(*PERSONS[name]) is ClickKind.PERSON


@pytest.mark.parametrize("name", ROBOTS)
def test_what_unfurls_or_scans_is_a_robot(name: str):
    assert kind(*ROBOTS[name]) is ClickKind.ROBOT


def test_an_endless_agent_is_read_only_where_programs_name_themselves():
    """The patterns take time by the square of what they are given."""
    assert not visit_of(request("x" * 2_000 + " Googlebot", GERMAN), NOW, NOW).by_crawler
    assert visit_of(request("Googlebot " + "x" * 60_000, GERMAN), NOW, NOW).by_crawler
