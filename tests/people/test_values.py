"""Phones, mailboxes, devices, browsers and zones as people write them."""

import json
from base64 import urlsafe_b64encode
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.errors import (
    CountryNotAllowedError,
    InvalidMailboxError,
    InvalidPhoneError,
    InvalidRequestError,
    TocsinError,
    UnknownZoneError,
)
from tocsin.pipeline.people.browser import browser_of
from tocsin.pipeline.people.device import device_of
from tocsin.pipeline.people.mailbox import mailbox_of
from tocsin.pipeline.people.phone import phone_of
from tocsin.pipeline.people.zone import zone_of


@pytest.mark.parametrize(
    "written",
    [
        "+14155550101",
        "+1 415 555 0101",
        "+1 (415) 555-0101",
        "001 415 555 0101",
        "tel:+1-415-555-0101",
        "\u202a+1 415\u00a0555 0101\u202c",
        "\uff0b1 415 555 0101",
        "+1 415\u2013555\u20130101",
        "+\u0661 \u0664\u0661\u0665 555 0101",
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str):
    value = phone_of(written)
    assert (value.secret.reveal(), value.compared.reveal()) == ("+14155550101",) * 2
    assert value.shown == "+1 *** *** 0101"
    assert value.zone == "America/Los_Angeles"
    assert "4155550101" not in repr(value)


@pytest.mark.parametrize(
    ("written", "countries", "kept"),
    [
        ("(415) 555-0101", ["US"], "+14155550101"),
        ("14155550101", ["US", "CA"], "+14155550101"),
        ("0170/1234567", ["DE"], "+491701234567"),
        ("+491701234567", ["US", "DE"], "+491701234567"),
    ],
)
def test_a_number_without_its_country_code_is_read_where_there_is_one_country(written, countries, kept):
    assert phone_of(written, countries).secret.reveal() == kept


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "no number"),
        ("   ", "no number"),
        ("415-555-0101", "country code is missing"),
        ("+1415555", "too few digits"),
        ("+4930123456789012345", "too many digits"),
        ("+999 123 456 789", "no such country code"),
        ("+1 900 555 1234", "premium-rate"),
        ("+1 800 555 0199", "toll-free"),
        ("+1 123 555 0101", "no such number"),
        ("1.23E+10", "format the column as text"),
        ("1,41556E+10", "format the column as text"),
        ("14155550101.0", "format the column as text"),
        ("+1 415 555 0101 ext 5", "letters"),
        ("+1-415-GET-FOOD", "letters"),
        ("ada@example.com", "letters"),
        ("+1 415 555 0101, +1 415 555 0102", "one number"),
        ("+1 415 555 0101 / +1 415 555 0102", "one number"),
        ("+", "one number"),
        ("+1" + "5" * 60, "too long"),
    ],
)
def test_every_wrong_kind_of_number_is_refused_in_words(written: str, told: str):
    with pytest.raises(InvalidPhoneError, match=told) as refused:
        phone_of(written)
    assert refused.value.code == "invalid_phone"
    assert refused.value.details[0].path == "number"


def test_a_country_that_is_not_allowed_is_named_with_those_that_are():
    with pytest.raises(CountryNotAllowedError, match=r"GB.*CA, US") as refused:
        phone_of("+44 7400 123456", ["US", "CA"])
    assert refused.value.code == "country_not_allowed"


def test_a_country_with_one_time_has_it_whatever_the_number():
    assert phone_of("+447400123456").zone == "Europe/London"
    assert phone_of("+79161234567").zone is None


@given(st.text(max_size=50))
def test_any_text_is_a_number_or_refused_as_one_and_stays_what_it_became(text: str):
    try:
        value = phone_of(text, ["US"])
    except InvalidPhoneError:
        return
    assert phone_of(value.secret.reveal()) == value


@pytest.mark.parametrize(
    ("written", "kept", "compared", "shown"),
    [
        ("Ada@Example.COM", "Ada@example.com", "ada@example.com", "A***@example.com"),
        (" mailto:a.b+c@example.org ", "a.b+c@example.org", "a.b+c@example.org", "a***@example.org"),
        ("ada@bücher.example.org", "ada@xn--bcher-kva.example.org", "ada@xn--bcher-kva.example.org",
         "a***@xn--bcher-kva.example.org"),
    ],
)  # fmt: skip
def test_a_mailbox_is_kept_with_its_domain_in_ascii_and_compared_without_case(written, kept, compared, shown):
    value = mailbox_of(written)
    assert (value.secret.reveal(), value.compared.reveal(), value.shown) == (kept, compared, shown)


@pytest.mark.parametrize(
    "written",
    ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@exa mple.com", "Ada <ada@example.com>",
     "ada@example.com, bob@example.com", "ada@@example.com", "ada@[127.0.0.1]", "ada@example.com\nBcc: x@y.org",
     "a" * 70 + "@example.com", "ada@" + "x" * 400 + ".com", "adä@example.com", "ada@localhost", '"a b"@example.com'],
)  # fmt: skip
def test_what_is_no_mailbox_is_refused(written: str):
    with pytest.raises(InvalidMailboxError):
        mailbox_of(written)


@given(st.text(max_size=60))
def test_any_text_is_a_mailbox_or_refused_as_one(text: str):
    try:
        value = mailbox_of(text)
    except InvalidMailboxError:
        return
    assert mailbox_of(value.secret.reveal()).compared == value.compared


def test_a_device_is_shown_by_what_it_is_and_kept_by_what_firebase_calls_it():
    value = device_of("token", "fid12345:APA91b_x-y", "android", "2.3")
    assert (value.shown, value.secret.reveal()) == ("android, app 2.3", "fid12345:APA91b_x-y")
    assert device_of("fid", "c" * 22).shown == "app"
    for wrong in (("apns", "c" * 22), ("fid", ""), ("fid", "a b c d e f g"), ("token", "x" * 5000)):
        with pytest.raises(InvalidRequestError):
            device_of(*wrong)
    with pytest.raises(InvalidRequestError):
        device_of("fid", "c" * 22, "and\nroid")


def key(size: int) -> str:
    return urlsafe_b64encode(b"k" * size).decode().rstrip("=")


POINT = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"  # RFC 8291, appendix A
)
SUBSCRIPTION = {
    "endpoint": "https://push.example/1",
    "expirationTime": None,
    "keys": {"p256dh": POINT, "auth": key(16)},
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def test_a_browser_is_known_by_its_endpoint_and_shown_by_its_name():
    value = browser_of(SUBSCRIPTION, FIREFOX)
    assert (value.compared.reveal(), value.shown) == ("https://push.example/1", "Firefox on Linux")
    assert json.loads(value.secret.reveal()) == {name: SUBSCRIPTION[name] for name in ("endpoint", "keys")}
    assert browser_of(SUBSCRIPTION, "curl/8").shown == "browser"


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example/1"},
        {"endpoint": None},
        {"endpoint": "https://a:b@push.example"},
        {"endpoint": "https://[x"},
        {"keys": None},
        {"endpoint": "https://push.example:22/1"},
        {"endpoint": "https://push.example/" + "x" * 2048},
        {"endpoint": "https://push.example/\r\nHost: other"},
        {"endpoint": "https://127.0.0.1/1"},
        {"endpoint": "https://[::1]/1"},
        {"endpoint": "https://0x7f.1/1"},
        {"endpoint": "https://169.254.169.254/latest/meta-data"},
        {"endpoint": "https://localhost/1"},
        {"keys": {"p256dh": key(64), "auth": key(16)}},
        {"keys": {"p256dh": POINT, "auth": "é"}},
        {"keys": {"p256dh": key(65), "auth": key(16)}},  # as long as a key, and no point of the curve
    ],
)
def test_what_is_no_subscription_is_refused(change: dict):
    with pytest.raises(InvalidRequestError):
        browser_of(SUBSCRIPTION | change)


def test_a_push_service_in_a_network_that_is_vouched_for_may_be_anywhere_in_it():
    home = (ip_network("127.0.0.0/8"),)
    told = SUBSCRIPTION | {"endpoint": "http://127.0.0.1:8766/wpush/v2/ada"}
    assert browser_of(told, vouched=home).compared.reveal() == told["endpoint"]
    with pytest.raises(InvalidRequestError, match=r"10\.0\.0\.1 is not called"):
        browser_of(SUBSCRIPTION | {"endpoint": "https://10.0.0.1/1"}, vouched=home)


@given(st.dictionaries(st.text(max_size=8), st.none() | st.text() | st.dictionaries(st.text(), st.text())))
def test_any_object_is_a_subscription_or_refused(told: dict):
    with pytest.raises(TocsinError):
        browser_of(told)


def test_zones_are_those_of_the_database():
    assert zone_of(" America/New_York ") == "America/New_York"
    for name in ("", "America", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 500, "CEST"):
        with pytest.raises(UnknownZoneError, match="America/New_York"):
            zone_of(name)
