"""What Discord takes in a webhook message, in our own words; a test holds this table to the official specification.

Source: Discord documentation, "Webhook Resource", "Message Resource" (embed limits, allowed mentions) and
"Component Reference".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.sandbox.discord.form import (
    Choice,
    Flag,
    Form,
    Many,
    Moment,
    OneOf,
    Path,
    Problems,
    Rule,
    Snowflake,
    Text,
    Url,
    Whole,
)

EMBED_TEXT_SUM = 6000
COMPONENTS_SUM = 40
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 4, 4096, 32768
MAY_SEND, MAY_EDIT = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2, SUPPRESS_EMBEDS | COMPONENTS_V2
BUTTON, LINK_STYLE = 2, 5

LINK = Url(2048)
MEDIA = Url(2048, ("http", "https", "attachment"))
PICTURE = Form({"url": MEDIA, "description": Text(4096), "placeholder": Text(64)})
EMBED = Form(
    {
        "title": Text(256),
        "description": Text(4096),
        "url": LINK,
        "color": Whole(0, 0xFFFFFF),
        "timestamp": Moment(),
        "author": Form({"name": Text(256), "url": LINK, "icon_url": MEDIA}),
        "footer": Form({"text": Text(2048), "icon_url": MEDIA}),
        "image": PICTURE,
        "thumbnail": PICTURE,
        "fields": Many(
            Form({"name": Text(256), "value": Text(1024), "inline": Flag()}, required=("name", "value")), 25
        ),
    }
)
ALLOWED_MENTIONS = Form(
    {
        "parse": Many(Choice(("users", "roles", "everyone")), 1521, unique=True, nulls=True),
        "users": Many(Snowflake(), 100, unique=True, nulls=True),
        "roles": Many(Snowflake(), 100, unique=True, nulls=True),
        "replied_user": Flag(),
    }
)

COMPONENT_ID = Whole(0, 2**31 - 1)
EMOJI = Form({"id": Snowflake(), "name": Text(32)}, required=("name",))
BUTTON_FORM = Form(
    {
        "style": Choice((1, 2, 3, 4, 5, 6)),
        "label": Text(80),
        "url": Url(512),
        "custom_id": Text(100, 1),
        "sku_id": Snowflake(),
        "disabled": Flag(),
        "emoji": EMOJI,
        "id": COMPONENT_ID,
    },
    required=("style",),
)
UNFURLED = Form({"url": MEDIA}, required=("url",))
TEXT_DISPLAY = Form({"content": Text(4000, 1), "id": COMPONENT_ID}, required=("content",))
THUMBNAIL = Form({"media": UNFURLED, "description": Text(1024, 1), "spoiler": Flag()}, required=("media",))
ACTION_ROW = Form({"components": Many(OneOf({BUTTON: BUTTON_FORM}), 5, 1), "id": COMPONENT_ID}, ("components",))
SECTION = Form(
    {
        "components": Many(OneOf({10: TEXT_DISPLAY}), 3, 1),
        "accessory": OneOf({BUTTON: BUTTON_FORM, 11: THUMBNAIL}),
        "id": COMPONENT_ID,
    },
    required=("components", "accessory"),
)
GALLERY_ITEM = Form({"media": UNFURLED, "description": Text(1024, 1), "spoiler": Flag()}, required=("media",))
LAYOUT: Mapping[int, Rule] = {
    1: ACTION_ROW,
    9: SECTION,
    10: TEXT_DISPLAY,
    12: Form({"items": Many(GALLERY_ITEM, 10, 1), "id": COMPONENT_ID}, required=("items",)),
    14: Form({"spacing": Choice((1, 2)), "divider": Flag(), "id": COMPONENT_ID}),
}
CONTAINER = Form(
    {"components": Many(OneOf(LAYOUT), 40, 1), "accent_color": Whole(0, 0xFFFFFF), "spoiler": Flag()},
    required=("components",),
)
COMPONENTS = Many(OneOf({**LAYOUT, 17: CONTAINER}), 40)

MESSAGE: Mapping[str, Rule] = {
    "content": Text(2000),
    "embeds": Many(EMBED, 10),
    "allowed_mentions": ALLOWED_MENTIONS,
    "tts": Flag(),
    "flags": Whole(-(2**63), 2**63 - 1),
    "username": Text(80, 1),
    "avatar_url": LINK,
    "thread_name": Text(100),
    "applied_tags": Many(Snowflake(), 5),
}


def check_message(body: dict[str, Any], *, with_components: bool, editing: bool = False) -> Problems:
    """Everything that is wrong with it, at once. Components are looked at only where the call asks for them."""
    problems = Problems()
    fields = dict(MESSAGE) | ({"components": COMPONENTS} if with_components else {})
    Form(fields).check(body, (), problems)
    if not problems:
        _check_together(body, problems, with_components=with_components, may=MAY_EDIT if editing else MAY_SEND)
    return problems


def is_empty(body: Mapping[str, Any], *, with_components: bool) -> bool:
    """Nothing to show: 50006. An embed without any text or picture shows nothing."""
    embeds = any(set(embed) - {"color", "type"} for embed in body.get("embeds") or ())
    components = with_components and body.get("components")
    return not ((body.get("content") or "").strip() or embeds or components or body.get("poll"))


def embed_texts(embed: Mapping[str, Any]) -> Iterator[str]:
    """The texts whose sum is limited."""
    yield from (embed.get("title") or "", embed.get("description") or "")
    yield (embed.get("author") or {}).get("name") or ""
    for field in embed.get("fields") or ():
        yield from (field["name"], field["value"])
    yield (embed.get("footer") or {}).get("text") or ""


def component_texts(components: list[Any]) -> Iterator[str]:
    for component in components:
        yield component.get("content") or ""
        yield from component_texts(component.get("components") or [])


def _check_together(body: Mapping[str, Any], problems: Problems, *, with_components: bool, may: int) -> None:
    """The rules between fields, which the official specification cannot say."""
    _check_embed_sum(body, problems)
    _check_mentions(body.get("allowed_mentions") or {}, problems)
    _check_username(body.get("username") or "", problems)
    _check_flags(body, problems, may)
    if with_components:
        _check_components(body, problems)


def _check_embed_sum(body: Mapping[str, Any], problems: Problems) -> None:
    counted = sum(len(text.strip()) for embed in body.get("embeds") or () for text in embed_texts(embed))
    if counted > EMBED_TEXT_SUM:
        problems.add(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TEXT_SUM}")


def _check_mentions(allowed: Mapping[str, Any], problems: Problems) -> None:
    for kind in ("users", "roles"):
        if allowed.get(kind) and kind in (allowed.get("parse") or ()):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def _check_username(username: str, problems: Problems) -> None:
    for word in ("clyde", "discord"):
        if word in username.lower():
            problems.add(("username",), "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')


def _check_flags(body: Mapping[str, Any], problems: Problems, may: int) -> None:
    flags = body.get("flags") or 0
    if flags & ~may:
        problems.add(("flags",), "FLAGS_NOT_ALLOWED", "These flags cannot be set here.")
    if flags & COMPONENTS_V2:
        for name in ("content", "embeds", "poll"):
            if body.get(name):
                message = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                problems.add((name,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)


def _check_components(body: Mapping[str, Any], problems: Problems) -> None:
    found = list(_walk(body.get("components") or [], ("components",)))
    if len(found) > COMPONENTS_SUM:
        problems.add(("components",), "BASE_TYPE_BAD_LENGTH", f"Must be {COMPONENTS_SUM} or fewer in total.")
    for component, path in found:
        if component["type"] == BUTTON:
            _check_button(component, path, problems)
        elif component["type"] != 1 and not (body.get("flags") or 0) & COMPONENTS_V2:
            problems.add(path, "COMPONENT_TYPE_INVALID", "This component needs the flag IS_COMPONENTS_V2.")


def _check_button(button: Mapping[str, Any], path: Path, problems: Problems) -> None:
    """A webhook that no application owns may not ask for interactions: links only."""
    if button["style"] != LINK_STYLE:
        problems.add((*path, "style"), "BASE_TYPE_CHOICES", "This webhook may send link buttons only.")
    elif not button.get("url"):
        problems.add((*path, "url"), "BASE_TYPE_REQUIRED", "A url is required for a link button.")
    elif button.get("custom_id"):
        problems.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE", "A link has no custom id.")
    if not (button.get("label") or button.get("emoji")):
        problems.add((*path, "label"), "BUTTON_COMPONENT_INVALID_CONTENT", "A button needs a label or an emoji.")


def _walk(components: list[Any], path: Path) -> Iterator[tuple[Mapping[str, Any], Path]]:
    for number, component in enumerate(components):
        here = (*path, number)
        yield component, here
        yield from _walk(component.get("components") or [], (*here, "components"))
        if accessory := component.get("accessory"):
            yield accessory, (*here, "accessory")
