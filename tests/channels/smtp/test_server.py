"""One URL says where the mail server is, and how it is spoken to."""

import pytest

from tocsin.channels.smtp.server import Cover, MailServer
from tocsin.core.secret import Secret


@pytest.mark.parametrize(
    ("url", "host", "port", "cover"),
    [
        ("smtps://u:p@mail.example.org", "mail.example.org", 465, Cover.TLS),
        ("smtps://mail.example.org:4465/", "mail.example.org", 4465, Cover.TLS),
        ("smtp://u:p@mail.example.org", "mail.example.org", 587, Cover.STARTTLS),
        ("smtp://mail.example.org:25", "mail.example.org", 25, Cover.STARTTLS),
        ("smtp://mail.example.org?starttls=no", "mail.example.org", 25, Cover.NONE),
        ("smtp://localhost", "localhost", 25, Cover.NONE),
        ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Cover.NONE),
        ("smtp://[::1]:2525", "::1", 2525, Cover.NONE),
        ("smtp://localhost?starttls=yes", "localhost", 587, Cover.STARTTLS),
    ],
)
def test_where_it_is(url: str, host: str, port: int, cover: Cover):
    server = MailServer.of(Secret(url))
    assert (server.host, server.port, server.cover) == (host, port, cover)


def test_user_and_password_are_quoted():
    server = MailServer.of(Secret("smtps://ops%40example.org:s%2Fe%3Ac%40ret@mail.example.org"))
    assert (server.user, server.password) == ("ops@example.org", Secret("s/e:c@ret"))
    assert "c@ret" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.org",
        "http://mail.example.org",
        "smtps://",
        "smtps://host:port",
        "smtps://host:99999",
        "smtps://user@host",
        "smtps://:secretword@host",
        "smtps://us%0Aer:secretword@host",
        "smtps://u:secretword@host/path",
        "smtps://u:secretword@host?starttls=no",
        "smtp://u:secretword@host?starttls=perhaps",
        "smtp://u:secretword@host?tls=no",
        "smtp://u:secretword@host#here",
    ],
)
def test_what_is_none_is_told_without_repeating_it(url: str):
    with pytest.raises(ValueError, match=r"mail server") as refused:
        MailServer.of(Secret(url))
    assert "secretword" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["smtp://mail.example.org?starttls=no", "smtp://u:p@localhost", "smtp://u:p@mail.example.org", "smtps://u:p@host"],
)
def test_a_password_is_overheard_where_it_goes_over_a_network_as_it_is(url: str):
    assert not MailServer.of(Secret(url)).login_is_overheard
    assert MailServer.of(Secret("smtp://u:p@mail.example.org?starttls=no")).login_is_overheard
