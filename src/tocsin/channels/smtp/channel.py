"""E-mail by a mail server: one mail for each person, over one connection that is kept."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.channels.contract import Attempt, Report
from tocsin.channels.email.confirmation import confirmation_of, hindrance_of
from tocsin.channels.email.digest import digest_of
from tocsin.channels.email.house import House
from tocsin.channels.email.letter import mail_of
from tocsin.channels.email.mail import Links, Mail
from tocsin.channels.email.settings import Email
from tocsin.channels.email.spec import NAME
from tocsin.channels.smtp.answers import Reply, outcome_of
from tocsin.channels.smtp.line import Letter, Line
from tocsin.channels.smtp.mime import letter_of
from tocsin.channels.smtp.server import MailServer
from tocsin.channels.spec import Flaw, Surroundings, UnfitError
from tocsin.core.delivery import Target
from tocsin.core.outcome import Outcome, Refusal, Refused
from tocsin.core.record import AlertRecord
from tocsin.core.secret import Secret
from tocsin.core.verification import Hindered

_NOBODY = Refused(Refusal.INVALID_REQUEST, "a mail is for a person of a list")


class SmtpChannel:
    """Satisfies `Channel`, `Probes` and `SendsLinks`. A mail is called by the opaque code of its delivery, at the
    sender's domain: whoever gets it twice has the same Message-ID twice.
    """

    name = NAME

    def __init__(self, house: House, around: Surroundings, line: Line) -> None:
        self._around = around
        self._house = house
        self._line = line

    def pack(self, _target: Target, _records: Sequence[AlertRecord]) -> int:
        return 1

    def render(self, target: Target, records: Sequence[AlertRecord]) -> Mapping[str, Any]:
        record = records[0]
        mail = mail_of(record, target, Links(product=record.alert.url), self._house)
        return {"from": self._house.sender, "subject": mail.subject, "text": mail.text, "html": mail.html}

    async def send(self, attempt: Attempt) -> Report:
        recipient = attempt.members[0].recipient
        if recipient is None:
            return _report(attempt, _NOBODY)
        code = self._around.codes.of(min(member.delivery.key for member in attempt.members))
        letter = self._letter(self._mail(attempt), recipient.value, code)
        said = await self._line.deliver(letter)
        if not isinstance(said, Reply):
            return _report(attempt, said)
        return _report(attempt, outcome_of(said, self._called(code)), said)

    async def send_link(self, mailbox: Secret, link: str, locale: str | None = None) -> Hindered | None:
        del locale  # there are no other words yet
        letter = self._letter(confirmation_of(link, self._house), mailbox, secrets.token_hex(12))
        said = await self._line.deliver(letter)
        return hindrance_of(outcome_of(said, "") if isinstance(said, Reply) else said)

    async def probe(self) -> bool | None:
        return await self._line.answers()

    def _mail(self, attempt: Attempt) -> Mail:
        if attempt.digest:
            return digest_of(attempt, self._around.link, self._around.pages, self._house)
        member = attempt.members[0]
        links = Links.of(member, self._around.link, self._around.pages)
        return mail_of(member.record, attempt.target, links, self._house)

    def _letter(self, mail: Mail, to: Secret, code: str) -> Letter:
        return letter_of(
            mail,
            sender=self._house.sender,
            address=self._house.address,
            recipient=to.reveal(),
            name=self._called(code),
            at=self._around.clock.now(),
        )

    def _called(self, code: str) -> str:
        return f"{code}@{self._house.domain}"


def channel_of(settings: Email, around: Surroundings) -> SmtpChannel:
    """Raises UnfitError where the address of the mail server is none."""
    assert settings.smtp_url is not None, "that is why this carrier was chosen"
    try:
        server = MailServer.of(settings.smtp_url)
    except ValueError as problem:
        raise UnfitError([Flaw(("smtp_url",), str(problem))]) from None
    house = House.of(settings, around)
    return SmtpChannel(house, around, Line(server, around.transport, name=house.domain))


def _report(attempt: Attempt, outcome: Outcome, reply: Reply | None = None) -> Report:
    """One mail, one outcome, however many alerts are in it."""
    return Report(
        (outcome,) * len(attempt.members),
        status=None if reply is None else reply.code,
        answer=outcome.detail if reply is None else reply.words,
    )
