"""Who follows a short link: a person, or a program that looks at it. Unfurling a message never counts as a click."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.click import Click, ClickKind

TOO_SOON = timedelta(seconds=3)
"""Mail scanners open links with a whole browser; what gives them away is that no person had read the message yet."""


TOGETHER = timedelta(seconds=2)
"""Nobody reads so fast that they follow two links of one message within it: whoever does checks them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a short link.

    `headers` have their names in lower case. `by_crawler`: its User-Agent is a known program's. `sent_at` is when the
    provider answered the request that carried the message; None while it has not.
    """

    method: str
    headers: Mapping[str, str]
    by_crawler: bool
    at: datetime
    sent_at: datetime | None


def _said(visit: Visit, *names: str) -> str:
    return " ".join(visit.headers.get(name, "") for name in names).lower()


# The first that fits says what a click is; a person's fits none. Only browsers say what they fetch for, and all of them
# say which languages they want.
_TABLE: tuple[tuple[str, ClickKind, Callable[[Visit], bool]], ...] = (
    ("head", ClickKind.ROBOT, lambda visit: visit.method == "HEAD"),
    ("no_agent", ClickKind.ROBOT, lambda visit: not _said(visit, "user-agent").strip()),
    ("crawler", ClickKind.ROBOT, lambda visit: visit.by_crawler),
    ("ahead", ClickKind.ROBOT, lambda visit: "prefetch" in _said(visit, "sec-purpose", "purpose")),
    ("preview", ClickKind.ROBOT, lambda visit: "preview" in _said(visit, "sec-purpose", "purpose", "x-purpose")),
    ("embedded", ClickKind.ROBOT, lambda visit: _said(visit, "sec-fetch-dest") not in {"", "document"}),
    ("no_language", ClickKind.ROBOT, lambda visit: not _said(visit, "accept-language").strip()),
    ("too_soon", ClickKind.SUSPECT, lambda visit: visit.sent_at is None or visit.at - visit.sent_at < TOO_SOON),
)


def click_of(visit: Visit) -> Click:
    """The click that this visit is, with the reason for its kind."""
    fits = ((why, kind) for why, kind, holds in _TABLE if holds(visit))
    why, kind = next(fits, ("", ClickKind.PERSON))
    return Click(visit.at, kind, why)
