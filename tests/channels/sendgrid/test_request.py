"""What goes over the wire for one alert and many mailboxes."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendgrid.helpers.mail import (
    ClickTracking,
    CustomArg,
    Header,
    Mail,
    Personalization,
    SubscriptionTracking,
    Substitution,
    To,
    TrackingSettings,
)
from tests.channels.far_side import answers, far_side
from tests.channels.scenes import a_record
from tests.channels.sendgrid.scenes import CODES, PUBLIC, SENDER, VIP, a_mailing, a_person, asked, base, channel
from tests.material import SHARED, needs

from tocsin.channels.contract import Attempt
from tocsin.channels.email.house import House
from tocsin.channels.email.letter import mail_of
from tocsin.channels.email.mail import Asked, Links
from tocsin.channels.email.mail import Mail as Sheet
from tocsin.channels.sendgrid.request import Person, body_of, sheet_for
from tocsin.channels.transport import Transport
from tocsin.core.alert import AlertType
from tocsin.core.secret import Secret

SPEC = SHARED / "specs/sendgrid/tsg_mail_v3.json"


async def sent(attempt: Attempt, **changes: Any) -> tuple[dict[str, str], Any]:
    async with far_side(answers(202, b"", X_Message_Id="m1")) as side, Transport() as transport:
        await channel(transport, api_base=base(side), **changes).send(attempt)
    (request,) = side.requests
    return asked(request)


def read_by(body: Any, number: int) -> tuple[str, str]:
    """Text and HTML as SendGrid makes them for one of the people: marks are replaced as they stand."""
    told = [part["value"] for part in body["content"]]
    for mark, value in body["personalizations"][number].get("substitutions", {}).items():
        told = [one.replace(mark, value) for one in told]
    return told[0], told[1]


async def test_300_people_are_one_request_with_300_different_links():
    attempt = a_mailing(300)
    headers, body = await sent(attempt)
    assert headers[""] == "POST /v3/mail/send HTTP/1.1"
    assert headers["authorization"] == "Bearer SG.key"
    told = body["personalizations"]
    assert len({one["to"][0]["email"] for one in told}) == len(told) == 300
    for place in ("List-Unsubscribe", "List-Unsubscribe-Post"):
        assert all(place in one["headers"] for one in told)
    assert len({one["headers"]["List-Unsubscribe"] for one in told}) == 300
    for number, member in enumerate(attempt.members):
        link = f"{PUBLIC}/r/{CODES.of(member.delivery.key)}"
        leave = told[number]["headers"]["List-Unsubscribe"].strip("<>")
        for form in read_by(body, number):
            assert all(one in form for one in (link, leave, f"{PUBLIC}/me/"))
            assert attempt.id.hex not in form


async def test_what_is_kept_of_a_mail_for_good_is_the_code_of_the_delivery_alone():
    _, body = await sent(a_mailing(2))
    assert [set(one["custom_args"]) for one in body["personalizations"]] == [{"tocsin_delivery"}] * 2
    assert [CODES.key_of(one["custom_args"]["tocsin_delivery"]) for one in body["personalizations"]] == [100, 101]
    assert not {"categories", "custom_args"} & set(body)


async def test_an_address_of_the_shop_is_the_same_for_all_and_needs_no_mark():
    """Without an address of our own there are no links of anybody's."""
    url = "https://shop.example/p?a=1&b=2"
    attempt = a_mailing(3, a_record(url=url))
    _, body = await sent(attempt, start=None, link=lambda _, record: record.alert.url)
    assert not any("substitutions" in one or "headers" in one for one in body["personalizations"])
    text, html = read_by(body, 0)
    assert url in text
    assert 'href="https://shop.example/p?a=1&amp;b=2"' in html


async def test_an_address_that_is_none_of_the_web_makes_no_button():
    _, body = await sent(a_mailing(1), link=lambda *_: "javascript:alert(1)")
    assert not any("javascript" in form or "Buy at" in form for form in read_by(body, 0))


async def test_a_link_is_written_in_html_as_html_wants_it():
    links = iter(["https://a.example/?x=1&y=2", "https://b.example/?x=1&y=2"])
    _, body = await sent(a_mailing(2), link=lambda *_: next(links))
    text, html = read_by(body, 0)
    assert "https://a.example/?x=1&y=2" in text
    assert 'href="https://a.example/?x=1&amp;y=2"' in html


async def test_who_was_written_down_among_others_stops_it_by_an_answer():
    attempt = a_mailing(2)
    ada, bob = attempt.members
    bob = replace(bob, recipient=a_person(2, written=True))
    _, body = await sent(replace(attempt, members=(ada, bob)))
    assert [("headers" in one) for one in body["personalizations"]] == [True, False]
    assert "No more mail: mailto:alerts@club.example" in read_by(body, 1)[0]


HOSTILE = st.text(max_size=30) | st.sampled_from(["-", "-00000000000070008000000000000007.0.product-", "h-", "{{x}}"])


@settings(max_examples=50)
@given(st.lists(HOSTILE, min_size=1, max_size=4), st.integers(0, 3))
def test_no_text_of_an_alert_can_be_taken_for_a_mark(parts: list[str], number: int):
    """Whatever the mail says, somebody's links are put in where links belong and nowhere else."""
    name = "00000000000070008000000000000007"
    hostile = "".join([*parts, f"-{name}.{number}.product-", f"-{name}.{number}.leaveh-"])

    def write(links: Links) -> Sheet:
        text = f"{hostile}|{links.product}|{links.leave}"
        return Sheet(subject=hostile, text=text, html=text)

    people = [Links(product=f"https://a.example/{each}", leave=f"https://a.example/u{each}") for each in range(2)]
    sheet = sheet_for(name, write, people)
    told = sheet.mail.text
    for mark, value in sheet.substitutions(people[1], "").items():
        assert mark not in sheet.mail.subject
        told = told.replace(mark, value)
    assert told == f"{hostile}|https://a.example/1|https://a.example/u1"


def test_who_is_asked_something_finds_it_there_and_the_others_nothing():
    asked = Links(product="https://a.example/1", question=Asked("PS5 & more", "https://a.example/a?b&c"))
    links = [asked, Links(product="https://a.example/1")]
    people = [Person(Secret(f"{number}@example.com"), "code", one) for number, one in enumerate(links)]
    write = partial(mail_of, a_record(), VIP, house=House(sender=SENDER))
    body = body_of("attempt", write, SENDER, people)
    first, second = (one["substitutions"] for one in body["personalizations"])
    text, html = (one["value"] for one in body["content"])
    (mark,) = (mark for mark in first if mark in text)
    (in_html,) = (mark for mark in first if mark in html)
    assert first[mark] == "You had a look at PS5 & more. What came of it? https://a.example/a?b&c"
    assert "PS5 &amp; more" in first[in_html]
    assert (second[mark], second[in_html]) == ("", "")


async def test_a_dynamic_template_gets_what_the_alert_says_and_the_links_of_each():
    template = "d-" + "0123456789abcdef" * 2
    attempt = a_mailing(2)
    _, body = await sent(attempt, template_ids={"in_stock": template})
    assert body["template_id"] == template
    assert not {"content", "subject"} & set(body)
    data = [one["dynamic_template_data"] for one in body["personalizations"]]
    assert [one["url"] for one in data] == [f"{PUBLIC}/r/{CODES.of(key)}" for key in (100, 101)]
    assert (data[0]["product"], data[0]["retailer"], data[0]["price"]) == ("GeForce RTX 5090", "Best Buy", "$1,999.99")
    assert data[0]["unsubscribe_url"].startswith(f"{PUBLIC}/u/")
    _, other = await sent(a_mailing(1, a_record(type=AlertType.BACK_ORDER)), template_ids={"in_stock": template})
    assert "template_id" not in other


async def test_the_official_library_makes_the_same_request():
    _, body = await sent(a_mailing(3))
    mail = Mail(from_email=_sender(), subject=body["subject"])
    for part in body["content"]:
        mail.add_content(part["value"], part["type"])
    for number, one in enumerate(body["personalizations"]):
        person = Personalization()
        person.add_to(To(one["to"][0]["email"]))
        for name, value in one["headers"].items():
            person.add_header(Header(name, value))
        for name, value in one["substitutions"].items():
            person.add_substitution(Substitution(name, value))
        for name, value in one["custom_args"].items():
            person.add_custom_arg(CustomArg(name, value))
        mail.add_personalization(person, number)
    mail.tracking_settings = TrackingSettings(
        click_tracking=ClickTracking(enable=False, enable_text=False),
        subscription_tracking=SubscriptionTracking(enable=False),
    )
    assert json.loads(json.dumps(mail.get())) == body


@needs(SPEC)
@pytest.mark.parametrize("templates", [{}, {"in_stock": "d-" + "0" * 32}], ids=["ours", "theirs"])
async def test_the_official_specification_takes_it(templates: dict[str, str]):
    _, body = await sent(a_mailing(5), template_ids=templates)
    document = json.loads(SPEC.read_text())
    reference = {"$ref": "#/components/requestBodies/PostMailSend/content/application~1json/schema"}
    jsonschema.Draft202012Validator({**document, **reference}).validate(body)


def _sender() -> Any:
    name, _, address = SENDER.rstrip(">").partition(" <")
    return (address, name)
