"""Texts that phones write: what Twilio does by itself, the call to our address, and the answer that goes back."""

from xml.etree import ElementTree as ET

from tocsin.sandbox.journal import Journal
from tocsin.sandbox.twilio.account import SENDER, Account, Message
from tocsin.sandbox.twilio.caller import Called, Caller
from tocsin.sandbox.twilio.lives import Lives
from tocsin.sandbox.twilio.words import HELPED, STARTED, STOPPED, keyword


class Inbox:
    """`url` is where the number's texts go; `advanced`: Advanced Opt-Out, which says what it has understood."""

    def __init__(self, journal: Journal, account: Account, lives: Lives, caller: Caller) -> None:
        self.url = ""
        self.advanced = False
        self._journal = journal
        self._account = account
        self._lives = lives
        self._caller = caller

    async def write(self, number: str, body: str, to: str = SENDER) -> Message:
        """Somebody types this and sends it."""
        account, phone = self._account, self._lives.phone(number)
        message = account.keep(to=to, sender=number, body=body, status="received", direction="inbound")
        phone.shown.append(message)
        said = keyword(body)
        self._obey(number, to, said)
        self._journal.stir()
        if self.url:
            called = await self._caller.call(self.url, self._fields(message, said))
            for answer in _answers(called):
                self._say(number, to, answer)
        return message

    def _obey(self, number: str, to: str, said: str | None) -> None:
        """Of the number and of the service that it belongs to."""
        scopes = {(number, to), (number, self._account.service)}
        match said:
            case "STOP":
                self._say(number, to, STOPPED)
                self._account.opted_out |= scopes
            case "START":
                self._account.opted_out -= scopes
                self._say(number, to, STARTED)
            case "HELP":
                self._say(number, to, HELPED)

    def _say(self, number: str, sender: str, body: str) -> None:
        """An answer; nothing goes to somebody who has opted out."""
        if (number, sender) in self._account.opted_out:
            return
        message = self._account.keep(
            to=number, sender=sender, body=body, status="delivered", direction="outbound-reply"
        )
        self._lives.phone(number).shown.append(message)
        self._journal.stir()

    def _fields(self, message: Message, said: str | None) -> dict[str, str]:
        fields = {
            "AccountSid": self._account.sid,
            "ApiVersion": "2010-04-01",
            "Body": message.body,
            "From": message.sender or "",
            "FromCountry": "US",
            "FromCity": "",
            "FromState": "",
            "FromZip": "",
            "MessageSid": message.sid,
            "NumMedia": "0",
            "NumSegments": str(message.segments),
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.to,
            "ToCountry": "US",
        }
        return fields | ({"OptOutType": said} if self.advanced and said else {})


def _answers(called: Called | None) -> list[str]:
    """The messages of a TwiML answer."""
    if called is None or not called.taken or not called.answer.strip():
        return []
    try:
        return [message.text or "" for message in ET.fromstring(called.answer).iter("Message")]  # noqa: S314 - our own service answers, on this machine
    except ET.ParseError:
        return []
