"""Who gives way where places are short."""

from dataclasses import dataclass, field

from tocsin.web.places import Places


@dataclass(eq=False)
class Somebody:
    waits_since: float | None
    name: str = ""
    left: list[str] = field(default_factory=list)

    def give_way(self) -> None:
        self.left.append(self.name)


def test_who_waits_longest_gives_way_first():
    left: list[str] = []
    inside = [Somebody(since, str(since), left) for since in (3.0, 1.0, None, 2.0)]
    places = Places(lambda: inside, list)
    places.make_room()
    assert left == [], "at the first look nobody has had a chance"
    places.make_room()
    assert left == ["1.0", "2.0", "3.0"]


def test_who_has_just_come_in_may_say_what_he_wants():
    before, after = Somebody(5.0), Somebody(1.0)
    inside = [before]
    places = Places(lambda: inside, list)
    places.make_room()
    inside.append(after)
    places.make_room()
    assert (len(before.left), len(after.left)) == (1, 0)
    after.waits_since = None
    places.make_room()
    assert not after.left


def test_whom_nobody_has_vouched_for_gives_way_too():
    newcomer = Somebody(1.0)
    places = Places(list, lambda: [newcomer])
    places.make_room()
    places.make_room()
    assert newcomer.left
