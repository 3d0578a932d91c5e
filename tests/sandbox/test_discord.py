"""A webhook's life: posting, waiting, editing, asking, and being told no."""

from datetime import timedelta

import pytest

from tocsin.core.clock import ManualClock
from tocsin.sandbox import Sandbox

from .conftest import Sender

RTX = {
    "embeds": [
        {"title": "RTX 5090 in stock", "url": "https://example.org/5090", "footer": {"text": "Detected · ref 7k-0001"}}
    ]
}


async def test_a_posted_message_stands_in_its_room(sandbox: Sandbox, sender: Sender) -> None:
    status, message, headers = await sender.post(RTX)
    shown = await sandbox.discord.room("general").expect("RTX 5090")
    assert (status, message["id"], message["embeds"][0]["title"]) == (200, shown.id, "RTX 5090 in stock")
    assert headers["Via"]
    assert sandbox.journal.references("discord") == {"7k-0001": 1}


async def test_without_wait_the_answer_is_empty_and_the_message_stands(sandbox: Sandbox, sender: Sender) -> None:
    status, _, _ = await sender.post({"content": "hello"}, query="")
    assert status == 204
    assert [message.content for message in sandbox.discord.messages("general")] == ["hello"]


async def test_ids_carry_the_time_and_only_grow(sandbox: Sandbox, sender: Sender, clock: ManualClock) -> None:
    ids = [int((await sender.post({"content": "one"}))[1]["id"]) for _ in range(3)]
    assert ids == sorted(set(ids))
    assert (ids[0] >> 22) + 1420070400000 == int(clock.now().timestamp() * 1000)


@pytest.mark.parametrize("api", ["/api/", "/api/v10/", "/api/v9/"])
async def test_every_version_of_the_address_leads_to_the_webhook(sandbox: Sandbox, sender: Sender, api: str) -> None:
    url = sandbox.discord.webhook("general").replace("/api/", api)
    assert (await sender.call("POST", url, {"content": "hello"}))[0] == 204


async def test_an_edit_changes_what_stands_and_rebuilds_its_mentions(sandbox: Sandbox, sender: Sender) -> None:
    mentioning = {"content": "@everyone look", "allowed_mentions": {"parse": ["everyone"]}}
    _, message, _ = await sender.post(mentioning)
    assert message["mention_everyone"]
    url = f"{sandbox.discord.webhook('general')}/messages/{message['id']}"
    _, edited, _ = await sender.call("PATCH", url, {"content": "~~@everyone look~~"})
    assert not edited["mention_everyone"]
    assert (await sandbox.discord.room("general").expect_edit("~~")).edited_at


async def test_a_message_can_be_fetched_until_it_is_deleted(sandbox: Sandbox, sender: Sender) -> None:
    _, message, _ = await sender.post({"content": "hello"})
    url = f"{sandbox.discord.webhook('general')}/messages/{message['id']}"
    assert (await sender.call("GET", url))[1] == message
    assert (await sender.call("DELETE", url))[0] == 204
    status, error, _ = await sender.call("GET", url)
    assert (status, error["code"]) == (404, 10008)


async def test_a_message_of_another_webhook_is_unknown(sandbox: Sandbox, sender: Sender) -> None:
    _, message, _ = await sender.post({"content": "hello"})
    url = f"{sandbox.discord.webhook('other', channel='general')}/messages/{message['id']}"
    assert (await sender.call("PATCH", url, {"content": "mine"}))[1]["code"] == 10008


async def test_a_webhook_tells_its_channel(sandbox: Sandbox, sender: Sender) -> None:
    first = (await sender.call("GET", sandbox.discord.webhook("a", channel="deals")))[1]
    second = (await sender.call("GET", sandbox.discord.webhook("b", channel="deals")))[1]
    assert first["id"] != second["id"]
    assert first["channel_id"] == second["channel_id"]


async def test_a_killed_webhook_is_unknown_from_then_on(sandbox: Sandbox, sender: Sender) -> None:
    sandbox.discord.webhook("general")
    sandbox.discord.kill("general")
    status, error, _ = await sender.post({"content": "hello"})
    assert (status, error["code"]) == (404, 10015)


async def test_a_wrong_token_is_refused_and_counts_towards_the_ban(sandbox: Sandbox, sender: Sender) -> None:
    status, error, _ = await sender.call("POST", sandbox.discord.webhook("general") + "x", {"content": "hello"})
    assert (status, error["code"]) == (401, 50027)
    assert sandbox.discord.limits.invalid("127.0.0.1") == 1


async def test_who_does_not_say_its_name_is_blocked(sandbox: Sandbox, sender: Sender) -> None:
    url = sandbox.discord.webhook("general")
    status, error, _ = await sender.call("POST", url, {"content": "hello"}, headers={"User-Agent": "aiohttp"})
    assert (status, error["code"]) == (403, 40333)


@pytest.mark.parametrize(
    "body", [{}, {"content": "  "}, {"embeds": []}, {"embeds": [{"color": 1}]}, {"components": [{}]}]
)
async def test_a_message_with_nothing_to_show_is_refused(sender: Sender, body: object) -> None:
    status, error, _ = await sender.post(body)
    assert (status, error["code"]) == (400, 50006)


async def test_what_is_not_json_is_refused_and_journalled(sandbox: Sandbox, sender: Sender) -> None:
    headers = {"Content-Type": "application/json"}
    status, error, _ = await sender.call("POST", sandbox.discord.webhook("general"), data=b"{", headers=headers)
    assert (status, error["code"]) == (400, 50109)
    entry = await sandbox.journal.expect(lambda entry: entry.target == "general")
    assert (entry.accepted, entry.status, entry.body) == (False, 400, None)


async def test_the_tree_of_errors_leads_to_the_field(sender: Sender) -> None:
    status, error, _ = await sender.post({"embeds": [{"fields": [{"name": "Price"}]}]})
    assert (status, error["code"], error["message"]) == (400, 50035, "Invalid Form Body")
    assert error["errors"]["embeds"]["0"]["fields"]["0"]["value"]["_errors"][0]["code"] == "BASE_TYPE_REQUIRED"


async def test_a_forum_wants_a_thread_and_not_two(sandbox: Sandbox, sender: Sender) -> None:
    sandbox.discord.webhook("forum", forum=True)
    thread = sandbox.discord.thread("forum", "deals")
    assert (await sender.post({"content": "x"}, "forum"))[1]["code"] == 220001
    both = await sender.post({"content": "x", "thread_name": "new"}, "forum", f"wait=true&thread_id={thread}")
    assert both[1]["code"] == 220002
    assert (await sender.post({"content": "x"}, "forum", f"wait=true&thread_id={thread}"))[1]["channel_id"] == thread
    assert (await sender.post({"content": "x", "thread_name": "new"}, "forum"))[0] == 200
    assert (await sender.post({"content": "x"}, "forum", "thread_id=5"))[1]["code"] == 10003


async def test_a_bot_can_ask_what_arrived_in_a_channel(sandbox: Sandbox, sender: Sender, clock: ManualClock) -> None:
    contents = []
    for number in range(4):
        _, message, _ = await sender.post({"content": str(number)})
        contents.append(message)
        clock.advance(timedelta(seconds=1).total_seconds())
    bot = {"Authorization": f"Bot {sandbox.discord.bot_token}"}
    url = f"{sandbox.url}/api/v10/channels/{contents[0]['channel_id']}/messages"
    newest = (await sender.call("GET", f"{url}?limit=2", headers=bot))[1]
    assert [message["content"] for message in newest] == ["3", "2"]
    after = (await sender.call("GET", f"{url}?limit=2&after={contents[0]['id']}", headers=bot))[1]
    assert [message["content"] for message in after] == ["2", "1"]
    assert (await sender.call("GET", url, headers={"Authorization": "Bot no"}))[0] == 401
    sandbox.discord.bot_sees_content = False
    assert {message["content"] for message in (await sender.call("GET", url, headers=bot))[1]} == {""}


async def test_components_are_ignored_unless_asked_for(sandbox: Sandbox, sender: Sender) -> None:
    button = {"type": 2, "style": 5, "label": "Buy", "url": "https://example.org"}
    body = {"content": "x", "components": [{"type": 1, "components": [button]}]}
    assert (await sender.post(body))[1]["components"] == []
    assert (await sender.post(body, query="wait=true&with_components=true"))[1]["components"] == body["components"]


async def test_a_restarted_sandbox_keeps_its_addresses(sandbox: Sandbox) -> None:
    async with Sandbox() as again:
        path = again.discord.webhook("general").removeprefix(again.url)
    assert sandbox.discord.webhook("general") == sandbox.url + path
