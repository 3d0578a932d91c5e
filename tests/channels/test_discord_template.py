from decimal import Decimal
from typing import Any

import pytest
from tests.channels.scenes import a_record
from tests.golden.alerts import AWKWARD
from tests.golden.discord_rules import faults

from tocsin.channels.discord import BrokenTemplateError, Face, compile_template
from tocsin.channels.discord.embed import embed_of, template_fault
from tocsin.channels.discord.entry import Entry
from tocsin.channels.discord.message import message_of
from tocsin.core.decision import Reason
from tocsin.core.mention import NOBODY
from tocsin.core.record import AlertRecord

WHOLE = """
{% block title %}{{ product }} is back{% endblock %}
{% block description %}
**{{ price }}**{% if percent %} ({{ percent }}% off){% endif %} · [buy]({{ url }}) · {{ detected }}
{% endblock %}
{% block fields %}
Shop: {{ retailer|upper }}
{% if seller %}Seller: {{ seller }}{% endif %}
Colour: {{ metadata.colour or "any" }}
{% endblock %}
"""


def embed(source: str, record: AlertRecord | None = None) -> dict[str, Any]:
    return embed_of(entry(source, record))


def entry(source: str, record: AlertRecord | None = None) -> Entry:
    return Entry(record or a_record(), Face("Best Buy"), "2s-q6lm", None, compile_template(source))


def test_a_template_replaces_the_parts_that_it_names_and_no_others():
    record = a_record(price=Decimal(90), metadata={"previous_price": 100, "colour": "red"})
    drawn = embed(WHOLE, record)
    assert drawn["title"] == "GeForce RTX 5090 is back"
    assert drawn["description"] == (
        "**$90.00** (10% off) · [buy](https://www.bestbuy.example/site/1.p) · <t:1795183200:R>"
    )
    assert [(told["name"], told["value"]) for told in drawn["fields"]] == [("Shop", "BEST BUY"), ("Colour", "red")]
    assert drawn["footer"]["text"].endswith("2s-q6lm")
    only_title = embed("{% block title %}New: {{ product }}{% endblock %}")
    assert only_title["title"] == "New: GeForce RTX 5090"
    assert only_title["fields"][0]["name"] == "Price"


@pytest.mark.parametrize("name", AWKWARD)
def test_no_alert_can_break_out_of_a_template(name: str):
    awkward = entry(WHOLE, AWKWARD[name])
    assert faults(message_of([awkward], NOBODY, silent=False, thread_name=None)) == []


BROKEN = {
    "{% block title %}{{ product }{% endblock %}": (1, "unexpected '}'"),
    "{% block title %}\n{{ prodcut }}{% endblock %}": (2, "there is no 'prodcut'"),
    "{% block title %}x{% endblock %}\n\n{% block colour %}x{% endblock %}": (3, "there is no block 'colour'"),
    "\nhello {{ product }}": (1, "outside of the blocks"),
    "{% block title %}{% for a in product %}x{% endfor %}{% endblock %}": (1, "for is not for templates"),
    "{% block title %}\n{{ product.__class__ }}{% endblock %}": (2, "only `metadata`"),
    "{% block title %}{{ metadata.a.b }}{% endblock %}": (1, "only `metadata`"),
    "{% block title %}{{ ''.join(product) }}{% endblock %}": (1, "call is not for templates"),
    "{% block title %}{{ 'a' * 1000000000 }}{% endblock %}": (1, "mul is not for templates"),
    "{% block title %}{{ product|replace('', product) }}{% endblock %}": (1, "there is no filter 'replace'"),
    "{% block title %}{{ product|nonsense }}{% endblock %}": (1, "there is no filter 'nonsense'"),
    "{% block title %}{{ metadata['a'] }}{% endblock %}": (1, "getitem is not for templates"),
    "{% block title %}{{ product is defined }}{% endblock %}": (1, "test is not for templates"),
    "{% block title %}{% set x = 1 %}{% endblock %}": (1, "assign is not for templates"),
    "{% include '/etc/passwd' %}": (1, ""),
    "{% extends 'x' %}": (1, ""),
    "{% macro m() %}{% endmacro %}": (1, ""),
    "{% block title %}{{ self.title() }}{% endblock %}": (1, ""),
    "{% block title %}{{ lipsum }}{% endblock %}": (1, "there is no 'lipsum'"),
    "{% block title %}": (1, ""),
    "{% block title %}" + "(" * 5000 + "{% endblock %}" + "x" * 9000: (None, "longer than"),
    "{% block title %}{{ " + "(" * 4000 + " }}{% endblock %}": (None, ""),
}


@pytest.mark.parametrize("source", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_template_is_refused_with_its_line(source: str):
    line, words = BROKEN[source]
    with pytest.raises(BrokenTemplateError) as broken:
        compile_template(source)
    assert broken.value.line == line
    assert words in broken.value.message


BREAKS_LATER = {
    "an empty title": "{% block title %}{{ seller }}{% endblock %}",
    "a long title": "{% block title %}" + "x" * 300 + "{% endblock %}",
    "a field without a value": "{% block fields %}Seller: {{ seller }}{% endblock %}",
    "many fields": "{% block fields %}" + "A: b\n" * 30 + "{% endblock %}",
    "much together": "{% block fields %}" + f"A: {'b' * 1000}\n" * 5 + "{% endblock %}",
    "a wrong argument": "{% block title %}{{ product|truncate('x') }}{% endblock %}",
}


@pytest.mark.parametrize("source", BREAKS_LATER.values(), ids=BREAKS_LATER)
def test_a_template_that_breaks_on_an_alert_gives_way_to_the_built_in_one_and_says_so(source: str):
    broken = entry(source)
    assert embed_of(broken) == embed_of(Entry(broken.record, broken.face, broken.reference))
    assert "template for in_stock broke" in (template_fault(broken) or "")


def test_a_template_that_holds_is_no_fault():
    assert template_fault(entry(WHOLE)) is None


def test_sold_out_and_tests_are_told_whatever_a_template_says():
    assert embed(WHOLE, a_record(closed_after=5))["title"] == "~~GeForce RTX 5090~~"
    assert embed(WHOLE, a_record(reason=Reason.TEST))["title"] == "TEST · GeForce RTX 5090 is back"
