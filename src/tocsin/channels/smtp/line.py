"""The line to a mail server: one connection, kept from one mail to the next and renewed where it is old or was closed.

"Surely not sent" and "maybe sent" part where the text of the mail leaves: until the server has asked for it, nothing
was sent, whatever breaks; from then on only its answer tells (RFC 5321, section 4.2.5). Nothing is ever repeated: a
mail is handed over on another connection only where the server closed a kept one before it had heard of the mail.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass, field

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException, SMTPResponseException

from tocsin.channels.smtp.answers import Reply, Stage
from tocsin.channels.smtp.server import Cover, MailServer
from tocsin.channels.transport import Transport
from tocsin.core.killpoint import Point, kill_point
from tocsin.core.leave import TAKEN_OVER, may_leave
from tocsin.core.outcome import Deferred, Delay, Doubt, Unknown

# An idle connection is given up before a server says goodbye to it: many wait a minute, some five (RFC 5321, 4.5.3.2).
_IDLE_S = 30.0
# A busy one now and then, so that a name that leads elsewhere by now is followed.
_LIFE_S = 300.0

_GO_ON, _GOODBYE, _BROKEN = 354, 421, -1  # the last: nothing that SMTP has
_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # printable ASCII without brackets and blanks
_DOT, _END = re.compile(rb"(?m)^\."), b"\r\n"
_FAILURES = (SMTPException, OSError, TimeoutError)

Said = Reply | Deferred | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, in seconds, each step may take. Servers look for spam before they answer to a whole mail."""

    connect: float = 10.0
    command: float = 30.0
    mail: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`content` is the mail as it goes over the wire, in ASCII with CRLF at each line's end, its dots not yet doubled.
    Sender and recipient are of the envelope, in ASCII, too: no mailbox beyond it is ever kept. Raises ValueError for
    what would be more than an address there.
    """

    sender: str
    recipient: str
    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not all(_ADDRESS.fullmatch(address) for address in (self.sender, self.recipient)):
            raise ValueError("an address of the envelope is none")


@dataclass(frozen=True, slots=True)
class _Handed:
    """How handing one mail over ended, and at which stage."""

    stage: Stage
    said: Said

    @property
    def came_too_late(self) -> bool:
        """A kept connection was closed before the server had heard of the mail, or says goodbye instead of taking it:
        another one is no repeat.
        """
        if self.stage is not Stage.SENDER:
            return False
        return isinstance(self.said, Deferred) or (isinstance(self.said, Reply) and self.said.code == _GOODBYE)


class Line:
    """Mails go over it one after the other. `name` is what we call ourselves there."""

    def __init__(
        self,
        server: MailServer,
        transport: Transport,
        *,
        name: str,
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._name = name
        self._patience = patience or Patience()
        self._tls = tls
        self._busy = asyncio.Lock()
        self._kept: SMTP | None = None
        self._born_at = 0.0
        self._rest: asyncio.TimerHandle | None = None
        transport.close_with(self)

    async def deliver(self, letter: Letter) -> Said:
        """Hand the mail over, at most once, and return what the server said, or how it failed: `Deferred` where it
        surely did not take the mail, else `Unknown`.
        """
        async with self._busy:
            client = self._take_kept()
            if client is not None:
                handed = await self._hand_over(client, letter)
                if not handed.came_too_late:
                    return await self._keep(client, handed)
                client.close()
            opened = await self._open()
            if not isinstance(opened, SMTP):
                return opened
            return await self._keep(opened, await self._hand_over(opened, letter))

    async def answers(self) -> bool:
        """Tell whether the server is there and speaks to us, over a connection of its own and without a mail.

        Nobody logs in for it: servers count that, and lock out whoever comes too often. A password that is wrong is
        told by the next mail.
        """
        client = await self._connect()
        if not isinstance(client, SMTP):
            return False
        try:
            return await _succeeds(client.noop(timeout=self._patience.command))
        finally:
            await _succeeds(client.quit(timeout=self._patience.connect))
            client.close()

    def close(self) -> None:
        """Hang up. What comes later opens another connection."""
        self._wake()
        client, self._kept = self._kept, None
        if client is not None:
            client.close()

    async def _open(self) -> SMTP | Said:
        client = await self._connect()
        self._born_at = asyncio.get_running_loop().time()
        if isinstance(client, SMTP) and self._server.user is not None and self._server.password is not None:
            login = client.login(self._server.user, self._server.password.reveal())
            failed = await _failed(client, login, Stage.LOGIN)
            return client if failed is None else failed
        return client

    async def _connect(self) -> SMTP | Said:
        client = SMTP(
            hostname=self._server.host,
            port=self._server.port,
            use_tls=self._server.cover is Cover.TLS,
            start_tls=self._server.cover is Cover.STARTTLS,
            tls_context=self._tls,
            local_hostname=self._name,
            timeout=self._patience.connect,
        )
        failed = await _failed(client, client.connect(), Stage.CONNECTED)
        return client if failed is None else failed

    async def _hand_over(self, client: SMTP, letter: Letter) -> _Handed:
        stage = Stage.SENDER
        try:
            kill_point(Point.CONNECTED)
            patience = self._patience.command
            await client.mail(letter.sender, timeout=patience)
            stage = Stage.RECIPIENT
            await client.rcpt(letter.recipient, timeout=patience)
            stage = Stage.ANNOUNCED
            told = await client.execute_command(b"DATA", timeout=patience)
            if told.code == _GO_ON and client.protocol is not None:
                if not may_leave():
                    return _Handed(stage, TAKEN_OVER)
                stage = Stage.MAIL
                client.protocol.write(_dotted(letter.content))
                kill_point(Point.REQUEST_WRITTEN)
                told = await client.protocol.read_response(timeout=self._patience.mail)
                kill_point(Point.RESPONSE_READ)
        except SMTPResponseException as refusal:
            return _Handed(stage, Reply(stage, refusal.code, refusal.message))
        except _FAILURES as problem:
            if stage is Stage.MAIL:
                return _Handed(stage, Unknown(Doubt.ANSWER_LOST, _words(problem)))
            return _Handed(stage, Deferred(Delay.UNREACHABLE, detail=_words(problem)))
        return _Handed(stage, Reply(stage, told.code, told.message))

    def _take_kept(self) -> SMTP | None:
        """The one that stands, if it still does and is not too old."""
        self._wake()
        client, self._kept = self._kept, None
        if client is None or not client.is_connected:
            return None
        if asyncio.get_running_loop().time() - self._born_at >= _LIFE_S:
            client.close()
            return None
        return client

    async def _keep(self, client: SMTP, handed: _Handed) -> Said:
        """Ready for the next mail, where the server has taken this one or says that it forgets it."""
        said = handed.said
        if await self._is_fit(client, said):
            self._kept = client
            self._rest = asyncio.get_running_loop().call_later(_IDLE_S, self.close)
        else:
            client.close()
        return said

    async def _is_fit(self, client: SMTP, said: Said) -> bool:
        if not isinstance(said, Reply) or said.code in (_BROKEN, _GOODBYE):
            return False
        if said.stage is Stage.MAIL:
            return True
        return await _succeeds(client.rset(timeout=self._patience.command))

    def _wake(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None


async def _failed(client: SMTP, step: Awaitable[object], stage: Stage) -> Said | None:
    """How a step before any mail failed, with which the connection is over; None where it did not."""
    try:
        await step
    except SMTPResponseException as refusal:
        client.close()
        told = Stage.LOGIN if isinstance(refusal, SMTPAuthenticationError) else stage
        return Reply(told, refusal.code, refusal.message)
    except _FAILURES as problem:
        client.close()
        return Deferred(Delay.UNREACHABLE, detail=_words(problem))
    return None


async def _succeeds(step: Awaitable[object]) -> bool:
    try:
        await step
    except _FAILURES:
        return False
    return True


def _dotted(content: bytes) -> bytes:
    """The text as it is told apart from the dot that ends it (RFC 5321, section 4.5.2)."""
    ended = content if content.endswith(_END) else content + _END
    return _DOT.sub(b"..", ended) + b"." + _END


def _words(problem: Exception) -> str:
    """What went wrong. The library's own words name host and port at most."""
    inner = problem.__cause__ if isinstance(problem, SMTPException) and problem.__cause__ else problem
    if isinstance(inner, OSError) and inner.strerror:
        return f"{type(inner).__name__}: {inner.strerror}"[:200]
    if isinstance(inner, SMTPException) and not isinstance(inner, OSError):
        return str(inner)[:200]
    return type(inner).__name__
