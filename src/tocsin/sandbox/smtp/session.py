"""One connection to the mail server: commands in their order, one answer to each, and the faults that were ordered."""

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tocsin.core.clock import Clock
from tocsin.sandbox.exchange import Aim
from tocsin.sandbox.faults import Fault
from tocsin.sandbox.script import Faults
from tocsin.sandbox.smtp.certificate import Certificate
from tocsin.sandbox.smtp.rules import ADDRESS, LARGEST_MAIL, LONGEST_COMMAND
from tocsin.sandbox.wire import cut

Reply = tuple[int, str]

_END = b"\r\n.\r\n"


class Office(Protocol):
    """What the server knows beside one connection."""

    def admits(self, user: str, password: str) -> bool: ...

    def judge(self, recipient: str) -> Reply: ...

    def take(self, sender: str, recipients: list[str], raw: bytes, fault: Fault | None) -> Reply: ...

    def note(self, aim: Aim, reply: Reply | None, fault: Fault | None) -> None: ...


class Gone(Exception):  # noqa: N818 - no error: the connection is over
    """Nobody is there any more, or is to be."""


@dataclass(slots=True)
class Envelope:
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


class Session:
    """`covered`: TLS from the first byte on. `certificate`: what STARTTLS is offered with; None where it is not.
    `wants_login`: no mail before it.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        office: Office,
        clock: Clock,
        faults: Faults,
        certificate: Certificate | None,
        covered: bool,
        wants_login: bool,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._office = office
        self._clock = clock
        self._faults = faults
        self._certificate = certificate
        self._covered = covered
        self._wants_login = wants_login
        self._greeted = False
        self._known = False
        self._envelope: Envelope | None = None

    async def run(self) -> None:
        try:
            await self._answer(Aim("connect", ""), lambda: (220, "sandbox ESMTP"))
            while True:
                await self._command()
        except (Gone, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self._writer.close()

    async def _command(self) -> None:
        line = await self._reader.readuntil(b"\n")
        if len(line) > LONGEST_COMMAND or not line.endswith(b"\r\n") or not line.isascii():
            await self._say((500, "5.5.2 a command is one line of ASCII, of 512 bytes at most, and ends in CR LF"))
            return
        verb, _, rest = line[:-2].decode().partition(" ")
        act = self._verbs().get(verb.upper())
        await (self._say((500, "5.5.1 there is no such command")) if act is None else act(rest))

    def _verbs(self) -> Mapping[str, Callable[[str], Awaitable[None]]]:
        return {
            "EHLO": self._ehlo,
            "HELO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
        }

    async def _ehlo(self, name: str) -> None:
        def greet() -> Reply:
            if not name or " " in name:
                return 501, "5.5.4 who are you?"
            self._greeted, self._envelope = True, None
            offered = [f"SIZE {LARGEST_MAIL}", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"]
            if self._certificate is not None and not self._covered:
                offered.append("STARTTLS")
            if self._wants_login:
                offered.append("AUTH PLAIN LOGIN")
            return 250, "\n".join(["sandbox", *offered])

        await self._answer(Aim("ehlo", ""), greet)

    async def _starttls(self, rest: str) -> None:
        def begin() -> Reply:
            if rest or not self._greeted:
                return 503, "5.5.1 EHLO comes first, and nothing behind STARTTLS"
            if self._certificate is None or self._covered:
                return 502, "5.5.1 not offered"
            return 220, "2.0.0 go on"

        code = await self._answer(Aim("starttls", ""), begin)
        if code == 220 and self._certificate is not None:  # noqa: PLR2004 - ready
            await self._writer.start_tls(self._certificate.server)
            self._covered, self._greeted, self._known, self._envelope = True, False, False, None

    async def _auth(self, rest: str) -> None:
        way, _, first = rest.partition(" ")
        said: list[str] = []
        if self._greeted and not self._known and way.upper() in ("PLAIN", "LOGIN"):
            for ask in ("",) if way.upper() == "PLAIN" else ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                said.append(first or await self._ask(ask))
                first = ""

        def admit() -> Reply:
            if not self._greeted or self._known:
                return 503, "5.5.1 after EHLO, and once"
            if not said:
                return 504, "5.5.4 PLAIN or LOGIN"
            user, password = _login(said)
            if not self._office.admits(user, password):
                return 535, "5.7.8 user or password are wrong"
            self._known = True
            return 235, "2.7.0 welcome"

        await self._answer(Aim("auth", ""), admit)

    async def _mail(self, rest: str) -> None:
        def begin() -> Reply:
            if not self._greeted or self._envelope is not None:
                return 503, "5.5.1 EHLO comes first, and one mail after the other"
            if self._wants_login and not self._known:
                return 530, "5.7.0 log in first"
            address, parameters = _address(rest, "FROM:")
            if address is None or any(each.partition("=")[0].upper() not in _PARAMETERS for each in parameters):
                return 501, "5.5.4 MAIL FROM:<address>"
            self._envelope = Envelope(address)
            return 250, "2.1.0 fine"

        await self._answer(Aim("mail", ""), begin)

    async def _rcpt(self, rest: str) -> None:
        address, parameters = _address(rest, "TO:")

        def add() -> Reply:
            if self._envelope is None:
                return 503, "5.5.1 MAIL comes first"
            if address is None or parameters:
                return 501, "5.5.4 RCPT TO:<address>"
            reply = self._office.judge(address)
            if reply[0] == 250:  # noqa: PLR2004 - there is such a mailbox
                self._envelope.recipients.append(address)
            return reply

        await self._answer(Aim("rcpt", address or ""), add)

    async def _data(self, rest: str) -> None:
        envelope = self._envelope

        def announce() -> Reply:
            if rest or envelope is None or not envelope.recipients:
                return 503, "5.5.1 RCPT comes first"
            return 354, "go on, and end with a dot"

        about = envelope.recipients[0] if envelope and envelope.recipients else ""
        if await self._answer(Aim("data", about), announce) != 354 or envelope is None:  # noqa: PLR2004 - go on
            return
        raw = await self._text()
        self._envelope = None
        aim = Aim("mail_text", about)
        fault = self._faults.pick("smtp", aim)
        if fault and fault.kind == "hang":
            await self._faults.released()
        reaches = fault is None or fault.reaches
        reply = self._office.take(envelope.sender, envelope.recipients, raw, fault) if reaches else None
        if not reaches:
            self._office.note(aim, None, fault)
        await self._finish(reply, fault)

    async def _rset(self, _: str) -> None:
        self._envelope = None
        await self._say((250, "2.0.0 forgotten"))

    async def _noop(self, _: str) -> None:
        await self._say((250, "2.0.0 nothing done"))

    async def _quit(self, _: str) -> None:
        await self._say((221, "2.0.0 bye"))
        raise Gone

    async def _answer(self, aim: Aim, act: Callable[[], Reply]) -> int:
        """Do what is asked, or meet the fault that was ordered for it; the code that was answered."""
        fault = self._faults.pick("smtp", aim)
        if fault and fault.kind == "hang":
            await self._faults.released()
        reply = act() if fault is None or fault.reaches else None
        if fault is not None:
            self._office.note(aim, reply, fault)
        return await self._finish(reply, fault)

    async def _finish(self, reply: Reply | None, fault: Fault | None) -> int:
        if fault is not None:
            if fault.kind == "slow":
                await self._clock.sleep(fault.seconds)
            if fault.kind == "lost" and fault.part == "hang":
                await self._faults.released()
            if fault.kind in ("reset", "lost"):
                cut(self._writer.transport)
                raise Gone
            if fault.make is not None:
                answer = fault.make(self._clock.now())
                reply = answer.status, answer.body.decode() or "told to"
        assert reply is not None, "only a cut leaves without an answer"
        await self._say(reply)
        if reply[0] == 421:  # noqa: PLR2004 - goodbye
            raise Gone
        return reply[0]

    async def _say(self, reply: Reply) -> None:
        code, text = reply
        *more, last = text.split("\n")
        lines = [f"{code}-{line}" for line in more] + [f"{code} {last}"]
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()

    async def _ask(self, challenge: str) -> str:
        await self._say((334, challenge))
        return (await self._reader.readuntil(b"\r\n"))[:-2].decode("ascii", "replace")

    async def _text(self) -> bytes:
        """To the dot, doubled dots single again."""
        raw = b"\r\n" + await self._reader.readuntil(b"\n")
        while not raw.endswith(_END):
            raw += await self._reader.readuntil(b"\n")
            if len(raw) > LARGEST_MAIL:
                await self._say((552, "5.3.4 too long"))
                raise Gone
        return raw[: -len(_END) + 2].replace(b"\r\n.", b"\r\n")[2:]


_PARAMETERS = ("SIZE", "BODY", "SMTPUTF8")


def _address(rest: str, keyword: str) -> tuple[str | None, list[str]]:
    """The mailbox behind `FROM:` or `TO:`, with what stands behind it; None where it is none."""
    if not rest.upper().startswith(keyword):
        return None, []
    written, *parameters = rest[len(keyword) :].strip().split(" ")
    found = ADDRESS.fullmatch(written)
    return (found[1] if found else None), parameters


def _login(said: list[str]) -> tuple[str, str]:
    try:
        plain = [base64.b64decode(each, validate=True).decode() for each in said]
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    if len(plain) == 1:
        _, user, password = (*plain[0].split("\0"), "", "", "")[:3]
        return user, password
    return plain[0], plain[1]
