"""Who wants to be told by one channel is told by the first that there is, and kept in reserve for the next."""

from dataclasses import replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.made import CATALOG, NOW, alert
from tests.rules.test_audience import DEVICES, PEOPLE, PHONE, Person, directory

from tocsin.core.address import AddressKind
from tocsin.core.decision import Chosen, LeftOut
from tocsin.core.delivery import Target
from tocsin.core.recipients import NOBODY, Audience, audience_of, slots_of
from tocsin.rules.audience import Directory, ListPolicy, Ways
from tocsin.rules.choice import Asked, Choice

VIP, SMS, PUSH, MAIL = (Target(*name) for name in (("sms", "vip"), ("sms", "all"), ("push", "all"), ("email", "all")))
ORDERS = (("push", "sms", "email"), ("sms", "email", "push"), ("email", "push", "sms"))
MOST = st.sampled_from([None, None, 0, 1, 2])
LISTS = st.fixed_dictionaries(
    {
        VIP: st.builds(ListPolicy, kinds=st.just(PHONE), tag=st.just("vip"), most=MOST),
        SMS: st.builds(ListPolicy, kinds=st.just(PHONE), most=MOST),
        PUSH: st.builds(ListPolicy, kinds=st.just(DEVICES), most=MOST),
        MAIL: st.builds(ListPolicy, kinds=st.just(frozenset({AddressKind.MAILBOX})), most=MOST),
    }
).flatmap(lambda lists: st.permutations(list(lists.items())).map(dict))


def with_ways(picture: Directory, orders: list[tuple[str, ...] | None]) -> Directory:
    """The person of each number wants it so; None: by every channel."""

    def those(order: tuple[str, ...]) -> Audience:
        owners = {number for number, one in enumerate(orders, start=1) if one == order}
        return audience_of(slot for slot, owner in enumerate(picture.contacts) if owner in owners)

    return replace(picture, ways=tuple(Ways(order, those(order)) for order in ORDERS))


@settings(max_examples=150, deadline=None)
@given(PEOPLE, LISTS, st.lists(st.sampled_from([None, *ORDERS]), min_size=8, max_size=8), st.sets(st.just(PUSH)))
def test_by_the_first_channel_where_there_is_a_place_and_by_no_other(
    persons: list[Person], lists: dict[Target, ListPolicy], orders: list[tuple[str, ...] | None], unable: set[Target]
):
    picture, what = with_ways(directory(persons), orders), alert(id=UUID(int=5))
    everybody = {
        target: Choice(replace(picture, ways=()), what, CATALOG, NOW).of(target, replace(policy, most=None)).everybody
        for target, policy in lists.items()
    }
    choice = Choice(picture, what, CATALOG, NOW)
    chosen = choice.among({target: Asked(policy) for target, policy in lists.items()}, unable)
    full = {target for target, policy in lists.items() if chosen[target].everybody.bit_count() == policy.most}
    for number in range(1, len(persons) + 1):
        order = orders[number - 1]
        mine = audience_of(slot for slot, owner in enumerate(picture.contacts) if owner == number)
        could = {target for target in lists if everybody[target] & mine}
        told = {target for target in lists if chosen[target].everybody & mine}
        assert len({target for target in told if target.channel == "sms"}) <= 1
        if order is None:
            assert all(
                target in told or target in full or target.channel in {t.channel for t in told} for target in could
            )
            assert not any(reserve_of(one) & mine for one in chosen.values())
            continue
        assert len({target.channel for target in told}) <= 1, "by one channel"
        by = order.index(next(iter(told)).channel) if told else len(order)
        if told - unable:
            assert all(target in full | unable for target in could if order.index(target.channel) < by)
        else:
            assert all(target in full | unable | told for target in could)
        for target in lists:
            spare = everybody[target] & mine & reserve_of(chosen[target])
            if target.channel in {each.channel for each in told} or not told - unable:
                assert not spare
            elif order.index(target.channel) > by:
                assert spare == everybody[target] & mine, "and by the others where that fails"


def reserve_of(one: Chosen) -> Audience:
    return NOBODY if one.reserve is None else one.reserve.audience


def test_who_is_kept_back_is_counted_and_comes_next_where_the_first_way_fails():
    picture = Directory(
        kinds={AddressKind.PHONE: 0b0110, AddressKind.DEVICE: 0b1000},
        willing=0b1110,
        contacts=[0, 1, 2, 1],  # the first person has a phone and a device
        ways=(Ways(("push", "sms"), 0b1010),),
    )
    lists = {SMS: ListPolicy(kinds=PHONE, most=5), PUSH: ListPolicy(kinds=DEVICES)}
    choice = Choice(picture, alert(), CATALOG, NOW)
    chosen = choice.among({target: Asked(policy) for target, policy in lists.items()})
    assert (chosen[PUSH].now, chosen[SMS].now) == (0b1000, 0b0100)
    assert chosen[SMS].left_out == {LeftOut.OTHER_CHANNEL: 1}
    assert reserve_of(chosen[SMS]) == 0b0010
    reserves = {SMS: reserve_of(chosen[SMS])}
    assert choice.next_ways(chosen[PUSH].now, "push", {SMS: lists[SMS]}, reserves) == [(0b1000, (SMS,))]
    assert [*slots_of(chosen[PUSH].now)] == [3]
