"""The Discord channel against the simulated Discord."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.channels.scenes import GENERAL, NOW, a_member, a_record, an_attempt

from tocsin.channels.abilities import Edits, Finds, Message, SharesGate
from tocsin.channels.contract import Channel, Report
from tocsin.channels.discord import Discord, DiscordSettings, Face, Webhook, discord_for, normalise
from tocsin.channels.discord.message import SUPPRESS_NOTIFICATIONS
from tocsin.channels.discord.reference import LONGEST, reference_of
from tocsin.channels.transport import Patience, Transport
from tocsin.core.clock import ManualClock
from tocsin.core.delivery import Target
from tocsin.core.mention import NOBODY, Mention
from tocsin.core.outcome import Deferred, Delay, Doubt, Refusal, Refused, Sent, Unknown
from tocsin.core.secret import Secret
from tocsin.sandbox import Fault, Sandbox

TOKEN = "a" * 68


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock, limits=False) as sandbox:
        yield sandbox


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(patience=Patience(read=1, total=2)) as transport:
        yield transport


@pytest.fixture
def discord(sandbox: Sandbox, transport: Transport, clock: ManualClock) -> Discord:
    return a_channel(sandbox, transport, clock, general=Webhook(url=Secret(sandbox.discord.webhook("general"))))


@pytest.fixture
def asking(sandbox: Sandbox, transport: Transport, clock: ManualClock) -> Finds:
    webhook = Webhook(url=Secret(sandbox.discord.webhook("general")))
    channel = a_channel(sandbox, transport, clock, token=sandbox.discord.bot_token, general=webhook)
    assert isinstance(channel, Finds)
    return channel


def a_channel(
    sandbox: Sandbox, transport: Transport, clock: ManualClock, *, token: str | None = None, **webhooks: Webhook
) -> Discord:
    settings = DiscordSettings(
        webhooks=webhooks,
        api_base=sandbox.url,
        bot_token=Secret(token) if token else None,
        faces={"bestbuy": Face("Best Buy")},
    )
    return discord_for(settings, transport, clock, lambda delivery, _: f"https://alerts.example/r/{delivery.key}")


def test_the_channel_keeps_its_contracts(discord: Discord):
    channel: Channel = discord
    assert isinstance(channel, Edits)
    assert isinstance(channel, SharesGate)
    assert not isinstance(channel, Finds), "without a bot's token nobody can be asked"


# --- sending --------------------------------------------------------------------------------------------------


async def test_an_alert_becomes_a_message_with_its_reference(discord: Discord, sandbox: Sandbox):
    report = await discord.send(an_attempt([a_record()]))
    (message,) = sandbox.discord.messages("general")
    assert report.outcomes == (Sent(message.id),)
    assert "GeForce RTX 5090" in message.embeds[0]["title"]
    assert message.embeds[0]["footer"]["text"].endswith("ref 2s-q6lm")
    assert message.embeds[0]["url"] == "https://alerts.example/r/100"
    assert message.shown["components"][0]["components"][0]["url"] == "https://alerts.example/r/100"


async def test_alerts_that_are_due_together_share_a_message(discord: Discord, sandbox: Sandbox):
    records = [a_record(n, product_name=f"Product {n}") for n in range(10)]
    assert discord.pack(GENERAL, records) == 10
    report = await discord.send(an_attempt(records))
    (message,) = sandbox.discord.messages("general")
    assert report.outcomes == (Sent(message.id),) * 10
    assert [embed["title"] for embed in message.embeds] == [f"🚨 Product {n} IN STOCK!" for n in range(10)]


@pytest.mark.parametrize(
    ("mention", "allowed", "text"),
    [
        (NOBODY, {"parse": []}, None),
        (Mention(everyone=True), {"parse": ["everyone"]}, "@everyone "),
        (Mention(roles=("118",)), {"parse": [], "roles": ["118"]}, "<@&118> "),
        (Mention(everyone=True, roles=("118",)), {"parse": ["everyone"], "roles": ["118"]}, "@everyone <@&118> "),
    ],
)
def test_a_message_rings_out_to_whom_the_rules_said_and_to_nobody_else(
    discord: Discord, mention: Mention, allowed: dict[str, Any], text: str | None
):
    body = discord.render_ringing(GENERAL, [a_record(product_name="@everyone <@&119>")], mention)
    assert body["allowed_mentions"] == allowed
    content = body.get("content")
    assert content is None if text is None else content.startswith(text)
    assert "@everyone" not in (content or "").removeprefix("@everyone")


async def test_a_silent_message_makes_no_sound(discord: Discord, sandbox: Sandbox):
    await discord.send(an_attempt([a_record()], silent=True))
    assert sandbox.discord.messages("general")[0].shown["flags"] == SUPPRESS_NOTIFICATIONS


async def test_a_message_goes_into_its_thread(sandbox: Sandbox, transport: Transport, clock: ManualClock):
    url = Secret(sandbox.discord.webhook("general"))
    thread = sandbox.discord.thread("general", "Drops")
    discord = a_channel(sandbox, transport, clock, general=Webhook(url=url, thread_id=thread))
    report = await discord.send(an_attempt([a_record()]))
    (message,) = sandbox.discord.messages("general")
    assert (report.outcomes, message.channel_id) == ((Sent(message.id),), thread)


async def test_each_message_to_a_forum_opens_a_post(sandbox: Sandbox, transport: Transport, clock: ManualClock):
    url = Secret(sandbox.discord.webhook("general", forum=True))
    discord = a_channel(sandbox, transport, clock, general=Webhook(url=url, thread_name="Restocks @here"))
    report = await discord.send(an_attempt([a_record()]))
    assert isinstance(report.outcomes[0], Sent)


async def test_a_forum_without_a_name_for_its_posts_is_a_fault_of_the_configuration(
    sandbox: Sandbox, transport: Transport, clock: ManualClock
):
    url = Secret(sandbox.discord.webhook("general", forum=True))
    report = await a_channel(sandbox, transport, clock, general=Webhook(url=url)).send(an_attempt([a_record()]))
    (outcome,) = report.outcomes
    assert isinstance(outcome, Refused)
    assert outcome.why is Refusal.TARGET_FORBIDDEN
    assert "thread_name" in outcome.detail


# --- what can go wrong ----------------------------------------------------------------------------------------


async def test_a_dead_webhook_is_gone(discord: Discord, sandbox: Sandbox):
    sandbox.discord.kill("general")
    report = await discord.send(an_attempt([a_record()]))
    assert report.outcomes == (Refused(Refusal.TARGET_GONE, "10015 Unknown Webhook"),)
    assert report.status == 404


async def test_a_webhook_that_is_not_configured_any_more_waits(discord: Discord):
    (outcome,) = (await discord.send(an_attempt([a_record()], Target("discord", "gone")))).outcomes
    assert isinstance(outcome, Deferred)


FAULTS: dict[str, tuple[Fault, type, object]] = {
    "429": (Fault.too_many(3), Deferred, Delay.RATE_LIMITED),
    "ban": (Fault.ban(), Deferred, Delay.RATE_LIMITED),
    "500": (Fault.status(500), Deferred, Delay.PROVIDER_TROUBLE),
    "503": (Fault.status(503), Deferred, Delay.PROVIDER_TROUBLE),
    "504": (Fault.status(504), Unknown, Doubt.PROVIDER_ERROR),
    "redirect": (Fault.redirect("http://127.0.0.1:1/"), Refused, Refusal.INVALID_REQUEST),
    "reset": (Fault.reset("after_reading"), Unknown, Doubt.ANSWER_LOST),
    "reset in the middle": (Fault.reset("mid_body"), Unknown, Doubt.ANSWER_LOST),
    "answer lost": (Fault.lost("hang"), Unknown, Doubt.ANSWER_LOST),
    "drip": (Fault.drip(0.05), Unknown, Doubt.ANSWER_LOST),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_each_fault_has_its_outcome_and_tells_no_secret(discord: Discord, sandbox: Sandbox, name: str):
    fault, kind, why = FAULTS[name]
    sandbox.faults.next("discord", fault)
    report = await discord.send(an_attempt([a_record(1), a_record(2)]))
    for outcome in report.outcomes:
        assert isinstance(outcome, kind)
        assert getattr(outcome, "why", None) is why
    assert sandbox.discord.webhook("general").rsplit("/", 1)[1] not in repr(report)
    assert len([entry for entry in sandbox.journal if entry.action == "execute"]) <= 1, "nothing is repeated"


async def test_garbage_after_a_200_is_a_message_without_a_name(discord: Discord, sandbox: Sandbox):
    sandbox.faults.next("discord", Fault.garbage("html"))
    assert (await discord.send(an_attempt([a_record()]))).outcomes == (Sent(None),)


async def test_a_message_that_is_refused_without_naming_an_alert_is_sent_alert_by_alert(
    discord: Discord, sandbox: Sandbox
):
    blocked = Fault.status(400, '{"code": 200000, "message": "blocked by automod"}')
    records = [a_record(n, product_name=f"Product {n}") for n in range(4)]
    sandbox.faults.next("discord", blocked, times=2)
    together = await discord.send(an_attempt(records[:3]))
    assert {type(outcome) for outcome in together.outcomes} == {Deferred}
    assert [discord.pack(GENERAL, records[start:]) for start in range(4)] == [1, 1, 1, 1]
    assert discord.pack(GENERAL, [records[3], records[0]]) == 1
    alone = await discord.send(an_attempt(records[:1]))
    assert alone.outcomes == (Refused(Refusal.CONTENT_BLOCKED, "200000 blocked by automod"),)


async def test_a_page_that_repeats_the_address_gives_no_secret_away(discord: Discord, sandbox: Sandbox):
    url = sandbox.discord.webhook("general")
    sandbox.faults.next("discord", Fault.status(502, f"<h1>Bad gateway</h1> could not reach {url}"))
    report = await discord.send(an_attempt([a_record()]))
    assert "could not reach" in report.answer
    assert url.rsplit("/", 1)[1] not in repr(report)


# --- how many fit ---------------------------------------------------------------------------------------------


def test_two_alerts_for_one_address_do_not_share_a_message(discord: Discord):
    same = "https://www.bestbuy.example/same"
    records = [a_record(1), a_record(2, url=same), a_record(3, url=same), a_record(4)]
    assert discord.pack(GENERAL, records) == 2


def test_alerts_without_an_address_do(discord: Discord):
    assert discord.pack(GENERAL, [a_record(n, url=None) for n in range(3)]) == 3


def test_a_message_holds_ten_alerts_and_six_thousand_characters(discord: Discord):
    assert discord.pack(GENERAL, [a_record(n) for n in range(12)]) == 10
    long = {"product_name": "n" * 300, "variant": "v" * 300, "seller": "s" * 300, "sku": "k" * 300}
    fitting = discord.pack(GENERAL, [a_record(n, **long) for n in range(12)])
    assert 5 <= fitting < 10


def test_one_alert_always_fits(discord: Discord):
    longest = a_record(
        product_name="n" * 9999, variant="v" * 9999, seller="s" * 9999, sku="k" * 9999, retailer="r" * 999
    )
    assert discord.pack(GENERAL, [longest]) == 1


# --- editing --------------------------------------------------------------------------------------------------


async def edited(discord: Discord, sent: Report, *closed_after: float | None) -> Report:
    (reference,) = {outcome.reference for outcome in sent.outcomes if isinstance(outcome, Sent)}
    assert reference is not None
    records = [a_record(n, closed_after=after) for n, after in enumerate(closed_after)]
    members = tuple(a_member(record, key) for key, record in enumerate(records, 100))
    return await discord.edit(Message(target=GENERAL, reference=reference, members=members))


async def test_sold_out_is_shown_in_place_and_only_where_it_is_true(discord: Discord, sandbox: Sandbox):
    sent = await discord.send(an_attempt([a_record(0), a_record(1)], mention=Mention(everyone=True)))
    report = await edited(discord, sent, 192, None)
    (message,) = sandbox.discord.messages("general")
    assert report.outcomes == (Sent(message.id),) * 2
    assert message.embeds[0]["title"] == "~~GeForce RTX 5090~~"
    assert message.embeds[0]["description"] == "**Sold out** after 3 min 12 s."
    assert message.embeds[1]["title"] == "🚨 GeForce RTX 5090 IN STOCK!"
    buttons = [button for row in message.shown["components"] for button in row["components"]]
    assert [button["url"] for button in buttons] == ["https://alerts.example/r/101"]


async def test_an_edit_rings_out_to_nobody(discord: Discord, sandbox: Sandbox):
    await edited(discord, await discord.send(an_attempt([a_record()], mention=Mention(everyone=True))), 5)
    (edit,) = sandbox.journal.accepted("discord", "edit")
    assert edit.body["allowed_mentions"] == {"parse": []}
    assert edit.body["content"] == ""


async def test_a_message_that_was_deleted_is_nothing_against_its_webhook(discord: Discord, sandbox: Sandbox):
    sent = await discord.send(an_attempt([a_record()]))
    sandbox.discord.guild.delete(sandbox.discord.messages("general")[0])
    (outcome,) = (await edited(discord, sent, 5)).outcomes
    assert isinstance(outcome, Refused)
    assert outcome.why is Refusal.MESSAGE_GONE
    assert not outcome.why.disables_target


async def test_a_message_in_a_thread_is_edited_there(sandbox: Sandbox, transport: Transport, clock: ManualClock):
    url = Secret(sandbox.discord.webhook("general"))
    thread = sandbox.discord.thread("general", "Drops")
    discord = a_channel(sandbox, transport, clock, general=Webhook(url=url, thread_id=thread))
    report = await edited(discord, await discord.send(an_attempt([a_record()])), 5)
    assert isinstance(report.outcomes[0], Sent)


# --- finding --------------------------------------------------------------------------------------------------


async def test_a_message_whose_answer_was_lost_is_found(
    discord: Discord, asking: Finds, sandbox: Sandbox, clock: ManualClock
):
    attempt = an_attempt([a_record(1), a_record(2)])
    sandbox.faults.next("discord", Fault.lost("reset"))
    sent = await discord.send(attempt)
    assert isinstance(sent.outcomes[0], Unknown)
    found = await asking.find(attempt)
    (message,) = sandbox.discord.messages("general")
    assert found is not None
    assert [outcome.reference for outcome in found.outcomes if isinstance(outcome, Sent)] == [message.id] * 2


async def test_a_message_that_never_arrived_is_known_to_be_missing_once_it_cannot_be_on_its_way(
    asking: Finds, clock: ManualClock
):
    attempt = an_attempt([a_record()])
    assert await asking.find(attempt) is None
    clock.advance(30)
    found = await asking.find(attempt)
    assert found is not None
    assert isinstance(found.outcomes[0], Deferred)


async def test_a_footer_that_somebody_else_wrote_proves_nothing(
    asking: Finds, sandbox: Sandbox, transport: Transport, clock: ManualClock
):
    other = Webhook(url=Secret(sandbox.discord.webhook("other", channel="general")))
    await a_channel(sandbox, transport, clock, general=other).send(an_attempt([a_record()]))
    clock.advance(30)
    found = await asking.find(an_attempt([a_record()]))
    assert found is not None
    assert isinstance(found.outcomes[0], Deferred)


async def test_a_message_is_found_among_many_later_ones(discord: Discord, asking: Finds, clock: ManualClock):
    lost = an_attempt([a_record()])
    sent = await discord.send(lost)
    for key in range(120):
        clock.advance(0.1)
        member = a_member(a_record(key), 1000 + key)
        await discord.send(replace(an_attempt([]), members=(member,)))
    found = await asking.find(lost)
    assert found is not None
    assert isinstance(found.outcomes[0], Sent)
    assert isinstance(sent.outcomes[0], Sent)
    assert found.outcomes[0].reference == sent.outcomes[0].reference


async def test_a_bot_that_may_not_read_cannot_tell(sandbox: Sandbox, transport: Transport, clock: ManualClock):
    webhook = Webhook(url=Secret(sandbox.discord.webhook("general")))
    blind = a_channel(sandbox, transport, clock, token="wrong", general=webhook)
    clock.advance(30)
    assert isinstance(blind, Finds)
    assert await blind.find(an_attempt([a_record()])) is None


# --- gates and addresses --------------------------------------------------------------------------------------


async def test_webhooks_of_one_discord_channel_share_a_gate(sandbox: Sandbox, transport: Transport, clock: ManualClock):
    urls = {name: sandbox.discord.webhook(name, channel="drops") for name in ("one", "two")}
    urls["three"] = sandbox.discord.webhook("three", channel="elsewhere")
    discord = a_channel(sandbox, transport, clock, **{name: Webhook(url=Secret(url)) for name, url in urls.items()})
    gates = {name: await discord.shared_gate(Target("discord", name)) for name in urls}
    assert gates["one"] == gates["two"] != gates["three"]
    asked = [entry for entry in sandbox.journal if entry.action == "inspect"]
    await discord.shared_gate(Target("discord", "one"))
    assert len([entry for entry in sandbox.journal if entry.action == "inspect"]) == len(asked)


async def test_a_dead_webhook_has_no_shared_gate(discord: Discord, sandbox: Sandbox):
    sandbox.discord.kill("general")
    assert await discord.shared_gate(GENERAL) is None


@pytest.mark.parametrize("host", ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"])
@pytest.mark.parametrize("path", ["/api", "/api/v6", "/api/v9", "/api/v10"])
@pytest.mark.parametrize("end", ["", "/"])
def test_every_form_of_an_address_leads_to_version_10(host: str, path: str, end: str):
    url = f"https://{host}{path}/webhooks/1180000000000000001/{TOKEN}{end}"
    assert normalise(url) == f"https://discord.com/api/v10/webhooks/1180000000000000001/{TOKEN}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        f"http://discord.com/api/webhooks/1180000000000000001/{TOKEN}",
        f"https://discord.com.evil.example/api/webhooks/1180000000000000001/{TOKEN}",
        f"https://evil.example/https://discord.com/api/webhooks/1180000000000000001/{TOKEN}",
        f"https://discord.com@evil.example/api/webhooks/1180000000000000001/{TOKEN}",
        f"https://discord.com/api/webhooks/1180000000000000001/{TOKEN}/slack",
        f"https://discord.com/api/webhooks/1180000000000000001/{TOKEN}?wait=true",
        f"https://discord.com/api/webhooks/../users/{TOKEN}",
        f"https://evil.discord.com/api/webhooks/1180000000000000001/{TOKEN}",
        f"http://127.0.0.1:9000/api/webhooks/1180000000000000001/{TOKEN}",
    ],
)
def test_any_other_address_is_refused_without_being_repeated(url: str):
    with pytest.raises(ValueError, match="not a Discord webhook address") as refused:
        normalise(url)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("base", ["http://127.0.0.1:9000", "http://127.0.0.1:9000/", "http://127.0.0.1:9000/api"])
def test_a_simulated_discord_takes_both_kinds_of_address(base: str):
    expected = f"http://127.0.0.1:9000/api/v10/webhooks/1/{TOKEN}"
    assert normalise(f"http://127.0.0.1:9000/api/webhooks/1/{TOKEN}", base) == expected
    assert normalise(f"https://discord.com/api/v9/webhooks/1/{TOKEN}", base) == expected


def test_an_address_that_is_none_stops_the_channel_from_being_made(transport: Transport, clock: ManualClock):
    settings = DiscordSettings(webhooks={"general": Webhook(url=Secret("https://example.com/"))})
    with pytest.raises(ValueError, match="not a Discord webhook address"):
        Discord(settings, transport, clock, lambda *_: None)


def test_a_reference_tells_apart_what_two_ledgers_call_the_same():
    first = a_member(a_record(), 100).delivery
    later = replace(first, planned_at=first.planned_at + timedelta(seconds=5))
    assert reference_of(first) != reference_of(later)
    assert len(reference_of(replace(first, key=2**62 - 1))) <= len(LONGEST)
