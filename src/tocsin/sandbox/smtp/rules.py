"""What a strict mail server takes: of addresses, of lines, and of a mail as a whole (RFC 5321, RFC 5322)."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy

LONGEST_COMMAND = 512  # bytes, CRLF included (RFC 5321, section 4.5.3.1.4)
LONGEST_LINE = 1000  # of a text, the same way (4.5.3.1.6)
LARGEST_MAIL = 10 * 1024 * 1024

ADDRESS = re.compile(r"<([^<>@\s]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63})>")
_NEEDED = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version")
_ONCE = (*_NEEDED, "List-Unsubscribe", "List-Unsubscribe-Post")
_MESSAGE_ID = re.compile(r"<[^<>@\s]+@[^<>@\s]+>")


def faults_of(raw: bytes) -> Iterator[str]:
    """What is wrong with a mail that has come in whole."""
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        yield "lines end in CR LF"
        return
    if any(len(line) + 2 > LONGEST_LINE for line in raw.split(b"\r\n")):
        yield "a line is longer than 1,000 bytes"
    if not raw.isascii():
        yield "bytes beyond ASCII, and nobody asked for 8BITMIME"
    read = message_from_bytes(raw, policy=policy.SMTP)
    for name in _NEEDED:
        if name not in read:
            yield f"{name} is missing"
    for name in _ONCE:
        if len(read.get_all(name, [])) > 1:
            yield f"{name} stands there twice"
    if not _MESSAGE_ID.fullmatch(str(read.get("Message-ID", "")).strip()):
        yield "Message-ID is none"
    if read.defects:
        yield f"the mail is broken: {type(read.defects[0]).__name__}"
