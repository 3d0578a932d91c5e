"""A request for a short link as the rule about clicks wants it: its headers, and whether a known program makes it."""

from datetime import datetime

from crawlerdetect import CrawlerDetect  # type: ignore[import-untyped]  # it has no types; one call of it is used
from starlette.requests import Request

from tocsin.rules.click import Visit

# Programs name themselves early, and one of the patterns takes time by the square of the text: 250 ms for 1,300
# characters, 9 s for 8,000. Nobody may hold up the service with one header.
_MOST_OF_AGENT = 256

_CRAWLERS = CrawlerDetect()


def learn_crawlers() -> None:
    """Build the patterns, which takes 40 ms: at start, not while the first reader waits."""
    _CRAWLERS.is_crawler("a first one")


def visit_of(request: Request, at: datetime, sent_at: datetime | None) -> Visit:
    headers = dict(request.headers)
    agent = headers.get("user-agent", "")[:_MOST_OF_AGENT]
    return Visit(method=request.method, headers=headers, by_crawler=_CRAWLERS.is_crawler(agent), at=at, sent_at=sent_at)
