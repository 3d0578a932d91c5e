"""A carrier brings mails to mailboxes: a provider, or a mail server."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tocsin.channels.contract import Channel
from tocsin.channels.email.settings import Email
from tocsin.channels.spec import Finding, ProviderLimits, Surroundings


def _nothing(_: Email) -> Iterable[Finding]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """`key` is the setting that only whoever uses this carrier has; the rest is as in a `Spec`."""

    key: str
    make: Callable[[Email, Surroundings], Channel]
    limits: ProviderLimits = field(default_factory=ProviderLimits)
    cautions: Callable[[Email], Iterable[Finding]] = _nothing
