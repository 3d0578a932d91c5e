"""Our rules for a message against Discord's own specification: the same verdict on both sides of every limit."""

from functools import cache
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.material import DISCORD_SPEC, needs

from tocsin.sandbox.discord.rules import check_message, is_empty

FEW = settings(max_examples=150, deadline=None)


@cache
def official() -> Draft202012Validator:
    spec = orjson.loads(DISCORD_SPEC.read_bytes())
    root = {"$ref": "#/components/schemas/IncomingWebhookRequestPartial", "components": spec["components"]}
    return Draft202012Validator(root)


def around(limit: int) -> st.SearchStrategy[str]:
    """Texts just below, at and just above a limit, and short ones; without white space around, which is not counted."""
    lengths = st.sampled_from([0, 1, limit - 1, limit, limit + 1])
    return st.builds(lambda letter, length: letter * length, st.sampled_from("aé字😀"), lengths)


def url(limit: int) -> st.SearchStrategy[str]:
    lengths = st.sampled_from([30, limit - 1, limit, limit + 1])
    return lengths.map(lambda length: "https://example.org/".ljust(length, "a"))


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Now and then something of another type."""
    wrong = st.sampled_from([None, 7, 1.5, True, "text", [], {}, [None], {"a": 1}])
    return st.one_of(right, right, right, right, right, right, right, wrong)


def some(keys: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: mostly(value) for name, value in keys.items()})


def many(item: st.SearchStrategy[Any], limit: int) -> st.SearchStrategy[list[Any]]:
    few = st.lists(item, max_size=2)
    full = st.builds(lambda one, length: [one] * length, item, st.sampled_from([limit, limit + 1]))
    return st.one_of(few, few, full)


SNOWFLAKES = st.sampled_from(["0", "1180000000000000002", "01", "x", "", "-1"])
PICTURE = some({"url": url(2048)})
EMBED = some(
    {
        "title": around(256),
        "description": around(4096),
        "url": url(2048),
        "color": st.sampled_from([-1, 0, 0xFFFFFF, 0x1000000]),
        "timestamp": st.just("2026-11-23T12:00:00Z"),
        "author": some({"name": around(256), "url": url(2048), "icon_url": url(2048)}),
        "footer": some({"text": around(2048), "icon_url": url(2048)}),
        "image": PICTURE,
        "thumbnail": PICTURE,
        "fields": many(some({"name": around(256), "value": around(1024), "inline": st.booleans()}), 25),
    }
)
BUTTON = some(
    {
        "style": st.sampled_from([0, 1, 5, 6, 7]),
        "label": around(80),
        "url": url(512),
        "custom_id": around(100),
        "disabled": st.booleans(),
        "emoji": some({"id": SNOWFLAKES, "name": around(32)}),
    }
).map(lambda button: {"type": 2, **button})
TEXT_DISPLAY = some({"content": around(4000)}).map(lambda text: {"type": 10, **text})
SECTION = some({"components": many(TEXT_DISPLAY, 3), "accessory": BUTTON}).map(lambda one: {"type": 9, **one})
ROW = some({"components": many(BUTTON, 5), "id": st.sampled_from([-1, 0, 5])}).map(lambda row: {"type": 1, **row})
MESSAGE = some(
    {
        "content": around(2000),
        "username": around(80),
        "avatar_url": url(2048),
        "tts": st.booleans(),
        "flags": st.sampled_from([0, 4, 4096]),
        "thread_name": around(100),
        "applied_tags": many(SNOWFLAKES, 5),
        "embeds": many(EMBED, 10),
        "allowed_mentions": some(
            {
                "parse": many(st.sampled_from(["users", "roles", "everyone", "here"]), 2),
                "users": many(SNOWFLAKES, 100),
                "roles": st.integers(99, 101).map(lambda count: [str(number) for number in range(1, count)]),
            }
        ),
    }
)
# Rules of Discord that its specification cannot say; every other verdict has to be the same.
OURS = {
    "COMPONENT_TYPE_INVALID",
    "FLAGS_NOT_ALLOWED",
    "DATE_TIME_TYPE_PARSE",
    "MAX_EMBED_SIZE_EXCEEDED",
    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    "URL_TYPE_INVALID_SCHEME",
    "BUTTON_COMPONENT_INVALID_CONTENT",
    "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE",
}


def codes(tree: dict[str, Any]) -> set[str]:
    return {error["code"] for error in tree.get("_errors", ())}.union(
        *(codes(branch) for name, branch in tree.items() if name != "_errors")
    )


def agree(body: dict[str, Any]) -> None:
    found = codes(check_message(body, with_components=True).tree())
    if found <= OURS and found:
        assert official().is_valid(body)
    else:
        assert bool(found) is not official().is_valid(body), (found, body)


@needs(DISCORD_SPEC)
@FEW
@given(MESSAGE)
@example({"embeds": [{"timestamp": 7}]})
def test_a_message_gets_the_verdict_of_the_specification(body: dict[str, Any]) -> None:
    agree(body)


@needs(DISCORD_SPEC)
@FEW
@given(many(st.one_of(ROW, SECTION, TEXT_DISPLAY), 40).map(lambda components: {"components": components}))
def test_components_get_the_verdict_of_the_specification(body: dict[str, Any]) -> None:
    link_rules = {"BASE_TYPE_CHOICES", "BASE_TYPE_REQUIRED", "BASE_TYPE_BAD_LENGTH"}
    found = codes(check_message(body, with_components=True).tree())
    if official().is_valid(body):
        assert found <= OURS | link_rules
    else:
        assert found - OURS


def test_only_link_buttons_may_be_sent_and_they_need_an_address() -> None:
    def verdict(**button: Any) -> set[str]:
        row = {"type": 1, "components": [{"type": 2, **button}]}
        return codes(check_message({"content": "x", "components": [row]}, with_components=True).tree())

    assert verdict(style=5, label="Buy", url="https://example.org") == set()
    assert verdict(style=1, label="Buy", custom_id="x") == {"BASE_TYPE_CHOICES"}
    assert verdict(style=5, label="Buy") == {"BASE_TYPE_REQUIRED"}
    assert verdict(style=5, label="Buy", url="javascript:alert(1)") == {"URL_TYPE_INVALID_SCHEME"}
    assert verdict(style=5, url="https://example.org") == {"BUTTON_COMPONENT_INVALID_CONTENT"}


@pytest.mark.parametrize(("spare", "accepted"), [(0, True), (1, False)])
def test_the_texts_of_all_embeds_together_have_a_limit(spare: int, *, accepted: bool) -> None:
    full = {"title": "t" * 256, "description": "d" * 4096, "author": {"name": "a" * 256}}
    rest = {"fields": [{"name": "n" * 256, "value": "v" * 1024}], "footer": {"text": "f" * (112 + spare)}}
    problems = check_message({"embeds": [full, rest]}, with_components=False)
    assert codes(problems.tree()) == (set() if accepted else {"MAX_EMBED_SIZE_EXCEEDED"})


def test_white_space_around_a_text_is_not_counted() -> None:
    embed = {"title": " \n" * 200 + "t" * 256 + " " * 50}
    assert not check_message({"embeds": [embed]}, with_components=False)


def test_who_may_be_mentioned_is_said_once() -> None:
    both = {"parse": ["roles"], "roles": ["1180000000000000002"]}
    tree = check_message({"content": "x", "allowed_mentions": both}, with_components=False).tree()
    assert codes(tree) == {"MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"}
    apart = {"parse": ["everyone"], "roles": ["1180000000000000002"]}
    assert not check_message({"content": "x", "allowed_mentions": apart}, with_components=False)


@pytest.mark.parametrize(
    ("flags", "editing", "accepted"), [(4096, False, True), (4096, True, False), (64, False, False), (4, True, True)]
)
def test_only_some_flags_may_be_set(flags: int, *, editing: bool, accepted: bool) -> None:
    assert bool(check_message({"flags": flags}, with_components=False, editing=editing)) is not accepted


def test_the_new_components_stand_alone() -> None:
    text = [{"type": 10, "content": "hello"}]
    alone = {"flags": 32768, "components": text}
    assert not check_message(alone, with_components=True)
    assert not is_empty(alone, with_components=True)
    tree = check_message(alone | {"content": "x"}, with_components=True).tree()
    assert set(tree) == {"content"}
    assert codes(check_message({"components": text}, with_components=True).tree()) == {"COMPONENT_TYPE_INVALID"}
