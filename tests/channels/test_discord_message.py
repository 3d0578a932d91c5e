"""Whatever alerts say, their message is one that Discord takes; and the guide says what the code does."""

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.scenes import a_record
from tests.golden.discord_rules import faults

from tocsin.channels.discord import Face, compile_template
from tocsin.channels.discord.embed import embed_of, look_of
from tocsin.channels.discord.entry import Entry
from tocsin.channels.discord.limits import EMBED_TEXT, embed_length
from tocsin.channels.discord.message import fitting, message_of
from tocsin.channels.discord.template import FILTERS, VARIABLES
from tocsin.core.alert import AlertType
from tocsin.core.decision import Reason
from tocsin.core.mention import Mention
from tocsin.core.record import AlertRecord

GUIDE = (Path(__file__).parents[2] / "docs/how-to/discord.md").read_text(encoding="utf-8")

NASTY = st.text(st.one_of(st.characters(), st.sampled_from("*_~`|[]()<>@#:/\\\n\u202e\u200d👍🏽🇩🇪")), max_size=400)
NOTES = st.dictionaries(
    st.sampled_from(["image_url", "cart_url", "previous_price", "stock"]),
    st.one_of(NASTY, st.none(), st.integers(), st.floats(), st.just("https://shop.example/x"), st.just("12.50")),
)


@st.composite
def records(draw: st.DrawFn, number: int = 0) -> AlertRecord:
    return a_record(
        number,
        type=draw(st.sampled_from(AlertType)),
        product_name=draw(st.none() | NASTY),
        retailer=draw(NASTY.filter(bool)),
        sku=draw(NASTY.filter(bool)),
        variant=draw(st.none() | NASTY),
        seller=draw(st.none() | NASTY),
        price=draw(st.none() | st.decimals(0, 10**9, places=4)),
        url=draw(st.none() | st.just(f"https://shop.example/{number}") | NASTY),
        metadata=draw(NOTES),
        closed_after=draw(st.none() | st.floats(-10, 10**6)),
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12).flatmap(lambda count: st.tuples(*(records(number) for number in range(count)))))
def test_every_message_that_is_packed_keeps_the_rules(told: tuple[AlertRecord, ...]):
    entries = [Entry(record, Face(record.alert.retailer), f"{number}-abcd") for number, record in enumerate(told)]
    count = fitting(entries)
    body = message_of(entries[:count], Mention(everyone=True), silent=True, thread_name="Restocks")
    assert faults(body) == []


def test_more_roles_than_fit_into_the_text_do_not_cost_the_message():
    roles = tuple(str(1180000000000000000 + number % 150) for number in range(300))
    entry = Entry(a_record(product_name="n" * 500, retailer="r" * 500), Face("r" * 500))
    body = message_of([entry], Mention(everyone=True, roles=roles), silent=False, thread_name=None)
    assert faults(body) == []
    assert 50 <= len(set(body["allowed_mentions"]["roles"])) == body["content"].count("<@&")


def test_a_message_is_packed_as_full_as_it_may_be():
    entries = [Entry(a_record(n, product_name="n" * 600, variant="v" * 200), Face("Best Buy")) for n in range(12)]
    lengths = [embed_length(embed_of(entry)) for entry in entries]
    count = fitting(entries)
    assert sum(lengths[:count]) <= EMBED_TEXT
    assert count == 10 or sum(lengths[: count + 1]) > EMBED_TEXT


def test_the_guide_shows_the_titles_as_they_are():
    for kind in AlertType:
        entry = Entry(a_record(type=kind, metadata={"previous_price": "2199.99"}), Face("Best Buy"))
        assert f"| {kind} |" in GUIDE
        assert str(embed_of(entry)["title"]) in GUIDE
        assert look_of(entry).before.strip() in GUIDE
    assert str(embed_of(Entry(a_record(reason=Reason.TEST), Face("Best Buy")))["title"]) in GUIDE


def test_the_template_of_the_guide_compiles():
    (template,) = re.findall(r"```jinja\n(.*?)```", GUIDE, re.DOTALL)
    compile_template(template)


def test_the_guide_lists_what_templates_may_use():
    values = GUIDE.partition("- Values:")[2].partition("- Filters:")
    assert {name.removesuffix(".…") for name in re.findall(r"`([\w.…]+)`", values[0])} == VARIABLES
    assert tuple(re.findall(r"`(\w+)`", values[2].partition("\n")[0])) == FILTERS
