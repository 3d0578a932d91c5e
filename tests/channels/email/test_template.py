"""Mails of the user's own: each part in its place, and nothing that an alert says breaks out of it."""

import unicodedata
from pathlib import Path

import pytest
from tests.channels.scenes import a_record
from tests.golden.alerts import AWKWARD

from tocsin.channels.email.house import House
from tocsin.channels.email.letter import mail_of
from tocsin.channels.email.mail import Links, Mail
from tocsin.channels.email.template import compile_template, templates_of
from tocsin.channels.spec import UnfitError
from tocsin.channels.template import BrokenTemplateError
from tocsin.core.alert import AlertType
from tocsin.core.decision import Reason
from tocsin.core.delivery import Target
from tocsin.core.record import AlertRecord

WHOLE = """
{% block subject %}{{ retailer|upper }}: {{ product }}{% endblock %}
{% block text %}
{{ product }} for {{ price }}{% if percent > 5 %}, {{ percent }}% off{% endif %}.
{{ url }}
{% endblock %}
{% block html %}
<h1>{{ product }}</h1><p title="{{ metadata.colour or "any" }}"><a href="{{ url }}">{{ price }}</a></p>
{% endblock %}
"""
LINKS = Links(
    product="https://club.example/r/1?a=1&b=2", leave="https://club.example/u/2", wishes="https://club.example/me/3"
)


def written(source: str, record: AlertRecord | None = None) -> Mail:
    house = House(
        sender="Restock Club <alerts@club.example>",
        postal_address="1 Main St",
        shops={"bestbuy": "Best Buy"},
        templates={AlertType.IN_STOCK: compile_template(source)},
    )
    return mail_of(record or a_record(), Target("email", "vip"), LINKS, house)


def test_each_block_replaces_its_part_and_what_the_law_wants_stays():
    mail = written(WHOLE, a_record(product_name="RTX <5090> & co", metadata={"colour": '"red" & blue'}))
    assert mail.subject == "BEST BUY: RTX <5090> & co"
    assert mail.text.startswith("RTX <5090> & co for $1,999.99.\nhttps://club.example/r/1?a=1&b=2\n\n-- \n")
    assert "<h1>RTX &lt;5090&gt; &amp; co</h1>" in mail.html
    assert 'title="&#34;red&#34; &amp; blue"' in mail.html
    assert 'href="https://club.example/r/1?a=1&amp;b=2"' in mail.html
    assert "It can be bought now." not in mail.html + mail.text
    for form in (mail.text, mail.html):
        for said in ("You get this mail because", "https://club.example/u/2", "https://club.example/me/3", "1 Main St"):
            assert said in form


def test_a_block_that_is_not_there_leaves_its_part_as_it_was():
    mail = written("{% block subject %}New: {{ product }}{% endblock %}")
    assert (mail.subject, "It can be bought now." in mail.html) == ("New: GeForce RTX 5090", True)


def test_a_test_says_that_it_is_one():
    record = a_record(reason=Reason.TEST)
    assert written("{% block subject %}Buy!{% endblock %}", record).subject == "TEST: Buy!"


@pytest.mark.parametrize("name", AWKWARD)
def test_no_alert_breaks_out_of_a_template(name: str):
    record = AWKWARD[name]
    mail = written(WHOLE, record)
    assert not any(unicodedata.category(character) == "Cc" for character in mail.subject)
    assert "<script" not in mail.html
    assert mail.html.count("<h1>") == 1 or record.alert.type is not AlertType.IN_STOCK


BROKEN = {
    "{% block subject %}{{ prodcut }}{% endblock %}": "there is no 'prodcut'",
    "{% block title %}x{% endblock %}": "there is no block 'title': subject, text, html",
    "hello": "outside of the blocks",
    "{% block html %}{{ product.__class__ }}{% endblock %}": "only `metadata`",
    "{% block html %}{{ ''.join(product) }}{% endblock %}": "call is not for templates",
    "{% block html %}{% for a in product %}x{% endfor %}{% endblock %}": "for is not for templates",
    "{% block html %}{{ product|safe }}{% endblock %}": "there is no filter 'safe'",
    "{% block subject %}{% if price > 5 %}cheap{% endif %}{% endblock %}": "TypeError",
    "{% block text %}{{ variant }}{% endblock %}": "text: 0 characters",
    "{% block text %}" + "x" * 11_000: "longer than",
}


@pytest.mark.parametrize("source", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_template_is_refused_with_its_fault(source: str):
    with pytest.raises(BrokenTemplateError) as broken:
        compile_template(source)
    assert BROKEN[source] in str(broken.value)


def test_every_broken_file_is_named_with_its_line(tmp_path: Path):
    bad, absent = tmp_path / "bad.txt", tmp_path / "absent.txt"
    bad.write_text("{% block subject %}\n{{ prodcut }}{% endblock %}")
    with pytest.raises(UnfitError) as unfit:
        templates_of({AlertType.IN_STOCK: bad, AlertType.PRICE_DROP: absent})
    assert [(flaw.path, flaw.place) for flaw in unfit.value.flaws] == [
        (("templates", "in_stock"), f"{bad}:2"),
        (("templates", "price_drop"), str(absent)),
    ]
