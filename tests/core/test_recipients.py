import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.address import AddressKind
from tocsin.core.recipients import NOBODY, SLOTS, Recipient, Shard, audience_of, first_of, shards_of, slots_of
from tocsin.core.secret import Secret

SLOT = st.integers(1, 5 * SLOTS)
PEOPLE = st.sets(SLOT, max_size=60) | st.sets(st.sampled_from([1, SLOTS - 1, SLOTS, SLOTS + 1, 3 * SLOTS, 4 * SLOTS]))


@given(PEOPLE)
def test_an_audience_is_the_set_of_its_slots(people: set[int]):
    audience = audience_of(people)
    assert list(slots_of(audience)) == sorted(people)
    assert audience == sum(1 << slot for slot in people)
    assert audience.bit_count() == len(people)


@given(PEOPLE, PEOPLE)
def test_audiences_combine_as_sets_do(some: set[int], others: set[int]):
    left, right = audience_of(some), audience_of(others)
    assert set(slots_of(left & right)) == some & others
    assert set(slots_of(left | right)) == some | others
    assert set(slots_of(left & ~right)) == some - others


@given(PEOPLE)
def test_shards_hold_everybody_once_and_are_never_empty(people: set[int]):
    shards = list(shards_of(audience_of(people)))
    assert [slot for shard in shards for slot in shard.slots()] == sorted(people)
    assert all(shard.size == len(list(shard.slots())) > 0 for shard in shards)
    assert all(slot // SLOTS == shard.number for shard in shards for slot in shard.slots())
    assert sum(shard.audience for shard in shards) == audience_of(people)


@given(st.sets(SLOT, min_size=1, max_size=60))
def test_a_packed_shard_is_small_and_comes_back_as_it_was(people: set[int]):
    for shard in shards_of(audience_of(people)):
        assert len(shard.pack()) <= 4 + 512
        assert Shard.unpack(shard.pack()) == shard


@given(st.sets(SLOT, min_size=1, max_size=60), st.integers(0, 70))
def test_who_is_taken_out_of_a_shard_is_not_left_in_it(people: set[int], most: int):
    for shard in shards_of(audience_of(people)):
        taken, rest = shard.split(most)
        assert list(taken.slots()) == list(shard.slots())[:most]
        assert list(rest.slots()) == list(shard.slots())[most:]
        assert {taken.number, rest.number} == {shard.number}


@given(PEOPLE, st.integers(0, 70))
def test_the_first_of_an_audience_are_its_lowest_slots(people: set[int], most: int):
    assert list(slots_of(first_of(audience_of(people), most))) == sorted(people)[:most]


def test_a_full_shard_takes_no_more_than_its_bits():
    shard = Shard(0, (1 << SLOTS) - 1)
    assert len(shard.pack()) == 4 + 512
    assert list(shards_of(NOBODY)) == []


@pytest.mark.parametrize("shown", [repr, str])
def test_what_reaches_a_person_is_never_printed(shown):
    number = Secret("+15005550006")
    recipient = Recipient(
        slot=7, kind=AddressKind.PHONE, value=number, lookup=b"\x01\x02", locale="en", zone="America/New_York"
    )
    assert "500" not in shown(recipient)
