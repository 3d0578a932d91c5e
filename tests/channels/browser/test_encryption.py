"""A message is what the RFC's example is, and what the official library reads; a token is one that it takes."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, derive_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from py_vapid import Vapid02
from tests.channels.browser.subscriber import Subscriber, b64

from tocsin.channels.browser.encryption import LONGEST, encrypted
from tocsin.channels.browser.subscription import Subscription
from tocsin.channels.browser.vapid import LIFE, KeyFileError, Vapid, contact_fault
from tocsin.core.base64url import decoded

NOW = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
MOZILLA = "https://updates.push.services.mozilla.com"
# RFC 8291, 5 and appendix A.
RFC = {
    "plain": "When I grow up, I want to be a watermelon",
    "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "browser": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    "own": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
    "salt": "DGv6ra1nlYgDCS1FRnbzlw",
    "message": (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7"
        "A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    ),
}


def test_the_example_of_the_rfc():
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), decoded(RFC["browser"]))
    own = derive_private_key(int.from_bytes(decoded(RFC["own"]), "big"), SECP256R1())
    made = encrypted(RFC["plain"].encode(), key, decoded(RFC["auth"]), own=own, salt=decoded(RFC["salt"]))
    assert b64(made) == RFC["message"]


@given(st.binary(max_size=LONGEST))
@settings(max_examples=25, deadline=None)
def test_the_official_library_reads_every_message(content: bytes):
    browser = Subscriber()
    read = Subscription.of(browser.kept)
    assert browser.read(encrypted(content, read.key, read.auth)) == content


def test_the_official_library_writes_the_same_message():
    browser, server = Subscriber(), Subscriber()
    read, salt = Subscription.of(browser.kept), bytes(range(16))
    theirs = http_ece.encrypt(
        b"In stock", salt=salt, private_key=server.key, dh=browser.point, auth_secret=browser.auth, version="aes128gcm"
    )
    assert encrypted(b"In stock", read.key, read.auth, own=server.key, salt=salt) == theirs


def test_no_two_messages_have_anything_in_common():
    read = Subscription.of(Subscriber().kept)
    one, other = (encrypted(b"In stock", read.key, read.auth) for _ in range(2))
    assert one[:16] != other[:16]
    assert one[21:86] != other[21:86]
    assert one[86:] != other[86:]


def test_what_is_too_long_for_one_record_is_not_sent():
    read = Subscription.of(Subscriber().kept)
    assert len(encrypted(b"x" * LONGEST, read.key, read.auth)) == 4096
    with pytest.raises(ValueError, match="at most"):
        encrypted(b"x" * (LONGEST + 1), read.key, read.auth)


def test_a_token_is_one_that_the_official_library_takes(tmp_path: Path):
    vapid = made(tmp_path)
    told = vapid.authorization(MOZILLA, NOW)
    assert Vapid02.verify(told)
    claims = claims_of(told)
    assert claims == {"aud": MOZILLA, "exp": int((NOW + LIFE).timestamp()), "sub": "mailto:ops@example.org"}
    assert told.endswith(f",k={vapid.public}")
    assert len(decoded(vapid.public)) == 65


def test_a_token_is_signed_once_for_a_service_and_anew_before_its_end(tmp_path: Path):
    vapid = made(tmp_path)
    first = vapid.authorization(MOZILLA, NOW)
    assert vapid.authorization(MOZILLA, NOW + LIFE / 3) == first
    assert vapid.authorization("https://web.push.apple.com", NOW) != first
    later = NOW + LIFE * 0.6
    assert claims_of(vapid.authorization(MOZILLA, later))["exp"] == int((later + LIFE).timestamp())
    back = NOW - timedelta(days=1)  # a clock that was wrong is put right: no token may end beyond 24 hours from now
    assert claims_of(vapid.authorization(MOZILLA, back))["exp"] == int((back + LIFE).timestamp())


def test_the_key_is_made_once_for_its_owner_alone_and_stays(tmp_path: Path):
    first = made(tmp_path)
    file = tmp_path / "vapid.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    assert made(tmp_path).public == first.public
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vapid.key"]


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_broken_key_is_not_replaced(tmp_path: Path, content: str):
    """With another one every subscription would be lost."""
    (tmp_path / "vapid.key").write_text(content)
    with pytest.raises(KeyFileError, match="put back the one of your backup"):
        made(tmp_path)
    assert (tmp_path / "vapid.key").read_text() == content


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(KeyFileError, match="cannot be written"):
        made(tmp_path / "gone")


@pytest.mark.parametrize(
    "contact",
    [
        "mailto:ops@localhost",
        "mailto:ops@box.local",
        "https://localhost/",
        "mailto:Ops <ops@example.org>",
        "https://box",
    ],
)
def test_contacts_that_apple_does_not_take(contact: str):
    assert contact_fault(contact)


@pytest.mark.parametrize(
    "contact", ["mailto:ops@example.org", "https://alerts.example/contact", "https://a.example:8443"]
)
def test_contacts_that_apple_takes(contact: str):
    assert contact_fault(contact) == ""


@pytest.mark.parametrize("key", ["", "AA", b64(b"\x04" + b"\x01" * 64), b64(b"\x04" + b"\x00" * 64)])
def test_keys_that_are_none_are_told(key: str):
    kept = Subscriber().told
    kept["keys"]["p256dh"] = key
    with pytest.raises(ValueError):  # noqa: PT011 - whatever says it: the way forgets such a browser
        Subscription.of(type(Subscriber().kept)(json.dumps(kept)))


def made(folder: Path) -> Vapid:
    vapid = Vapid(folder / "vapid.key", "mailto:ops@example.org")
    vapid.need()
    return vapid


def claims_of(told: str) -> dict[str, object]:
    token = told.removeprefix("vapid t=").partition(",")[0]
    return dict(json.loads(decoded(token.split(".")[1])))
