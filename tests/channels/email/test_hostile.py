"""Whatever an alert says, a mail stays one mail: no header, no tag, no script of its own, and nothing cut in two."""

import unicodedata
from email import message_from_string, policy
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.scenes import a_record
from tests.golden.alerts import AWKWARD

from tocsin.channels.email.house import House
from tocsin.channels.email.letter import LONGEST_SUBJECT, mail_of
from tocsin.channels.email.mail import Links, Mail
from tocsin.channels.text import ELLIPSIS, clusters, plain, utf16
from tocsin.core.alert import AlertType
from tocsin.core.delivery import Target
from tocsin.core.record import AlertRecord

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
HOSTILE = (
    "a\r\nBcc: everybody@example.com",
    "a\nContent-Type: text/html\n\n<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ told.house }} {% for a in b %} ${7*7} <%asm_group_unsubscribe_raw_url%>",
    "<!-- [if mso]>",
    "]]>&#x3c;script&#x3e;",
    "javascript:alert(1)",
    "x" * 10_000,
    FAMILY * 400,
    "e" + "\u0301" * 300,
    "🇩🇪" * 300,
    "\u202eevil\u202c \u2066rtl\u2069 שלום עולם",
    "مرحبا <b>" * 50,
    "\x00\x1b[31m\x7f\ud800",
    " \u200b\u2028\u2029 ",
)
HOUSE = House(sender="Restock Club <alerts@club.example>", postal_address="1 Main St", shops={})
LINKS = Links(product="https://club.example/r/1", leave="https://club.example/u/2", wishes="https://club.example/me/3")
TAME = mail_of(a_record(), Target("email", "vip"), LINKS, HOUSE)


class Tags(HTMLParser):
    """The elements of a page with the names of their attributes, and what is not text in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.others: list[str] = []
        self.addresses: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)


def a_mail(record: AlertRecord) -> Mail:
    return mail_of(record, Target("email", "vip"), LINKS, HOUSE)


def faults(mail: Mail) -> list[str]:
    """What a mail should not have, or has cut in two."""
    told = []
    tags = Tags(mail.html)
    if {element for element in tags.elements if element[0] not in ("p", "img", "bdi", "s", "span")} - set(
        Tags(TAME.html).elements
    ):
        told.append("an element of its own")
    if any(name.startswith("on") for _, names in tags.elements for name in names) or tags.others:
        told.append("a handler or a comment")
    if not all(address.startswith(("https://", "http://")) for address in tags.addresses):
        told.append("an address that is none of the web")
    if any(unicodedata.category(character) == "Cc" for character in mail.subject):
        told.append("a subject of several lines")
    if utf16(mail.subject) > LONGEST_SUBJECT:
        told.append("a long subject")
    if list(message_from_string(f"Subject: {mail.subject}\n\nx", policy=policy.default).keys()) != ["Subject"]:
        told.append("a header of its own")
    bad = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\x00\x1b\u2028"
    if any(mark in form for mark in bad for form in (mail.subject, mail.text, mail.html)):
        told.append("marks that turn the line round")
    return told


@pytest.mark.parametrize("place", ["product_name", "sku", "retailer", "variant", "seller", "currency", "url"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_comes_from_outside_stays_text(place: str, text: str):
    changes: dict[str, Any] = {place: text}
    assert faults(a_mail(a_record(**changes))) == []


@pytest.mark.parametrize("place", ["image_url", "stock", "previous_price"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_comes_beside_it_stays_text(place: str, text: str):
    assert faults(a_mail(a_record(type=AlertType.PRICE_DROP, metadata={place: text}))) == []


@pytest.mark.parametrize("name", AWKWARD)
def test_no_awkward_alert_makes_a_faulty_mail(name: str):
    assert faults(a_mail(AWKWARD[name])) == []


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*HOSTILE, "word", " "]) | st.text(max_size=40), max_size=6).map("".join))
def test_nothing_is_cut_inside_what_a_reader_takes_for_one_character(name: str):
    """What is shown of a name is its beginning, in whole clusters."""
    mail = a_mail(a_record(product_name=name))
    assert faults(mail) == []
    shown = mail.text.splitlines()[2]
    whole = list(clusters(plain(name) or "6634940"))
    told = list(clusters(shown.removesuffix(ELLIPSIS)))
    assert told == whole[: len(told)]
    assert shown.endswith(ELLIPSIS) or told == whole
