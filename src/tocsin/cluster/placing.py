"""Which node should work which lane: rendezvous hashing, so that everybody who sees the same nodes says the same, and a
node that comes or goes moves its own share only. Floats are monotonic seconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from tocsin.ledger.contract import Node, OwnerRow, View

# Whoever can takes what nobody works for so long: the node that should may not know of it.
ORPHANED_S = 1.5


@dataclass(frozen=True, slots=True)
class Course:
    """What a node is to do after a look: bury dead nodes, take lanes, ask others for theirs, and give its own up (None:
    to whoever takes it).
    """

    bury: tuple[str, ...] = ()
    take: frozenset[str] = frozenset()
    want: frozenset[str] = frozenset()
    give: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """A node as it stands when it looks: the lanes it has work for, each with its group; since when it knows which of
    them nobody works; and whether it is leaving, or has been away itself a moment ago.
    """

    me: str
    groups: Mapping[str, str]
    free_since: Mapping[str, float] = field(default_factory=dict)
    retiring: bool = False
    was_away: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    """Lanes of one group, and who owns them."""

    name: str
    lanes: Sequence[str]
    owners: Mapping[str, OwnerRow]

    def owned_by(self, node: str) -> list[OwnerRow]:
        return [row for row in self._rows() if row.node == node]

    def owned_by_others(self, node: str) -> list[OwnerRow]:
        return [row for row in self._rows() if row.node not in (None, node)]

    def free(self) -> list[str]:
        return [lane for lane in self.lanes if lane not in self.owners or self.owners[lane].node is None]

    def _rows(self) -> list[OwnerRow]:
        return [self.owners[lane] for lane in self.lanes if lane in self.owners]


def best(group: str, nodes: Iterable[Node]) -> str | None:
    """The node that should work a group; None where there is none. One that was restarted gets what it had: its name
    counts.
    """
    ranked = [(_weight(group, node.name), node.id) for node in nodes]
    return max(ranked)[1] if ranked else None


def course(view: View, standing: Standing, now: float) -> Course:
    """What a node is to do.

    A lane that nobody works is taken by who works others of its group, else by who should. Who should and does not asks
    for it, and who should not gives it up then. Who was away itself buries nobody yet: where the database was away,
    all leases have ended, and nobody is dead.
    """
    me = standing.me
    living = [row.node for row in view.nodes if row.alive and not row.leaving]
    others = [node for node in living if node.id != me]
    owners = {row.lane: row for row in view.owners}
    take: set[str] = set()
    want: set[str] = set()
    give: dict[str, str | None] = {row.lane: None for row in view.owners if _is_of_no_use(row, standing)}
    for group in _groups(standing.groups, owners):
        should = best(group.name, others if standing.retiring else living)
        mine, theirs = group.owned_by(me), group.owned_by_others(me)
        if standing.retiring:
            give |= {row.lane: should for row in mine}
        elif should == me and theirs:
            want |= {row.lane for row in theirs if row.wanted_by != me}
        elif not theirs:
            take |= {lane for lane in group.free() if mine or should == me or _is_orphan(lane, standing, now)}
        if should != me:
            give |= {row.lane: row.wanted_by for row in mine if row.wanted_by in {node.id for node in others}}
    dead = () if standing.was_away else [row.node.id for row in view.nodes if not row.alive and row.node.id != me]
    return Course(tuple(dead), frozenset(take), frozenset(want), give)


def _weight(group: str, name: str) -> bytes:
    return blake2b(f"{group}\0{name}".encode(), digest_size=8).digest()


def _groups(groups: Mapping[str, str], owners: Mapping[str, OwnerRow]) -> list[_Group]:
    lanes: defaultdict[str, list[str]] = defaultdict(list)
    for lane, group in groups.items():
        lanes[group].append(lane)
    return [_Group(name, members, owners) for name, members in lanes.items()]


def _is_of_no_use(row: OwnerRow, standing: Standing) -> bool:
    """Given to a node that has no work for it: its configuration is another one."""
    return row.node == standing.me and row.lane not in standing.groups


def _is_orphan(lane: str, standing: Standing, now: float) -> bool:
    return now - standing.free_since.get(lane, now) >= ORPHANED_S
