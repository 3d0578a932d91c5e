"""One endpoint as the channel knows it."""

from dataclasses import dataclass
from typing import Literal

from tocsin.core.networks import Network
from tocsin.core.secret import Secret

Form = Literal["standard", "plain", "ifttt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One target. `secrets` sign every request, all of them while one takes over from another; none signs nothing.

    `vouched`: the networks that need not be public. `bundle`: up to so many alerts in one body, for a receiver that
    reads lists; it then has to tell repeats by the ids of the alerts.
    """

    url: Secret
    form: Form = "standard"
    secrets: tuple[Secret, ...] = ()
    vouched: tuple[Network, ...] = ()
    bundle: int = 1
