"""Who may say what became of a text: Twilio, and nobody else."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict
from tests.channels.scenes import NOW
from twilio.request_validator import RequestValidator

from tocsin.channels.twilio.signature import HEADER, signature_fault
from tocsin.core.callback import Callback
from tocsin.core.secret import Secret

TOKEN = "12345"
FORM = "application/x-www-form-urlencoded"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FIELDS = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212"}
DOCUMENTED = FIELDS | {"Caller": "+14158675309"}

texts = st.text(st.characters(codec="utf-8"), max_size=12)


def called(body: bytes | Any = b"", signature: str = "", url: str = URL, kind: str = FORM, **headers: str) -> Callback:
    written = body if isinstance(body, bytes) else urlencode(body, doseq=True).encode()
    told = {HEADER: signature, "content-type": kind} | headers
    return Callback(kind="status", url=url, headers=told, body=written, at=NOW)


def fault(callback: Callback, token: str = TOKEN) -> str | None:
    return signature_fault(callback, Secret(token))


def test_the_documented_signatures_are_right():
    assert fault(called(DOCUMENTED, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")) is None
    repeated = {"Sid": ["CA123"], "SidAccount": ["AC123"], "Digits": ["5678", "1234", "1234"]}
    assert fault(called(repeated, "IK+Dwps556ElfBT0I3Rgjkr1wJU=")) is None
    body = b'{"property": "value", "boolean": true}'
    hashed = f"{URL}&bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert fault(called(body, "a9nBmqA0ju/hNViExpshrM61xv4=", hashed, "application/json")) is None


@given(st.dictionaries(texts, st.lists(texts, min_size=1, max_size=3), max_size=6), st.text("abc123", max_size=8))
def test_whatever_the_official_library_signs_is_taken(fields: Mapping[str, list[str]], token: str):
    told = MultiDict((name, value) for name, values in fields.items() for value in values)
    signature = RequestValidator(token).compute_signature(URL, told)
    assert fault(called(fields, signature), token) is None


@pytest.mark.parametrize(
    ("signed", "heard"),
    [
        ("https://a.example/hooks/twilio/status?d=1", "https://a.example:443/hooks/twilio/status?d=1"),
        ("https://a.example:443/hooks/twilio/status?d=1", "https://a.example/hooks/twilio/status?d=1"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("https://a.example/x", "https://a.example:8443/x"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("https://user:pw@a.example/x", "https://user:pw@a.example:443/x"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x"),
        ("https://[2001:db8::1]:443/x", "https://[2001:db8::1]/x"),
    ],
)
def test_an_address_may_have_been_signed_with_its_port_or_without(signed: str, heard: str):
    signature = RequestValidator(TOKEN).compute_signature(signed, FIELDS)
    assert fault(called(FIELDS, signature, heard)) is None


def test_without_a_form_the_address_alone_is_signed():
    assert fault(called(b"", RequestValidator(TOKEN).compute_signature(URL, {}))) is None


SIGNED = RequestValidator(TOKEN).compute_signature(URL, DOCUMENTED)


@pytest.mark.parametrize(
    "callback",
    [
        called(DOCUMENTED, ""),
        called(DOCUMENTED, "RSOYDt4T1cUTdK1PDd93/VVr8B9="),
        called(DOCUMENTED, "\xff"),
        called(DOCUMENTED | {"Digits": "1235"}, SIGNED),
        called(DOCUMENTED | {"Digits": ""}, SIGNED),
        called(DOCUMENTED | {"New": ""}, SIGNED),
        called(FIELDS, SIGNED),
        called({**DOCUMENTED, "Digits": ["1234", "1"]}, SIGNED),
        called(DOCUMENTED, SIGNED, URL.replace("mycompany", "other")),
        called(DOCUMENTED, SIGNED, URL + "&x=1"),
        called(DOCUMENTED, SIGNED, URL, "application/json"),
        called(DOCUMENTED, SIGNED, URL, "multipart/form-data; boundary=x"),
        called(b"\xff\xfe", SIGNED),
        called(b"a=%ff", SIGNED),
        called(b"&&&", RequestValidator(TOKEN).compute_signature(URL, {})),
        called(b"a=1&" * 2000, SIGNED),
        called(DOCUMENTED, SIGNED, "https://a.example:x/"),
    ],
)
def test_what_somebody_else_made_is_refused_and_breaks_nothing(callback: Callback):
    assert fault(callback) is not None


def test_a_body_that_is_no_form_belongs_to_its_address_by_its_hash():
    body = json.dumps({"property": "other"}).encode()
    hashed = f"{URL}&bodySHA256={hashlib.sha256(b'another').hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(hashed, {})
    assert fault(called(body, signature, hashed, "application/json")) is not None
    assert fault(called(body, RequestValidator(TOKEN).compute_signature(URL, {}), URL, "application/json")) is not None


@pytest.mark.parametrize("signed", [URL, f"{URL}#rc=5&rp=all"])
def test_connection_overrides_may_be_signed_or_not_and_never_come_with_the_call(signed: str):
    call = called(FIELDS, RequestValidator(TOKEN).compute_signature(signed, FIELDS))
    assert signature_fault(call, Secret(TOKEN), "rc=5&rp=all") is None
    assert (signature_fault(call, Secret(TOKEN)) is None) is (signed == URL)
