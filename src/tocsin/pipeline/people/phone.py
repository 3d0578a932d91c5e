"""A phone number as people write it becomes E.164, or is refused with a word on what is wrong with it.

Numbers are judged by the metadata of libphonenumber (Google); it knows shapes, not subscribers.
"""

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult, timezone

from tocsin.core.address import AddressKind, AddressValue
from tocsin.core.errors import CountryNotAllowedError, Detail, InvalidPhoneError
from tocsin.core.secret import Secret

_LONGEST = 40  # characters, with everything that people write between digits
_WRITTEN = re.compile(r"\+?[0-9][0-9 ()./-]*|\+?\([0-9][0-9 ()./-]*")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]{7,}[.,]0+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))  # noqa: RUF001 - what word processors make of a hyphen

AS_TEXT = (
    "a spreadsheet made a number of it, and digits are lost: format the column as text, enter it anew with + and the"
    " country code, and save it again"
)
_TO_NOBODY = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.TOLL_FREE: "a toll-free number",
    PhoneNumberType.UAN: "a company's common number",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.VOICEMAIL: "a voice mailbox",
}
_POSSIBLE = {
    ValidationResult.TOO_SHORT: "it has too few digits for a number of its country",
    ValidationResult.TOO_LONG: "it has too many digits for a number of its country",
    ValidationResult.INVALID_LENGTH: "no number of its country has so many digits",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "the area code is missing",
    ValidationResult.INVALID_COUNTRY_CODE: "there is no such country code",
}


def phone_of(text: str, countries: Collection[str] = ()) -> AddressValue:
    """`countries` (ISO 3166) are those whose numbers are taken; none: all. Where they share one country code, a number
    may be written without it. Raises InvalidPhoneError, CountryNotAllowedError.
    """
    number = _parsed(_plain(text), _home(tuple(countries)))
    if problem := _problem(number):
        raise _invalid(problem)
    region = phonenumbers.region_code_for_number(number)
    if countries and region not in countries:
        allowed = ", ".join(sorted(countries))
        told = f"numbers of {region or 'no country'} are not taken here (people.countries: {allowed})"
        raise CountryNotAllowedError(told, [Detail("number", told)])
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return AddressValue(
        kind=AddressKind.PHONE,
        secret=Secret(written),
        compared=Secret(written),
        shown=masked(written),
        zone=_zone(number),
    )


def masked(written: str) -> str:
    """Of a number in E.164: its country code and its last four digits."""
    number = phonenumbers.parse(written)
    return f"+{number.country_code} *** *** {written[-4:]}"


def _plain(text: str) -> str:
    """In the digits and signs that numbers are written with."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip().removeprefix("tel:")
    plain = "".join(" " if each.isspace() else each for each in plain if unicodedata.category(each) != "Cf")
    digits = "".join(str(unicodedata.digit(each)) if each.isdigit() else each for each in plain)
    if not digits:
        raise _invalid("there is no number")
    if len(digits) > _LONGEST:
        raise _invalid("it is too long for a number")
    if _SCIENTIFIC.fullmatch(digits):
        raise _invalid(AS_TEXT)
    if any(each.isalpha() for each in digits):
        raise _invalid("it has letters in it: write digits alone, one number, without an extension")
    if not _WRITTEN.fullmatch(digits):
        raise _invalid("it is not written as one number: +, the country code, and digits")
    return f"+{digits[2:]}" if digits.startswith("00") else digits


def _parsed(plain: str, home: str | None) -> PhoneNumber:
    if home is None and not plain.startswith("+"):
        raise _invalid("the country code is missing: write it as +1 415 555 0101")
    try:
        return phonenumbers.parse(plain, home)
    except phonenumbers.NumberParseException as problem:
        known = problem.error_type != phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
        raise _invalid("it is no number" if known else "there is no such country code") from problem


def _problem(number: PhoneNumber) -> str:
    """Empty where it could be told something."""
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        return _POSSIBLE[possible]
    if not phonenumbers.is_valid_number(number):
        return "there is no such number: no operator of its country gives out numbers that begin so"
    kind = phonenumbers.number_type(number)
    return f"it is {_TO_NOBODY[kind]}, and no person's phone" if kind in _TO_NOBODY else ""


@lru_cache(maxsize=64)
def _home(countries: tuple[str, ...]) -> str | None:
    """The country by whose habits a number without a country code is read."""
    codes = {phonenumbers.country_code_for_region(country) for country in countries}
    return phonenumbers.region_code_for_country_code(codes.pop()) if len(codes) == 1 and 0 not in codes else None


def _zone(number: PhoneNumber) -> str | None:
    """Where the number belongs; None where its country has several times and the number does not say which."""
    names = [name for name in timezone.time_zones_for_number(number) if name != timezone.UNKNOWN_TIMEZONE]
    return names[-1] if len({_hours(name) for name in names}) == 1 else None


@lru_cache(maxsize=512)
def _hours(name: str) -> tuple[object, object]:
    """Which time it is there in winter and in summer."""
    zone = ZoneInfo(name)
    return zone.utcoffset(datetime(2026, 1, 1)), zone.utcoffset(datetime(2026, 7, 1))  # noqa: DTZ001 - of that zone


def _invalid(problem: str) -> InvalidPhoneError:
    return InvalidPhoneError(
        f"this is no phone number that could be told anything: {problem}", [Detail("number", problem)]
    )
