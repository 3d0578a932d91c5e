"""The fields of a message as Firebase documents them (HTTP v1, "Message"): what is not here is refused.

Names are taken as they are written here and in camel case (ProtoJSON).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tocsin.sandbox.firebase.refusal import wrong_message

Check = Callable[[Any, str], None]

LONGEST_TTL = timedelta(weeks=4)
_DURATION = re.compile(r"(\d{1,12})(?:\.\d{1,9})?s")
_LABEL = re.compile(r"[a-zA-Z0-9\-_.~%]{1,50}")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_TOPIC = re.compile(r"[a-zA-Z0-9\-_.~%]{1,900}")
_RESERVED = re.compile(r"from|message_type|(?:google\.|gcm\.notification\.).*|gcm|google")
MOST_COLLAPSE_ID = 64  # bytes


def at(value: Mapping[str, Any], name: str) -> Any:
    """A field by its name, whichever way it is written."""
    return value.get(name, value.get(_camel(name)))


def text(value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise wrong_message(path, f"Invalid value at '{path}' (TYPE_STRING)")


def flag(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise wrong_message(path, f"Invalid value at '{path}' (TYPE_BOOL)")


def number(value: Any, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_message(path, f"Invalid value at '{path}' (TYPE_INT32)")


def anything(value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise wrong_message(path, f"Invalid value at '{path}' (TYPE_MESSAGE)")


def one_of(*words: str) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value.upper() not in words:
            raise wrong_message(path, f"Invalid value at '{path}' (TYPE_ENUM), {value!r}")

    return check


def matching(pattern: re.Pattern[str], words: str) -> Check:
    def check(value: Any, path: str) -> None:
        text(value, path)
        if not pattern.fullmatch(value):
            raise wrong_message(path, words)

    return check


def texts(value: Any, path: str) -> None:
    anything(value, path)
    for key, one in value.items():
        text(one, f"{path}[{key}]")


def data(value: Any, path: str) -> None:
    texts(value, path)
    for key in value:
        if _RESERVED.fullmatch(key):
            raise wrong_message(path, f"Invalid data payload key: {key}")


def ttl(value: Any, path: str) -> None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong_message(
            path, f"Invalid value at '{path}' (type.googleapis.com/google.protobuf.Duration), {value!r}"
        )
    if int(found[1]) > LONGEST_TTL.total_seconds():
        raise wrong_message(path, f"Invalid TTL at '{path}': at most {LONGEST_TTL.total_seconds():.0f}s")


def moment(value: Any, path: str) -> None:
    try:
        told = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        raise wrong_message(path, f"Invalid value at '{path}' (type.googleapis.com/google.protobuf.Timestamp)")


def https(value: Any, path: str) -> None:
    text(value, path)
    if not value.startswith("https://"):
        raise wrong_message(path, f"Invalid URL at '{path}': HTTPS is required")


def apns_headers(value: Any, path: str) -> None:
    texts(value, path)
    if len(value.get("apns-collapse-id", "").encode()) > MOST_COLLAPSE_ID:
        raise wrong_message(f"{path}[apns-collapse-id]", "BadCollapseId")
    if value.get("apns-priority", "10") not in ("10", "5", "1"):
        raise wrong_message(f"{path}[apns-priority]", "BadPriority")
    if not value.get("apns-expiration", "0").isdecimal():
        raise wrong_message(f"{path}[apns-expiration]", "BadExpirationDate")


def aps(value: Any, path: str) -> None:
    anything(value, path)
    told = value.get("aps")
    if told is None:
        return
    anything(told, f"{path}.aps")
    if told.get("interruption-level", "active") not in ("passive", "active", "time-sensitive", "critical"):
        raise wrong_message(f"{path}.aps.interruption-level", "Invalid interruption level")
    for key, kind in (("thread-id", str), ("category", str), ("badge", int), ("mutable-content", int)):
        if not isinstance(told.get(key, kind()), kind):
            raise wrong_message(f"{path}.aps.{key}", "Invalid value")


def listed(check: Check) -> Check:
    def every(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong_message(path, f"Invalid value at '{path}' (TYPE_LIST)")
        for place, one in enumerate(value):
            check(one, f"{path}[{place}]")

    return every


def record(fields: Mapping[str, Check]) -> Check:
    """An object of these fields and no others."""
    names = {**fields, **{_camel(name): check for name, check in fields.items()}}

    def check(value: Any, path: str) -> None:
        anything(value, path)
        for name, one in value.items():
            if name not in names:
                raise wrong_message(
                    path, f"Invalid JSON payload received. Unknown name \"{name}\" at '{path}': Cannot find field."
                )
            if one is not None:
                names[name](one, f"{path}.{name}".lstrip("."))

    return check


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


_OPTIONS = record({"analytics_label": matching(_LABEL, "Invalid analytics label")})
_LIGHTS = record({"color": anything, "light_on_duration": ttl, "light_off_duration": ttl})
_ANDROID_NOTIFICATION = record(
    {
        "title": text, "body": text, "icon": text, "color": matching(_COLOR, "Invalid color"), "sound": text,
        "tag": text, "click_action": text, "body_loc_key": text, "body_loc_args": listed(text),
        "title_loc_key": text, "title_loc_args": listed(text), "channel_id": text, "ticker": text,
        "sticky": flag, "event_time": moment, "local_only": flag,
        "notification_priority": one_of(
            "PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH", "PRIORITY_MAX"
        ),
        "default_sound": flag, "default_vibrate_timings": flag, "default_light_settings": flag,
        "vibrate_timings": listed(ttl), "visibility": one_of("VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"),
        "notification_count": number, "light_settings": _LIGHTS, "image": https, "bypass_proxy_notification": flag,
        "proxy": one_of("PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"),
    }
)  # fmt: skip
MESSAGE = record(
    {
        "name": text, "data": data, "token": text, "fid": text, "condition": text,
        "topic": matching(_TOPIC, "Malformed topic name"),
        "notification": record({"title": text, "body": text, "image": https}),
        "android": record(
            {
                "collapse_key": text, "priority": one_of("NORMAL", "HIGH"), "ttl": ttl,
                "restricted_package_name": text, "data": data, "notification": _ANDROID_NOTIFICATION,
                "fcm_options": _OPTIONS, "direct_boot_ok": flag, "bandwidth_constrained_ok": flag,
                "restricted_satellite_ok": flag,
            }
        ),
        "android_v2": anything,
        "apns": record(
            {
                "headers": apns_headers, "payload": aps, "live_activity_token": text,
                "fcm_options": record(
                    {"analytics_label": matching(_LABEL, "Invalid analytics label"), "image": https}
                ),
            }
        ),
        "webpush": record(
            {
                "headers": texts, "data": data, "notification": anything,
                "fcm_options": record(
                    {"analytics_label": matching(_LABEL, "Invalid analytics label"), "link": https}
                ),
            }
        ),
        "fcm_options": _OPTIONS,
    }
)  # fmt: skip
REQUEST = record({"validate_only": flag, "message": MESSAGE})
