import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.secret import Secret

HUNTER2 = "hunter2-of-tocsin"


@pytest.fixture
def secret() -> Secret:
    return Secret(HUNTER2)


@pytest.mark.parametrize(
    "printed",
    [
        repr,
        str,
        "{}".format,
        "{!r:>40}".format,
        "{:>40}".format,
        "{!s}".format,
        lambda secret: f"{secret} {secret!r} {secret:s}",
        lambda secret: "%s %r %a" % (secret, secret, secret),  # noqa: UP031 - the oldest way to print
        lambda secret: repr([secret, {secret: secret}]),
        lambda secret: repr(ValueError(secret)) + str(KeyError(secret)),
        lambda secret: json.dumps({"token": secret}, default=str),
    ],
)
def test_a_secret_cannot_be_printed(secret, printed):
    assert HUNTER2 not in printed(secret)


def test_a_secret_within_a_value_is_not_printed_with_it(secret):
    @dataclass(frozen=True)
    class Settings:
        url: Secret

    assert HUNTER2 not in repr(Settings(secret))


def test_a_secret_cannot_be_logged(secret, caplog):
    logging.getLogger("test").warning("token %s of %r", secret, {"token": secret})
    assert HUNTER2 not in caplog.text


def test_a_traceback_with_its_locals_does_not_tell_it(secret):
    def fail(held: Secret) -> None:
        raise RuntimeError(held)

    with pytest.raises(RuntimeError) as caught:
        fail(secret)
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "held = " in told
    assert HUNTER2 not in told


@pytest.mark.parametrize(
    "dump",
    [
        *(lambda secret, of=of: pickle.dumps(secret, of) for of in range(pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy,
        copy.deepcopy,
        json.dumps,
        vars,
    ],
)
def test_a_secret_cannot_be_dumped_or_copied(secret, dump):
    with pytest.raises(TypeError) as caught:
        dump(secret)
    assert HUNTER2 not in str(caught.value)


def test_a_value_that_holds_one_is_not_taken_apart(secret):
    @dataclass(frozen=True)
    class Settings:
        url: Secret

    with pytest.raises(TypeError):
        asdict(Settings(secret))


@given(st.text(), st.text())
def test_secrets_are_equal_as_what_they_hold(one, other):
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) != one
    assert Secret(one).reveal() == one
    assert bool(Secret(one)) == bool(one)
    assert hash(Secret(one)) == hash(Secret("".join(one)))


def test_a_secret_that_is_not_even_text_can_be_compared():
    assert Secret("\udc80") == Secret("\udc80") != Secret("x")  # what an environment with stray bytes gives
