"""What Twilio takes in a new message, each rule with the code of its refusal, in the order in which it looks.

Source: Twilio, "Message Resource" and the error dictionary; the magic numbers are those of "Test Credentials". Ours
alone: a number that ends in a code of the dictionary, `+150055CCCCC`, brings that code, at once or later.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from tocsin.sandbox.twilio.account import Account
from tocsin.sandbox.twilio.refusal import RefusedError

E164 = re.compile(r"\+[1-9]\d{6,14}")
SHORT_CODE = re.compile(r"\d{3,8}")
WORD = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")
CODED = re.compile(r"\+150055(?P<code>14107|2[01]\d{3}|30\d{3}|6[03]\d{3})")
WHOLE = re.compile(r"\d{1,9}")
LONGEST_BODY = 1600
LONGEST_ADDRESS = 4000
LONGEST_WAIT = 36_000

MAGIC_FROM: Mapping[str, int] = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_TO: Mapping[str, int] = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
LATER = range(30_000, 31_000)  # codes that come with a status, not with the answer


def check(account: Account, fields: Mapping[str, str]) -> None:
    """Raises RefusedError."""
    to, sender, service = (fields.get(name, "") for name in ("To", "From", "MessagingServiceSid"))
    _check_to(to)
    _check_from(account, sender, service)
    _check_body(fields)
    _check_callback(fields.get("StatusCallback"))
    _check_wait(fields.get("ValidityPeriod"))
    if code := at_once(to):
        raise RefusedError(code, to=to, sender=sender)
    # Whoever opts out does so of the service with all its numbers, else of the one number.
    if (to, service or sender) in account.opted_out:
        raise RefusedError(21610)


def at_once(to: str) -> int | None:
    """The code with which this number is refused on the spot."""
    coded = CODED.fullmatch(to)
    code = int(coded["code"]) if coded else None
    return MAGIC_TO.get(to) or (code if code is not None and code not in LATER else None)


def later(to: str) -> int | None:
    """The code with which a message to this number fails after it was taken."""
    coded = CODED.fullmatch(to)
    return int(coded["code"]) if coded and int(coded["code"]) in LATER else None


def _check_to(to: str) -> None:
    if not to:
        raise RefusedError(21604)
    if not E164.fullmatch(to):
        raise RefusedError(21211, to=to)


def _check_from(account: Account, sender: str, service: str) -> None:
    if not (sender or service):
        raise RefusedError(21603)
    if sender and not any(form.fullmatch(sender) for form in (E164, SHORT_CODE, WORD)):
        raise RefusedError(21212, sender=sender)
    if code := MAGIC_FROM.get(sender):
        raise RefusedError(code, sender=sender)
    if sender and sender not in account.senders:
        raise RefusedError(21606, sender=sender)
    if service and service != account.service:
        raise RefusedError(21705)
    if not account.senders:
        raise RefusedError(21704)


def _check_body(fields: Mapping[str, str]) -> None:
    body = fields.get("Body", "")
    if not body:
        raise RefusedError(21602)
    if len(body) > LONGEST_BODY:
        raise RefusedError(21617)


def _check_callback(url: str | None) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise RefusedError(21609) from None
    if parts.scheme not in ("http", "https") or not host or "_" in host or len(url) > LONGEST_ADDRESS:
        raise RefusedError(21609)


def _check_wait(seconds: str | None) -> None:
    if seconds is not None and not (WHOLE.fullmatch(seconds) and 1 <= int(seconds) <= LONGEST_WAIT):
        raise RefusedError(21624)
