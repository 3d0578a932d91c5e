"""What a digest says, in both of its forms. `TOCSIN_WRITE_GOLDEN=1` writes the files anew."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.channels.scenes import NOW, an_attempt
from tests.golden.alerts import AWKWARD, TYPICAL

from tocsin.channels.contract import Attempt
from tocsin.channels.email.digest import digest_of
from tocsin.channels.email.house import House
from tocsin.channels.email.mail import Mail
from tocsin.core.address import AddressKind
from tocsin.core.delivery import Target
from tocsin.core.recipients import Recipient
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret

FOLDER = Path(__file__).parent / "digest"
VIP = Target("email", "vip")
LEAVE = "https://club.example/u/2?a=1&b=2"
HOUSE = House(
    sender="Restock Club <alerts@club.example>", postal_address="1 Main St\nSpringfield", shops={"bestbuy": "Best Buy"}
)


class Pages:
    """Everybody has the same."""

    def me(self, _: Recipient) -> str:
        return "https://club.example/me/3"

    def unsubscribe(self, _: Recipient) -> str:
        return LEAVE

    def alert(self, delivery: int) -> str:
        return f"https://club.example/a/{delivery}"


def a_digest(records: Sequence[AlertRecord], zone: str | None = "America/New_York") -> Mail:
    return digest_of(
        gathered(records, zone), lambda delivery, _: f"https://club.example/r/{delivery.key}", Pages(), HOUSE
    )


def gathered(records: Sequence[AlertRecord], zone: str | None = None) -> Attempt:
    recipient = Recipient(slot=1, kind=AddressKind.MAILBOX, value=Secret("ada@example.com"), lookup=b"", zone=zone)
    attempt = an_attempt(records, VIP, digest=True)
    return replace(attempt, members=tuple(replace(member, recipient=recipient) for member in attempt.members))


def seen(record: AlertRecord, hours: float, priority: int) -> AlertRecord:
    """So many hours before the digest."""
    alert = replace(record.alert, priority=priority, timestamp=NOW - timedelta(hours=hours))
    return replace(record, alert=alert)


SOLD_OUT = seen(TYPICAL["in_stock_sold_out"], 9, 7)
ALL: dict[str, tuple[AlertRecord, ...]] = {
    "one": (seen(TYPICAL["back_order"], 2, 2),),
    "several": (
        seen(TYPICAL["back_order"], 2, 2),
        SOLD_OUT,
        seen(TYPICAL["price_drop"], 17.5, 5),
        seen(TYPICAL["restock_soon"], 1, 5),
    ),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("kind", ["txt", "html"])
def test_a_digest_is_as_its_golden_file(name: str, kind: str):
    mail = a_digest(ALL[name])
    told = f"Subject: {mail.subject}\n\n{mail.text}" if kind == "txt" else mail.html
    golden = FOLDER / f"{name}.{kind}"
    if os.environ.get("TOCSIN_WRITE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


def test_there_is_no_golden_file_without_its_digest():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.{kind}" for name in ALL for kind in ("txt", "html")}


def test_the_most_important_comes_first_and_what_is_over_last_without_a_link():
    text = a_digest(ALL["several"]).text
    places = [text.index(words) for words in ("Back soon", "% off", "Back order", "Sold out")]
    assert places == sorted(places)
    assert re.findall(r"/r/(\d+)", text) == ["103", "102", "100"]


def test_each_alert_is_answered_by_itself_also_once_it_is_over():
    mail = a_digest(ALL["several"])
    for form in (mail.text, mail.html):
        assert re.findall(r"/a/(\d+)", form) == ["103", "102", "100", "101"]


def test_a_time_is_told_where_its_reader_lives():
    record = seen(TYPICAL["back_order"], 2, 2)
    assert "Seen Fri 07:00" in a_digest([record], "America/New_York").text
    assert "Seen Fri 12:00 UTC" in a_digest([record], None).text


def test_the_mail_programs_button_is_in_it():
    assert a_digest(ALL["one"]).headers == {
        "List-Unsubscribe": f"<{LEAVE}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        for name, value in attrs:
            assert name not in ("href", "src") or str(value).startswith("https://")
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", AWKWARD)
def test_whatever_a_name_holds_the_mail_stays_one(name: str):
    plain, awkward = (a_digest([record, TYPICAL["back_order"]]) for record in (TYPICAL["in_stock"], AWKWARD[name]))
    assert not set(awkward.subject) & set("\r\n\x00\u2028\u202e")
    assert len(awkward.subject.encode("utf-16-le")) <= 300
    for mail in (plain, awkward):
        tags = Tags()
        tags.feed(mail.html)
        assert tags.open == []
        assert set(tags.found) <= {
            "html", "head", "meta", "title", "style", "body", "table", "tr", "td", "h1", "p", "bdi", "span", "s", "a",
            "img", "br",
        }  # fmt: skip
