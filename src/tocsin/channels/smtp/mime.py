"""A mail as it goes over the wire: headers and both forms of its body, in ASCII (RFC 5322, RFC 2045 to 2047)."""

from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.headerregistry import HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from types import MappingProxyType

from tocsin.channels.email.mail import Mail
from tocsin.channels.smtp.line import Letter


class _Verbatim(UniqueUnstructuredHeader):
    """A header of addresses for programs: the standard library would break a long one in the middle, or encode it."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _Words(UniqueUnstructuredHeader):
    """A header for readers: of two encoded words that follow each other the policy's own folding loses the space."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        text = str(self)
        words = Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=self.name, maxlinelen=76)
        return f"{self.name}: {words.encode(linesep=policy.linesep)}{policy.linesep}"


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Words)  # type: ignore[arg-type]  # it is mixed with what is wanted
    for name in ("list-unsubscribe", "list-unsubscribe-post", "message-id"):
        registry.map_to_type(name, _Verbatim)  # type: ignore[arg-type]  # it is mixed with what is wanted
    return registry


_POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers())
_FIXED: Mapping[str, str] = MappingProxyType({"Auto-Submitted": "auto-generated"})  # RFC 3834: no holiday notes to it


def letter_of(mail: Mail, *, sender: str, address: str, recipient: str, name: str, at: datetime) -> Letter:
    """`sender` is `Name <address>`, `address` the same without the name; `name` is what the mail is called, the same
    each time that it is sent.

    Raises ValueError for a header that would be two.
    """
    message = EmailMessage(policy=_POLICY)
    headers = {
        "From": sender,
        "To": recipient,
        "Subject": mail.subject,
        "Date": format_datetime(at),
        "Message-ID": f"<{name}>",
        **_FIXED,
        **mail.headers,
    }
    for header, value in headers.items():
        message[header] = value
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return Letter(sender=address, recipient=recipient, content=message.as_bytes())
