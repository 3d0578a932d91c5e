"""What an entry of consent makes of an address. The newest decides: an older one is kept, and changes nothing."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.address import DEADLY, AddressState, AddressWhy, Consent
from tocsin.core.consent import ConsentEvent, Standing

_S, _C, _E = AddressState, Consent, ConsentEvent
_WAITING, _TOLD = Standing(_S.UNVERIFIED, None, _C.GRANTED), Standing(_S.ACTIVE, None, _C.GRANTED)

# Of an address in this state; what is not here changes nothing. Only its owner brings back one that was suppressed.
_MOVES: Mapping[tuple[AddressState, ConsentEvent], Standing] = MappingProxyType(
    {
        (_S.UNVERIFIED, _E.GRANTED): _WAITING,
        (_S.ACTIVE, _E.GRANTED): _TOLD,
        **{(state, _E.CONFIRMED): _TOLD for state in _S},
        (_S.SUPPRESSED, _E.RESUMED): _TOLD,
        (_S.ACTIVE, _E.RESUMED): _TOLD,
        (_S.DEAD, _E.RESUMED): _TOLD,  # it was texted from: it lives
        (_S.UNVERIFIED, _E.IMPORTED): _TOLD,
        (_S.ACTIVE, _E.IMPORTED): _TOLD,
    }
)


def standing_after(
    before: Standing, event: ConsentEvent, why: AddressWhy | None = None, *, accept_imported: bool = True
) -> Standing:
    """`why` goes with what is withdrawn or refused. `accept_imported`: an import with evidence needs no code.

    What a provider calls dead is dead until its owner shows that it is not, and suppressed stays suppressed.
    """
    if event is _E.WITHDRAWN or (event is _E.REFUSED_BY_PROVIDER and why not in DEADLY):
        return Standing(_S.SUPPRESSED, why or AddressWhy.PROVIDER_OPT_OUT, _C.WITHDRAWN)
    if event is _E.REFUSED_BY_PROVIDER:
        return before if before.state is _S.SUPPRESSED else Standing(_S.DEAD, why, before.consent)
    if event is _E.IMPORTED and before.state is _S.UNVERIFIED and not accept_imported:
        return _WAITING
    return _MOVES.get((before.state, event), before)
