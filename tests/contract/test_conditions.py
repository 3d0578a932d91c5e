from dataclasses import replace
from datetime import timedelta

from tests.contract.books import GENERAL, HIGH, Books, opened

from tocsin.core.clock import ManualClock
from tocsin.core.condition import Condition, Phase, What


def condition(clock: ManualClock, about: str = "discord:general") -> Condition:
    return Condition(what=What.TARGET_DISABLED, about=about, began_at=clock.now(), detail="target_gone: ünknown 'x'")


async def test_a_condition_is_kept_with_what_each_target_was_told(place: str, clock: ManualClock) -> None:
    first = condition(clock)
    told = replace(first, told={GENERAL: Phase.BEGAN, HIGH: Phase.OVER}, over_at=clock.now() + timedelta(seconds=9))
    async with opened(place, clock) as books:
        assert await books.operations.conditions() == ()
        await books.operations.keep_condition(first)
        assert await books.operations.conditions() == (first,)
        await books.operations.keep_condition(told)
    async with opened(place, clock) as books:
        assert await books.operations.conditions() == (told,)


async def test_conditions_are_listed_in_the_order_they_began_and_forgotten_one_by_one(
    books: Books, clock: ManualClock
) -> None:
    for about in ("b", "a", "c"):
        await books.operations.keep_condition(condition(clock, about))
        clock.advance(1)
    await books.operations.forget_condition(What.TARGET_DISABLED, "a")
    await books.operations.forget_condition(What.LANE_FAILING, "b")
    assert [kept.about for kept in await books.operations.conditions()] == ["b", "c"]
