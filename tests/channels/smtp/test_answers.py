"""What a mail server's words mean: for the mail, for the mailbox, and for those that come after it."""

from datetime import timedelta

import pytest

from tocsin.channels.smtp.answers import Reply, Stage, outcome_of
from tocsin.channels.smtp.codes import ENHANCED, REPLIES
from tocsin.core.address import DEADLY, AddressWhy
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown

BOUNCED = AddressWhy.BOUNCED
CASES = (
    # Taken, and what is no answer at all.
    (Stage.MAIL, 250, "2.0.0 Ok: queued as 4F8", Sent),
    (Stage.MAIL, -1, "Malformed SMTP response line", Doubt.PROVIDER_ERROR),
    (Stage.MAIL, 354, "again?", Doubt.PROVIDER_ERROR),
    # Not now.
    (Stage.SENDER, 421, "4.7.0 Temporary System Problem", Delay.RATE_LIMITED),
    (Stage.RECIPIENT, 450, "4.2.1 The user is receiving mail too quickly", Delay.PROVIDER_TROUBLE),
    (Stage.RECIPIENT, 450, "", Delay.PROVIDER_TROUBLE),
    (Stage.RECIPIENT, 451, "4.7.1 Greylisted, try again in 5 minutes", Delay.PROVIDER_TROUBLE),
    (Stage.RECIPIENT, 452, "4.2.2 The mailbox is over quota", Delay.PROVIDER_TROUBLE),
    (Stage.MAIL, 451, "4.3.0 try again", Delay.PROVIDER_TROUBLE),
    (Stage.MAIL, 499, "nobody knows this one", Delay.PROVIDER_TROUBLE),
    (Stage.ANNOUNCED, 250, "ok?", Delay.PROVIDER_TROUBLE),
    # The mailbox.
    (Stage.RECIPIENT, 550, "5.1.1 The email account does not exist", Refusal.TARGET_GONE),
    (Stage.MAIL, 550, "5.1.1 no such user", Refusal.TARGET_GONE),
    (Stage.RECIPIENT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", Refusal.TARGET_GONE),
    (Stage.RECIPIENT, 556, "null MX", Refusal.TARGET_GONE),
    (Stage.RECIPIENT, 550, "5.2.1 disabled", Refusal.TARGET_FORBIDDEN),
    (Stage.RECIPIENT, 552, "5.2.2 full", Refusal.TARGET_FORBIDDEN),
    (Stage.RECIPIENT, 550, "No such user here", Refusal.TARGET_FORBIDDEN),  # and it may mean anything
    (Stage.RECIPIENT, 599, "", Refusal.TARGET_FORBIDDEN),
    # The mail.
    (Stage.MAIL, 554, "5.7.1 looks like spam", Refusal.CONTENT_BLOCKED),
    (Stage.MAIL, 552, "5.3.4 too big", Refusal.TOO_LARGE),
    (Stage.SENDER, 552, "5.3.4 too big", Refusal.TOO_LARGE),
    # Ourselves: whoever the next mail is for, it fares no better.
    (Stage.CONNECTED, 554, "5.7.1 your address is on a list", Delay.CREDENTIALS),
    (Stage.LOGIN, 535, "5.7.8 wrong", Delay.CREDENTIALS),
    (Stage.SENDER, 550, "5.1.1 who?", Delay.CREDENTIALS),
    (Stage.SENDER, 530, "5.7.0 Must issue a STARTTLS command first", Delay.CREDENTIALS),
    (Stage.MAIL, 550, "5.7.515 Access denied, sending domain does not pass DMARC", Delay.CREDENTIALS),
    # A class that contradicts its reply counts nothing.
    (Stage.RECIPIENT, 450, "5.1.1 make up your mind", Delay.PROVIDER_TROUBLE),
)


@pytest.mark.parametrize(("stage", "code", "text", "meant"), CASES)
def test_what_it_means(stage: Stage, code: int, text: str, meant: object):
    outcome = outcome_of(Reply(stage, code, text), "code@example.org")
    assert (Sent if isinstance(outcome, Sent) else outcome.why) == meant


@pytest.mark.parametrize("code", sorted(ENHANCED))
def test_only_what_says_that_nobody_is_there_kills_the_mailbox(code: str):
    dead = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
    outcome = outcome_of(Reply(Stage.RECIPIENT, 550 if code.startswith("5") else 450, f"{code} words"), "")
    assert (shuts(outcome) is BOUNCED) is (code in dead)
    assert BOUNCED in DEADLY
    assert isinstance(outcome, Refused | Deferred)


@pytest.mark.parametrize("code", sorted(REPLIES))
def test_a_reply_alone_kills_hardly_ever(code: int):
    assert (shuts(outcome_of(Reply(Stage.RECIPIENT, code, "words"), "")) is BOUNCED) is (code in (551, 556))


def test_neither_mailbox_nor_controls_are_on_the_timeline():
    outcome = outcome_of(
        Reply(Stage.RECIPIENT, 550, "5.1.1 <ada@example.com>:\x00 no \u202e ada@example.com\nhere"), ""
    )
    assert isinstance(outcome, Refused)
    assert "ada@example.com" not in outcome.detail
    assert outcome.detail == "there is no such mailbox: 550 5.1.1 <***>: no *** here"


def test_a_wait_is_named_where_repeating_at_once_would_be_in_vain():
    outcome = outcome_of(Reply(Stage.RECIPIENT, 451, "4.7.1 greylisted"), "")
    assert isinstance(outcome, Deferred)
    assert outcome.after == timedelta(minutes=1)


def shuts(outcome: Outcome) -> AddressWhy | None:
    return outcome.shuts if isinstance(outcome, Refused) else None


def test_unknown_is_left_to_doubt_alone():
    assert isinstance(outcome_of(Reply(Stage.MAIL, 199, ""), ""), Unknown)
