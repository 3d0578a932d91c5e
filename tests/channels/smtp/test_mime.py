"""A mail as it goes over the wire: whatever is in it, it has the headers that it was given and no others."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from tests.golden.alerts import AWKWARD

from tocsin.channels.email.house import House
from tocsin.channels.email.letter import mail_of
from tocsin.channels.email.mail import Links, Mail
from tocsin.channels.smtp.line import Letter
from tocsin.channels.smtp.mime import letter_of
from tocsin.core.delivery import Target
from tocsin.sandbox.smtp.rules import faults_of

AT = datetime(2026, 11, 30, 13, tzinfo=UTC)
LEAVE = "https://club.example/u/" + "A1b2-_" * 60  # far longer than a line of a header
LINKS = Links(product="https://club.example/r/1", leave=LEAVE)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
    "MIME-Version", "Content-Type",
]  # fmt: skip


def letter(mail: Mail, sender: str = "Restock Club <alerts@club.example>") -> Letter:
    address = sender.rpartition("<")[2].rstrip(">")
    return letter_of(mail, sender=sender, address=address, recipient="ada@example.com", name="code@club.example", at=AT)


def read(sent: Letter) -> EmailMessage:
    message = message_from_bytes(sent.content, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("name", AWKWARD)
def test_whatever_a_name_holds_a_strict_server_takes_it_and_readers_see_it(name: str):
    house = House(sender="Restock Club <alerts@club.example>")
    mail = mail_of(AWKWARD[name], Target("email", "vip"), LINKS, house)
    sent = letter(mail)
    message = read(sent)
    assert list(faults_of(sent.content)) == []
    assert list(message.keys()) == HEADERS
    assert str(message["Subject"]) == mail.subject
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == mail.text
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == mail.html.rstrip("\n")


def test_the_button_of_mail_programs_is_one_line_and_as_it_was():
    head, _, _ = letter(Mail(subject="x", text="x", html="x", headers=LINKS.headers)).content.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert f"List-Unsubscribe: <{LEAVE}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert "Message-ID: <code@club.example>" in lines
    assert "Date: Mon, 30 Nov 2026 13:00:00 +0000" in lines


def test_a_name_of_the_sender_beyond_ascii_arrives():
    message = read(letter(Mail(subject="x", text="x", html="x"), "Größe & Söhne <alerts@club.example>"))
    assert message["From"].addresses[0].display_name == "Größe & Söhne"
    assert message["From"].addresses[0].addr_spec == "alerts@club.example"


@pytest.mark.parametrize("evil", ["x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\rBcc: all@example.com"])
@pytest.mark.parametrize("where", ["subject", "header"])
def test_no_header_becomes_two(evil: str, where: str):
    subject, headers = (evil, {}) if where == "subject" else ("x", {"List-Unsubscribe": evil})
    with pytest.raises(ValueError, match=r"[Hh]eader|linefeed|line"):
        letter(Mail(subject=subject, text="x", html="x", headers=headers))


def test_a_line_of_the_text_that_is_a_dot_stays_one():
    sent = letter(Mail(subject="x", text=".\n..\n.end\n", html="."))
    body = read(sent).get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == ".\n..\n.end\n"
