"""What entries of consent make of an address: a table, and what holds whatever comes in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.address import DEADLY, AddressState, AddressWhy, Consent
from tocsin.core.consent import ConsentEvent, Standing
from tocsin.rules.consent import standing_after

_S, _C, _E, _W = AddressState, Consent, ConsentEvent, AddressWhy

NEW = Standing()
WAITING = Standing(_S.UNVERIFIED, None, _C.GRANTED)
TOLD = Standing(_S.ACTIVE, None, _C.GRANTED)
STOPPED = Standing(_S.SUPPRESSED, _W.STOP, _C.WITHDRAWN)
DEAD = Standing(_S.DEAD, _W.BOUNCED, _C.GRANTED)


@pytest.mark.parametrize(
    ("before", "event", "why", "after"),
    [
        (NEW, _E.GRANTED, None, WAITING),
        (NEW, _E.CONFIRMED, None, TOLD),
        (NEW, _E.IMPORTED, None, TOLD),
        (NEW, _E.RESUMED, None, NEW),
        (WAITING, _E.CONFIRMED, None, TOLD),
        (TOLD, _E.GRANTED, None, TOLD),
        (TOLD, _E.WITHDRAWN, _W.STOP, STOPPED),
        (STOPPED, _E.GRANTED, None, STOPPED),
        (STOPPED, _E.IMPORTED, None, STOPPED),
        (STOPPED, _E.RESUMED, None, TOLD),
        (STOPPED, _E.CONFIRMED, None, TOLD),
        (STOPPED, _E.REFUSED_BY_PROVIDER, _W.BOUNCED, STOPPED),
        (TOLD, _E.REFUSED_BY_PROVIDER, _W.BOUNCED, DEAD),
        (TOLD, _E.REFUSED_BY_PROVIDER, None, Standing(_S.SUPPRESSED, _W.PROVIDER_OPT_OUT, _C.WITHDRAWN)),
        (TOLD, _E.REFUSED_BY_PROVIDER, _W.COMPLAINT, Standing(_S.SUPPRESSED, _W.COMPLAINT, _C.WITHDRAWN)),
        (DEAD, _E.GRANTED, None, DEAD),
        (DEAD, _E.IMPORTED, None, DEAD),
        (DEAD, _E.CONFIRMED, None, TOLD),
        (DEAD, _E.RESUMED, None, TOLD),
        (DEAD, _E.WITHDRAWN, _W.PAGE, Standing(_S.SUPPRESSED, _W.PAGE, _C.WITHDRAWN)),
    ],
)
def test_the_table_of_moves(before: Standing, event: ConsentEvent, why: AddressWhy | None, after: Standing):
    assert standing_after(before, event, why) == after


def test_an_import_waits_for_a_code_where_the_configuration_says_so():
    assert standing_after(NEW, _E.IMPORTED, accept_imported=False) == WAITING
    assert standing_after(TOLD, _E.IMPORTED, accept_imported=False) == TOLD


events = st.lists(st.tuples(st.sampled_from(ConsentEvent), st.sampled_from([None, *AddressWhy])), max_size=12)
PERSONS = frozenset({_E.CONFIRMED, _E.RESUMED})


@given(events, st.booleans())
def test_after_a_stop_nobody_but_the_person_brings_an_address_back(history, accept):
    standing = STOPPED
    for event, why in history:
        standing = standing_after(standing, event, why, accept_imported=accept)
        if event in PERSONS:
            return
        assert standing.state is _S.SUPPRESSED
        assert standing.consent is _C.WITHDRAWN


def test_where_an_import_is_not_taken_for_consent_a_code_still_is():
    assert standing_after(NEW, _E.IMPORTED, accept_imported=False) == WAITING
    assert standing_after(NEW, _E.CONFIRMED, accept_imported=False) == TOLD
    assert standing_after(NEW, _E.RESUMED, accept_imported=False) == NEW


@given(events)
def test_whatever_was_said_only_consent_makes_active_and_a_reason_goes_with_what_is_shut(history):
    standing = NEW
    for event, why in history:
        standing = standing_after(standing, event, why)
        assert standing.state is not _S.ACTIVE or standing.consent is _C.GRANTED
        assert (standing.why is not None) == (standing.state in (_S.SUPPRESSED, _S.DEAD))
        assert standing.state is not _S.DEAD or standing.why in DEADLY
