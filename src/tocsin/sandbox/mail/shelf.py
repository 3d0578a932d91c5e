"""All mails that arrived, whoever brought them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiohttp import ClientError, ClientSession, ClientTimeout

PATIENCE_S = 10.0
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Arrived(Protocol):
    """A mail in somebody's mailbox."""

    @property
    def at(self) -> datetime: ...
    @property
    def sender(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def html(self) -> str: ...
    @property
    def one_click(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Carrier:
    """`mails` that arrived by it, the oldest first; `complain` is None where nobody can be told that one is spam."""

    name: str
    mails: Callable[[], Iterable[Any]]
    complain: Callable[[Any], None] | None = None


class Shelf:
    def __init__(self, *carriers: Carrier) -> None:
        self._carriers = carriers
        self._session: ClientSession | None = None

    def __iter__(self) -> Iterator[tuple[str, Arrived]]:
        """Each by the name that it has here."""
        for carrier in self._carriers:
            for number, mail in enumerate(carrier.mails()):
                yield f"{carrier.name}-{number}", mail

    def find(self, name: str) -> Arrived | None:
        return dict(self).get(name)

    def mailboxes(self, most: int) -> Mapping[str, list[tuple[str, Arrived]]]:
        """By address; the newest of each, the oldest of them first."""
        boxes: dict[str, list[tuple[str, Arrived]]] = {}
        for name, mail in self:
            boxes.setdefault(mail.recipient.casefold(), []).append((name, mail))
        return {address: sorted(mails, key=lambda one: one[1].at)[-most:] for address, mails in boxes.items()}

    async def press(self, mail: Arrived) -> int | None:
        """A mail program's button (RFC 8058): the status that it is answered with; None where there is no button, or
        nobody answered.
        """
        if mail.one_click is None:
            return None
        self._session = self._session or ClientSession(timeout=ClientTimeout(total=PATIENCE_S))
        try:
            async with self._session.post(mail.one_click, data=ONE_CLICK, allow_redirects=False) as answer:
                return answer.status
        except (ClientError, TimeoutError, ValueError):
            return None

    def complain(self, name: str) -> bool:
        """Its reader calls it spam; False where nobody can be told."""
        carrier = next((one for one in self._carriers if name.startswith(f"{one.name}-")), None)
        mail = self.find(name)
        if carrier is None or carrier.complain is None or mail is None:
            return False
        carrier.complain(mail)
        return True

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
