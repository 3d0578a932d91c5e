"""What a person wishes for, between the form of the settings and the preferences that are kept."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.core.address import AddressKind
from tocsin.core.errors import InvalidRequestError, UnknownZoneError
from tocsin.rules.catalog import Catalog
from tocsin.rules.preferences import parse_preferences
from tocsin.web.people.pages.choices import narrowed
from tocsin.web.people.pages.english import say
from tocsin.web.people.pages.form import Fields
from tocsin.web.people.pages.sheet import moment

_TEXTS, _MAILS = AddressKind.PHONE.channel, AddressKind.MAILBOX.channel
_FIELDS = {"quiet": "quiet_from", f"channels.{_MAILS}": "digest"}
_MOST_DIGITS = 6


def wished(kept: Mapping[str, Any], fields: Fields, catalog: Catalog) -> dict[str, Any]:
    """What the page shows, in place of what it showed; whatever else is preferred stays. Raises InvalidRequestError."""
    wishes = dict(kept)
    wishes["match"] = narrowed(catalog, kept.get("match", {}), fields.all("product"))
    wishes["quiet"] = _quiet(fields, kept.get("quiet") or {})
    channels = dict(kept.get("channels", {}))
    if fields.one("texts"):
        _prefer(channels, _TEXTS, "per_day", _count(fields.one("per_day")))
    if fields.one("mails"):
        _prefer(channels, _MAILS, "digest", fields.one("digest") or None)
        wishes["questions"] = None if fields.one("questions") else False
    wishes["channels"] = _without_nothing(channels)
    wishes = _without_nothing(wishes)
    parse_preferences(wishes)
    return wishes


def per_day(kept: Mapping[str, Any]) -> str:
    return str(_preferred(kept, _TEXTS).get("per_day") or "")


def digest(kept: Mapping[str, Any]) -> str:
    return str(_preferred(kept, _MAILS).get("digest") or "")


def mute_row(mute: Mapping[str, Any]) -> dict[str, str]:
    """What is muted, in the words of its match."""
    values = (each if isinstance(each, list) else [each] for each in mute.get("match", {}).values())
    until = mute.get("until")
    return {
        "key": mute_key(mute),
        "what": ", ".join(str(word) for value in values for word in value),
        "until": say("mute_until", until=moment(datetime.fromisoformat(until))) if until else "",
    }


def mute_key(mute: Mapping[str, Any]) -> str:
    return json.dumps(mute, sort_keys=True)


def problems_of(problem: InvalidRequestError) -> dict[str, str]:
    """By the field of the page that each is about."""
    if isinstance(problem, UnknownZoneError):
        return {"zone": say("bad_zone")}
    told = problem.details[0] if problem.details else None
    path = told.path if told else ""
    field = next((field for start, field in _FIELDS.items() if path.startswith(start)), "per_day")
    return {field: say("bad_wishes", problem=told.message if told else problem.message)}


def _quiet(fields: Fields, kept: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where both times are empty. What is loud stays so."""
    start, end = fields.one("quiet_from"), fields.one("quiet_to")
    if not (start or end):
        return None
    loud = {"except": kept["except"]} if kept.get("except") else {}
    return {"from": start, "to": end, "do": fields.one("quiet_do") or "hold"} | loud


def _preferred(kept: Mapping[str, Any], channel: str) -> Mapping[str, Any]:
    told: Mapping[str, Any] = kept.get("channels", {}).get(channel, {})
    return told


def _prefer(channels: dict[str, Any], channel: str, key: str, value: Any) -> None:
    channels[channel] = _without_nothing(dict(channels.get(channel, {})) | {key: value})


def _count(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise InvalidRequestError("must be a whole number")
    return int(text)


def _without_nothing(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if value not in (None, {}, [])}
