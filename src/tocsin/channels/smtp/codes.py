"""What a mail server's reply codes mean for a mail and for the mailbox that it was for.

The first digit decides: 4 is "not now", 5 is "not so, ever" (RFC 5321, section 4.2.1). What a 5 says of the mailbox,
the enhanced code behind it tells (RFC 3463, and the registry of RFC 5248); servers without one say 550 for everything
from a mailbox that is not there to a sender that they do not like, so that a bare 550 refuses the mail and kills no
mailbox.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from tocsin.core.address import AddressWhy
from tocsin.core.outcome import Deferred, Delay, Refusal, Refused

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Code:
    words: str
    outcome: Deferred | Refused


def _dead(words: str) -> Code:
    """Nothing may go to that mailbox any more."""
    return Code(words, Refused(Refusal.TARGET_GONE, shuts=AddressWhy.BOUNCED))


def _forbidden(words: str) -> Code:
    """It is there, and this mail does not come in."""
    return Code(words, Refused(Refusal.TARGET_FORBIDDEN))


def _blocked(words: str) -> Code:
    return Code(words, Refused(Refusal.CONTENT_BLOCKED))


def _ours(words: str, why: Refusal = Refusal.INVALID_REQUEST) -> Code:
    return Code(words, Refused(why))


def _mend(words: str) -> Code:
    """No mail of ours passes before a human has changed something."""
    return Code(words, Deferred(Delay.CREDENTIALS))


def _later(words: str, wait: timedelta | None = None) -> Code:
    return Code(words, Deferred(Delay.PROVIDER_TROUBLE, wait))


def _slower(words: str, wait: timedelta | None = None) -> Code:
    return Code(words, Deferred(Delay.RATE_LIMITED, wait))


_MINUTE = timedelta(minutes=1)

# By the enhanced code, class and all. What is not here falls back to the reply code.
ENHANCED: Mapping[str, Code] = MappingProxyType(
    {
        "5.1.0": _forbidden("the address is not taken"),
        "5.1.1": _dead("there is no such mailbox"),
        "5.1.2": _dead("there is no such domain"),
        "5.1.3": _dead("this is no address"),
        "5.1.6": _dead("the mailbox has moved, and nobody says where"),
        "5.1.7": _mend("the sender's address is no address there"),
        "5.1.8": _mend("the sender's domain is not taken"),
        "5.1.10": _dead("the domain takes no mail (a null MX)"),
        "5.2.0": _forbidden("the mailbox takes no mail"),
        "5.2.1": _forbidden("the mailbox is switched off, or gets too much"),
        "5.2.2": _forbidden("the mailbox is full"),
        "5.2.3": _ours("longer than the mailbox takes", Refusal.TOO_LARGE),
        "5.3.4": _ours("longer than the server takes", Refusal.TOO_LARGE),
        "5.4.1": _forbidden("the server of the mailbox refuses"),
        "5.4.6": _forbidden("the way to the mailbox goes in circles"),
        "5.7.0": _mend("the server wants to know who we are"),
        "5.7.1": _blocked("not permitted: by a policy, or taken for spam"),
        "5.7.8": _mend("user or password are wrong"),
        "5.7.9": _mend("the server wants another way to log in"),
        "5.7.14": _mend("the account has to be unlocked"),
        "5.7.20": _mend("no DKIM signature passes"),
        "5.7.23": _mend("SPF does not name this server"),
        "5.7.25": _mend("the server's address has no name (reverse DNS)"),
        "5.7.26": _mend("neither SPF nor DKIM passes, or DMARC forbids it"),
        "5.7.27": _mend("the sender's domain takes no mail (a null MX)"),
        "5.7.509": _mend("DMARC forbids it"),
        "5.7.515": _mend("SPF, DKIM and DMARC are needed for as many mails as these"),
        "4.2.1": _later("the mailbox takes nothing for the moment", _MINUTE),
        "4.2.2": _later("the mailbox is full", _MINUTE),
        "4.3.2": _slower("the server takes nothing for the moment"),
        "4.4.5": _slower("the server is congested"),
        "4.5.3": _later("too many recipients at once"),
        "4.7.0": _slower("too many mails at once, or a stranger to be looked at (greylisting)", _MINUTE),
        "4.7.1": _later("greylisted: the server wants to be asked again", _MINUTE),
    }
)  # fmt: skip

# By the reply code, where there is no enhanced one that says more (RFC 5321, section 4.2.3; RFC 4954; RFC 7504).
REPLIES: Mapping[int, Code] = MappingProxyType(
    {
        421: _slower("the server says goodbye"),
        432: _mend("the password has to be changed"),
        450: _later("the mailbox is busy, or the server wants to be asked again", _MINUTE),
        451: _later("trouble at the server"),
        452: _later("no room at the server"),
        454: _later("TLS or the login cannot be had for the moment"),
        500: _ours("the server does not know the command"),
        501: _ours("the server does not understand what it was told"),
        502: _ours("the server does not have the command"),
        503: _ours("the server wants the commands in another order"),
        504: _ours("the server does not know the parameter"),
        521: _forbidden("that host takes no mail"),
        530: _mend("the server wants a login, or TLS before it"),
        534: _mend("the login's way is too weak for the server"),
        535: _mend("user or password are wrong"),
        538: _mend("the server wants TLS before the login"),
        550: _forbidden("the mailbox is not taken"),
        551: _dead("the mailbox is elsewhere"),
        552: _ours("longer than the server takes", Refusal.TOO_LARGE),
        553: _forbidden("the address is not taken"),
        554: _blocked("not taken"),
        555: _ours("the server does not know a parameter"),
        556: _dead("the domain takes no mail"),
    }
)

_CLASSES: Mapping[int, Code] = MappingProxyType({4: _later("not now"), 5: _forbidden("not taken")})


def enhanced_of(text: str) -> str | None:
    """The enhanced code that a reply's text begins with."""
    found = _ENHANCED.match(text.lstrip())
    return found[0] if found else None


def code_of(reply: int, text: str) -> Code | None:
    """What the reply means; None for what is no refusal. An enhanced code that contradicts its reply counts nothing."""
    enhanced = enhanced_of(text)
    if enhanced is not None and enhanced[0] == str(reply)[0]:
        known = ENHANCED.get(enhanced)
        if known is not None:
            return known
    return REPLIES.get(reply) or _CLASSES.get(reply // 100)
