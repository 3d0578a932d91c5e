"""What a mail says, in both of its forms."""

from dataclasses import replace
from typing import Any

import pytest
from tests.channels.scenes import a_record

from tocsin.channels.email.house import House
from tocsin.channels.email.letter import mail_of
from tocsin.channels.email.mail import Asked, Links, Mail
from tocsin.core.alert import AlertType
from tocsin.core.decision import Reason
from tocsin.core.delivery import Target

HOUSE = House(
    sender="Restock Club <alerts@club.example>", postal_address="1 Main St\nSpringfield", shops={"bestbuy": "Best Buy"}
)
LINKS = Links(
    product="https://club.example/r/1",
    answer="https://club.example/a/1",
    leave="https://club.example/u/2",
    wishes="https://club.example/me/3",
)


def a_mail(links: Links = LINKS, house: House = HOUSE, **changes: Any) -> Mail:
    return mail_of(a_record(**changes), Target("email", "vip"), links, house)


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({}, "In stock: GeForce RTX 5090 at Best Buy, $1,999.99"),
        ({"type": AlertType.PRICE_DROP}, "Price drop: GeForce RTX 5090 at Best Buy, $1,999.99"),
        (
            {"type": AlertType.PRICE_DROP, "metadata": {"previous_price": 2222.22}},
            "10% off: GeForce RTX 5090 at Best Buy, $1,999.99",
        ),
        ({"type": AlertType.RESTOCK_SOON, "price": None}, "Back soon: GeForce RTX 5090 at Best Buy"),
        ({"type": AlertType.BACK_ORDER}, "Back order: GeForce RTX 5090 at Best Buy, $1,999.99"),
        ({"reason": Reason.TEST}, "TEST: GeForce RTX 5090 at Best Buy, $1,999.99"),
    ],
)
def test_the_subject_says_what_where_and_for_how_much(changes: dict[str, Any], subject: str):
    assert a_mail(**changes).subject == subject


def test_both_forms_say_why_it_came_how_it_stops_and_who_wrote_it():
    mail = a_mail()
    for form in (mail.text, mail.html):
        for said in (
            "Restock Club",
            "on the list vip",
            "https://club.example/r/1",
            "https://club.example/a/1",
            "https://club.example/u/2",
            "https://club.example/me/3",
            "1 Main St",
            "Springfield",
        ):
            assert said in form, said
    assert mail.headers == {
        "List-Unsubscribe": "<https://club.example/u/2>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_without_an_address_of_our_own_it_stops_by_an_answer():
    mail = a_mail(links=Links(product="https://shop.example/1"))
    assert mail.headers == {}
    for form in (mail.text, mail.html):
        assert "answer to alerts@club.example" in form


def test_a_mail_that_asks_what_came_of_an_alert_before_does_so_at_its_end_in_both_forms():
    question = Asked("<b>PS5</b> & more", "https://club.example/a/9?a=1&b=2")
    mail = a_mail(links=replace(LINKS, question=question))
    assert "You had a look at <b>PS5</b> & more. What came of it? https://club.example/a/9?a=1&b=2\n" in mail.text
    assert mail.text.index("What came of it?") < mail.text.index("-- ")
    assert "<bdi>&lt;b&gt;PS5&lt;/b&gt; &amp; more</bdi>" in mail.html
    assert 'href="https://club.example/a/9?a=1&amp;b=2"' in mail.html
    assert "What came of it?" not in a_mail().text + a_mail().html
