"""The mail server: who may send, who has a mailbox, and what lies in each."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import ClassVar

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Aim
from tocsin.sandbox.faults import Fault
from tocsin.sandbox.journal import Entry, Journal
from tocsin.sandbox.mail.mailboxes import Mailboxes
from tocsin.sandbox.script import Faults
from tocsin.sandbox.smtp.certificate import Certificate
from tocsin.sandbox.smtp.mail import Mail
from tocsin.sandbox.smtp.rules import faults_of
from tocsin.sandbox.smtp.session import Reply, Session

USER, PASSWORD = "tocsin", "sandbox-password"
_LIMIT = 64 * 1024  # bytes of a line, at which reading gives up

Door = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class PostOffice(Mailboxes[Mail]):
    """Everybody has a mailbox, but for those in `missing` (550 5.1.1); nothing more fits into those in `full` (452
    4.2.2). Three doors: `url` as mail servers on the same machine have it, `starttls_url` and `smtps_url` behind the
    `certificate`.
    """

    name: ClassVar[str] = "smtp"

    def __init__(self, clock: Clock, journal: Journal, faults: Faults) -> None:
        self.mails: list[Mail] = []
        self.missing: set[str] = set()
        self.full: set[str] = set()
        self.connections = 0  # so many were opened so far
        self._clock = clock
        self._journal = journal
        self._faults = faults
        self._servers: list[asyncio.Server] = []
        self._sessions: set[asyncio.Task[None]] = set()

    # What tests and demos ask for.

    @property
    def url(self) -> str:
        return self._url("smtp", 0)

    @property
    def starttls_url(self) -> str:
        return f"{self._url('smtp', 1)}?starttls=yes"

    @property
    def smtps_url(self) -> str:
        return self._url("smtps", 2)

    @cached_property
    def certificate(self) -> Certificate:
        return Certificate(self._clock.now())

    def block(self) -> Mapping[str, str]:
        """For people's configurations: the mail server, by its key there."""
        return {"smtp_url": self.url}

    def arrived(self) -> list[Mail]:
        """The oldest first."""
        return self.mails

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Open the first door at this port, the others anywhere."""
        for number, at in enumerate((port, 0, 0)):
            tls: ssl.SSLContext | None = self.certificate.server if number == 2 else None  # noqa: PLR2004 - smtps
            self._servers.append(await asyncio.start_server(self._door(number), host, at, ssl=tls, limit=_LIMIT))

    async def close(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()
        for session in self._sessions:
            session.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)
        for server in servers:
            await server.wait_closed()

    # What a session asks.

    def admits(self, user: str, password: str) -> bool:
        return (user, password) == (USER, PASSWORD)

    def judge(self, recipient: str) -> Reply:
        known = recipient.casefold()
        if known in self.missing:
            return 550, f"5.1.1 <{recipient}>: there is no such mailbox here"
        if known in self.full:
            return 452, f"4.2.2 <{recipient}>: the mailbox is full"
        return 250, "2.1.5 fine"

    def take(self, sender: str, recipients: list[str], raw: bytes, fault: Fault | None) -> Reply:
        """A mail that has come in whole; the same again is another one, as everywhere."""
        wrong = next(faults_of(raw), None)
        mails = [Mail(at=self._clock.now(), sender=sender, recipient=each, raw=raw) for each in recipients]
        if wrong is None:
            self.mails += mails
        reply = (250, f"2.0.0 taken as {len(self.mails)}") if wrong is None else (554, f"5.6.0 {wrong}")
        self._add(Aim("mail_text", recipients[0]), reply, fault, mails[0], accepted=wrong is None)
        return reply

    def note(self, aim: Aim, reply: Reply | None, fault: Fault | None) -> None:
        self._add(aim, reply, fault)

    def _door(self, number: int) -> Door:
        async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.current_task()
            assert task is not None, "each connection has a task of its own"
            self._sessions.add(task)
            session = Session(
                reader,
                writer,
                office=self,
                clock=self._clock,
                faults=self._faults,
                certificate=self.certificate if number else None,
                covered=number == 2,  # noqa: PLR2004 - smtps
                wants_login=True,
            )
            try:
                with contextlib.suppress(asyncio.CancelledError):  # the server closes; asyncio would report it
                    await session.run()
            finally:
                writer.transport.abort()
                self._sessions.discard(task)

        return enter

    def _url(self, scheme: str, number: int) -> str:
        host, port = self._servers[number].sockets[0].getsockname()[:2]
        return f"{scheme}://{USER}:{PASSWORD}@{f'[{host}]' if ':' in host else host}:{port}"

    def _add(
        self, aim: Aim, reply: Reply | None, fault: Fault | None, mail: Mail | None = None, *, accepted: bool = False
    ) -> None:
        self._journal.add(
            Entry(
                number=self._journal.next_number,
                at=self._clock.now(),
                provider=self.name,
                action=aim.action,
                target=aim.target,
                accepted=accepted,
                status=None if reply is None else reply[0],
                fault=None if fault is None else fault.name,
                message=None,
                references=(mail.id.partition("@")[0],) if mail is not None and accepted else (),
                body=None if mail is None else mail.as_json(),
            )
        )
