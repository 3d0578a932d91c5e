"""The lives of mails: processed, deferred, delivered or not, each step with its signed event.

Ours alone: what stands before the `@` says how it ends there, `bounce@example.com`, `blocked`, `deferred`, `dropped`;
anybody else's mailbox takes what comes, unless a test says otherwise.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from hashlib import sha256
from typing import Any, Literal

from tocsin.core.clock import Clock
from tocsin.sandbox.journal import Journal
from tocsin.sandbox.sendgrid.account import Account, Mail
from tocsin.sandbox.sendgrid.poster import Poster

CARRIER_S = 0.2  # to the other mail server

Fate = Literal["delivered", "bounce", "blocked", "deferred", "dropped", "silent"]
_WORDS: Mapping[str, Mapping[str, str]] = {
    "delivered": {"response": "250 2.0.0 OK"},
    "deferred": {"response": "450 4.2.1 try again later", "attempt": "1"},
    "bounce": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 the mailbox does not exist"},
    "blocked": {"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 the message was taken for spam"},
}


class Lives:
    """`fates` by mailbox. `silent`: it arrives, and nobody says so."""

    def __init__(self, clock: Clock, journal: Journal, account: Account, poster: Poster) -> None:
        self.fates: dict[str, Fate] = {}
        self.carrier_s = CARRIER_S
        self._clock = clock
        self._journal = journal
        self._account = account
        self._poster = poster
        self._told = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, mails: list[Mail]) -> None:
        """What came in one request goes on together."""
        self._start(self._live(mails))

    def tell(self, mail: Mail, event: str, **more: Any) -> None:
        """One event about a mail, or what somebody does with it."""
        self._told += 1
        mail.status = "blocked" if more.get("type") == "blocked" else event
        identifier = sha256(f"{event} {self._told} {mail.id} {self._clock.now().isoformat()}".encode()).hexdigest()[:40]
        self._poster.tell(
            {
                "email": mail.recipient,
                "timestamp": int(self._clock.now().timestamp()),
                "event": event,
                "smtp-id": f"<{mail.id}@geopod-ismtpd-1>",
                "sg_event_id": identifier,
                "sg_message_id": f"{mail.id}.recvd-6d9f9b4c5-abcde-1-65A5.{self._told}",
                **mail.args,
                **more,
            }
        )
        self._journal.stir()

    async def close(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self, mails: list[Mail]) -> None:
        leaving = []
        for mail in mails:
            reason = self._account.why_not_to(mail.recipient)
            if reason is None and self._fate(mail) == "dropped":
                reason = "Spam Content (if spam checker app enabled)"
            if reason is None:
                self.tell(mail, "processed")
                leaving.append(mail)
            else:
                self.tell(mail, "dropped", reason=reason, status="5.0.0")
        await self._clock.sleep(self.carrier_s)
        for mail in leaving:
            self._arrive(mail, self._fate(mail))

    def _arrive(self, mail: Mail, fate: Fate) -> None:
        if fate == "deferred":
            self.tell(mail, "deferred", **_WORDS["deferred"])
            self._start(self._later(mail))
            return
        if fate in ("bounce", "blocked"):
            self.tell(mail, "bounce", **_WORDS[fate])
            if fate == "bounce":
                self._account.suppress("bounces", mail.recipient, self._clock.now())
            return
        self._put_in(mail)
        if fate != "silent":
            self.tell(mail, "delivered", **_WORDS["delivered"])

    async def _later(self, mail: Mail) -> None:
        await self._clock.sleep(self.carrier_s)
        self._put_in(mail)
        self.tell(mail, "delivered", **_WORDS["delivered"])

    def _put_in(self, mail: Mail) -> None:
        mail.arrived = True
        self._journal.stir()

    def _fate(self, mail: Mail) -> Fate:
        named = mail.recipient.partition("@")[0].partition("+")[0].casefold()
        by_name: dict[str, Fate] = {
            "bounce": "bounce", "blocked": "blocked", "deferred": "deferred", "dropped": "dropped",
        }  # fmt: skip
        return self.fates.get(mail.recipient.casefold()) or by_name.get(named, "delivered")

    def _start(self, life: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
