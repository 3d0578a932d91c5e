"""What SendGrid takes as a mail, each rule with the field that it names and its words (SendGrid, "Mail Send").

All that is wrong is told at once, in the order of the fields.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tocsin.sandbox.sendgrid.account import Account

Fault = tuple[str | None, str]

MOST_RECIPIENTS = 1000
MOST_BYTES = 10_000  # of substitutions, and of custom_args, each
MOST_CATEGORIES, LONGEST_CATEGORY = 10, 255
ADDRESS = re.compile(r"[^\s@<>(),;:\"\[\]\\]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
RESERVED = frozenset(
    {
        "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
        "subject", "reply-to", "cc", "bcc",
    }
)  # fmt: skip
_TOP = frozenset(
    {
        "personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments", "template_id",
        "headers", "categories", "custom_args", "send_at", "batch_id", "asm", "ip_pool_name", "mail_settings",
        "tracking_settings", "sections",
    }
)  # fmt: skip
_OF_PERSON = frozenset(
    {
        "from", "to", "cc", "bcc", "subject", "headers", "substitutions", "dynamic_template_data", "custom_args",
        "send_at",
    }
)  # fmt: skip


def faults_of(body: Any, account: Account) -> Iterator[Fault]:
    if not isinstance(body, dict):
        yield None, "Bad Request"
        return
    for name in sorted(body.keys() - _TOP):
        yield name, f"Additional property {name} is not allowed"
    yield from _of_personalizations(body)
    yield from _of_sender(body.get("from"))
    if "template_id" in body and str(body["template_id"]) not in account.templates:
        yield "template_id", "The template_id must be a valid GUID, you provided an unknown one."
    if "template_id" not in body:
        yield from _of_subject(body)
        yield from _of_content(body.get("content"))
    yield from _of_headers(body.get("headers"), "headers")
    yield from _of_categories(body.get("categories", []))


def _of_personalizations(body: Mapping[str, Any]) -> Iterator[Fault]:
    told = body.get("personalizations")
    if not isinstance(told, list) or not told:
        yield "personalizations", "The personalizations field is required and must have at least one personalization."
        return
    if len(told) > MOST_RECIPIENTS or sum(len(_recipients(one)) for one in told) > MOST_RECIPIENTS:
        yield "personalizations", "The total number of recipients must be no more than 1000."
        return
    seen: set[str] = set()
    for number, one in enumerate(told):
        path = f"personalizations.{number}"
        yield from _of_person(one, path, dynamic=str(body.get("template_id") or "").startswith("d-"))
        for kind, address in _recipients(one):
            if address.casefold() in seen:
                yield (
                    "personalizations",
                    (
                        "Each email address in the personalization block should be unique between to, cc, and bcc. "
                        f"We found the first duplicate instance of [{address}] in the {path}.{kind} field."
                    ),
                )
                return
            seen.add(address.casefold())


def _of_person(one: Any, path: str, *, dynamic: bool) -> Iterator[Fault]:
    if not isinstance(one, dict):
        yield path, "Invalid type. Expected: object."
        return
    for name in sorted(one.keys() - _OF_PERSON):
        yield f"{path}.{name}", f"Additional property {name} is not allowed"
    to = one.get("to")
    if not isinstance(to, list) or not to:
        yield (
            f"{path}.to",
            (
                "The to array is required for all personalization objects, and must have at least one email object "
                "with a valid email address."
            ),
        )
    for number, each in enumerate(to if isinstance(to, list) else ()):
        address = each.get("email") if isinstance(each, dict) else None
        if not isinstance(address, str) or not ADDRESS.fullmatch(address):
            yield f"{path}.to.{number}.email", "Does not contain a valid address."
    yield from _of_headers(one.get("headers"), f"{path}.headers")
    for name in ("substitutions", "custom_args"):
        yield from _of_texts(one.get(name), f"{path}.{name}", name)
    if dynamic and one.get("substitutions"):
        yield f"{path}.substitutions", "Substitutions may not be used with dynamic templating"


def _of_texts(told: Any, path: str, name: str) -> Iterator[Fault]:
    if told is None:
        return
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        yield path, f"The {name} must be an object of key/value pairs of strings."
    elif sum(len(f"{key}{value}".encode()) for key, value in told.items()) > MOST_BYTES:
        yield path, f"The {name} are limited to {MOST_BYTES} bytes per personalization block."


def _of_headers(told: Any, path: str) -> Iterator[Fault]:
    if told is None:
        return
    if not isinstance(told, dict):
        yield path, "The headers must be an object of key/value pairs of strings."
        return
    for name, value in told.items():
        if name.casefold() in RESERVED:
            yield f"{path}.{name}", f"The header {name} is reserved and cannot be overridden."
        elif not (name.isascii() and name.isprintable()) or " " in name or ":" in name:
            yield f"{path}.{name}", "Header names must be printable ASCII without spaces."
        elif not isinstance(value, str) or not (value.isascii() and value.isprintable()):
            yield f"{path}.{name}", "Header values must be strings of printable ASCII."


def _of_sender(told: Any) -> Iterator[Fault]:
    address = told.get("email") if isinstance(told, dict) else None
    if not isinstance(address, str) or not address:
        yield (
            "from.email",
            (
                "The from object must be provided for every email send. It is an object that requires the email,"
                ' but may also contain a name.  e.g. {"email" : "example@example.com"}.'
            ),
        )
    elif not ADDRESS.fullmatch(address):
        yield "from.email", "The from email does not contain a valid address."


def _of_subject(body: Mapping[str, Any]) -> Iterator[Fault]:
    people = body.get("personalizations")
    own = isinstance(people, list) and people and all(isinstance(one, dict) and one.get("subject") for one in people)
    subject = body.get("subject")
    if not own and (not isinstance(subject, str) or not subject):
        yield (
            "subject",
            (
                "The subject is required. You can get around this if you use a template with a subject defined"
                " or if every personalization has a subject defined."
            ),
        )
    elif isinstance(subject, str) and any(unicodedata.category(character) == "Cc" for character in subject):
        yield "subject", "The subject must be a single line without control characters."


def _of_content(told: Any) -> Iterator[Fault]:
    if not isinstance(told, list) or not told:
        yield (
            "content",
            (
                "Unless a valid template_id is provided, the content parameter is required. There must be at least one "
                "defined content block."
            ),
        )
        return
    kinds = [one.get("type") if isinstance(one, dict) else None for one in told]
    if kinds != sorted(kinds, key=_place):
        yield "content", "If present, text/plain must be first, followed by text/html, followed by any other content."
    for number, one in enumerate(told):
        value = one.get("value") if isinstance(one, dict) else None
        if not isinstance(value, str) or not value:
            yield f"content.{number}.value", "The content value must be a string at least one character in length."
        if not isinstance(kinds[number], str) or "/" not in str(kinds[number]):
            yield f"content.{number}.type", "The content type must be a string of the form type/subtype."


def _recipients(one: Any) -> Sequence[tuple[str, str]]:
    if not isinstance(one, dict):
        return ()
    told = [(kind, each) for kind in ("to", "cc", "bcc") for each in _list(one.get(kind)) if isinstance(each, dict)]
    return [(kind, each["email"]) for kind, each in told if isinstance(each.get("email"), str)]


def _of_categories(told: Any) -> Iterator[Fault]:
    if not isinstance(told, list) or not all(isinstance(one, str) and len(one) <= LONGEST_CATEGORY for one in told):
        yield "categories", "The categories must be an array of strings of at most 255 characters."
    elif len(told) > MOST_CATEGORIES or len(set(told)) < len(told):
        yield "categories", "The categories array cannot be longer than 10 categories, each of them once."


def _list(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


def _place(kind: Any) -> int:
    return {"text/plain": 0, "text/html": 1}.get(str(kind), 2)
