"""The addresses of the pages for people lead to whom they were made for, and nobody outside gets one in vain."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.channels.scenes import a_member, a_record

from tocsin.access.pages import PageAddresses
from tocsin.access.passes import Pass, Passes, Purpose
from tocsin.core.address import AddressKind
from tocsin.core.clock import ManualClock
from tocsin.core.link import Codes
from tocsin.core.recipients import Owner, Recipient
from tocsin.core.secret import Secret

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LIFE = timedelta(days=30)
ADA = Owner(UUID(int=1), UUID(int=2))
SOMEBODY = Recipient(slot=7, kind=AddressKind.MAILBOX, value=Secret("ada@example.com"), lookup=b"", owner=ADA)
DELIVERY = a_member(a_record(), 77).delivery
PASSES, CODES = Passes(lambda: b"a secret"), Codes(lambda: b"a secret")


def pages(start: str | None = "https://alerts.example") -> PageAddresses:
    return PageAddresses(start, PASSES, CODES, ManualClock(NOW))


def opened(purpose: Purpose, address: str | None, after: timedelta = timedelta(0)) -> Pass | None:
    path = {Purpose.PREFERENCES: "me", Purpose.UNSUBSCRIBING: "u"}[purpose]
    start, _, token = (address or "").rpartition("/")
    assert start == f"https://alerts.example/{path}"
    return PASSES.read(purpose, token, NOW + after)


def test_the_settings_of_a_person_open_for_thirty_days():
    address = pages().me(SOMEBODY)
    assert opened(Purpose.PREFERENCES, address) == Pass(ADA.contact.bytes)
    assert opened(Purpose.PREFERENCES, address, LIFE) == Pass(ADA.contact.bytes, expired=True)


def test_one_leaves_by_the_same_address_for_ever():
    address = pages().unsubscribe(SOMEBODY)
    whose = ADA.contact.bytes + ADA.address.bytes
    assert opened(Purpose.UNSUBSCRIBING, address, 400 * LIFE) == Pass(whose)


def test_the_page_of_an_alert_has_the_code_of_its_short_link():
    assert pages().alert(DELIVERY.key) == f"https://alerts.example/a/{CODES.of(77)}"


def test_nobody_is_led_to_a_service_that_cannot_be_reached():
    alone = pages(None)
    assert [alone.me(SOMEBODY), alone.unsubscribe(SOMEBODY), alone.alert(DELIVERY.key)] == [None] * 3


def test_an_address_that_operators_wrote_down_has_no_settings():
    written = Recipient(slot=7, kind=AddressKind.MAILBOX, value=Secret("ops@example.com"), lookup=b"")
    assert [pages().me(written), pages().unsubscribe(written)] == [None] * 2
