"""What a mail server said to one mail, as an outcome."""

from dataclasses import dataclass, replace
from enum import StrEnum

from tocsin.channels.smtp.codes import Code, code_of
from tocsin.channels.text import cut, plain, utf16, without_mailboxes
from tocsin.core.outcome import Deferred, Delay, Doubt, Outcome, Refusal, Refused, Sent, Unknown

ANSWER_LENGTH = 256
_NO_ANSWER = Unknown(Doubt.PROVIDER_ERROR, "the answer to the mail was none that SMTP has")


class Stage(StrEnum):
    """How far one mail had come when the server spoke. Only behind the last of these it may have been taken."""

    CONNECTED = "connected"
    LOGIN = "login"
    SENDER = "sender"
    RECIPIENT = "recipient"
    ANNOUNCED = "announced"  # the server was asked to take the text, which has not left
    MAIL = "mail"  # the text has left, with the dot that ends it

    @property
    def is_about_us(self) -> bool:
        """What is refused there is refused to us, whoever the mail is for."""
        return self in (Stage.CONNECTED, Stage.LOGIN, Stage.SENDER)


@dataclass(frozen=True, slots=True)
class Reply:
    """`code` has three digits; `text` begins with the enhanced code, where the server gives one."""

    stage: Stage
    code: int
    text: str

    @property
    def words(self) -> str:
        """For the timeline. Servers repeat the mailbox, which is nobody's business there."""
        return f"{self.code} {_masked(self.text)}".strip()


def outcome_of(reply: Reply, reference: str) -> Outcome:
    """`reference` is what the mail is called: servers name it as they like, and forget it."""
    if reply.stage is Stage.MAIL and reply.code // 100 == 2:  # noqa: PLR2004 - taken
        return Sent(reference, reply.words)
    known = code_of(reply.code, reply.text)
    if known is None:
        return _NO_ANSWER if reply.stage is Stage.MAIL else Deferred(Delay.PROVIDER_TROUBLE, detail=reply.words)
    return _judged(known, reply)


def _judged(known: Code, reply: Reply) -> Outcome:
    outcome, words = known.outcome, f"{known.words}: {reply.words}"
    if isinstance(outcome, Refused) and reply.stage.is_about_us and outcome.why is not Refusal.TOO_LARGE:
        return Deferred(Delay.CREDENTIALS, detail=words)
    return replace(outcome, detail=words)


def _masked(text: str) -> str:
    return cut(plain(without_mailboxes(text)), ANSWER_LENGTH, utf16)
