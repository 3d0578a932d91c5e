"""Knows which nodes there are, what each of them works, and in what they differ."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tocsin.cluster.contract import Ownership
from tocsin.core.clock import Clock
from tocsin.core.facts import Emit, NodesAgree, NodesDiffer
from tocsin.core.record import rfc3339
from tocsin.ledger.contract import Node, NodeRow, View

JOB = "job:"  # how a lane begins that is work for all, and not a channel's

# What living nodes should have alike, and for how long they may differ: a reload goes from one to the next, and so does
# an upgrade.
GRACE_S: Mapping[str, float] = {"configuration": 60.0, "version": 600.0}


class Nodes:
    """Spans are measured on the monotonic clock."""

    def __init__(self, ownership: Ownership, clock: Clock, emit: Emit) -> None:
        self._ownership = ownership
        self._clock = clock
        self._emit = emit
        self._since: dict[str, float] = {}
        self._told: set[str] = set()

    def as_json(self) -> dict[str, Any]:
        """Every node, as this one saw them within the last second. One that is alone works everything."""
        view = self._ownership.seen
        if view is None:
            return {"nodes": [_as_json(self._ownership.me, self._ownership.worked(), this=True)], "differences": {}}
        nodes = [
            _as_json(row.node, _owned(view, row.node.id), this=row.node.id == self._ownership.node, row=row)
            for row in view.nodes
        ]
        return {"nodes": nodes, "differences": differences(view)}

    def counted(self) -> Mapping[str, float]:
        """How many are alive and leaving, for the metrics; none where this process is alone."""
        view = self._ownership.seen
        states = [state(row) for row in view.nodes] if view else []
        return {word: states.count(word) for word in ("alive", "leaving")} if view else {}

    def lanes_owned(self) -> Mapping[str, float]:
        return {"": len(_lanes(self._ownership.worked()))}

    def lease_left(self) -> Mapping[str, float]:
        left = self._ownership.lease_left()
        return {} if left is None else {"": left}

    async def look(self) -> None:
        """Tell operators of what has differed for too long, and once it does not any more."""
        view, now = self._ownership.seen, self._clock.monotonic()
        found = differences(view) if view else {}
        self._since = {what: self._since.get(what, now) for what in found}
        for what, detail in found.items():
            if what not in self._told and now - self._since[what] >= GRACE_S[what]:
                self._told.add(what)
                self._emit(NodesDiffer(what, detail))
        for what in self._told - found.keys():
            self._told.discard(what)
            self._emit(NodesAgree(what))


def _as_json(node: Node, owned: Collection[str], *, this: bool, row: NodeRow | None = None) -> dict[str, Any]:
    """Who is alone with its ledger has no row there."""
    return {
        "id": node.id,
        "name": node.name,
        "version": node.version,
        "configuration": node.config_digest,
        "this": this,
        "state": state(row) if row else "alive",
        "started_at": rfc3339(row.started_at) if row else None,
        "lease_left_s": round(row.lease_left.total_seconds(), 3) if row else None,
        "lanes": _lanes(owned),
        "jobs": _jobs(owned),
    }


def _owned(view: View, node: str) -> list[str]:
    return [owner.lane for owner in view.owners if owner.node == node]


def _lanes(owned: Iterable[str]) -> list[str]:
    return sorted(lane for lane in owned if not lane.startswith(JOB))


def _jobs(owned: Iterable[str]) -> list[str]:
    return sorted(lane.removeprefix(JOB) for lane in owned if lane.startswith(JOB))


def state(row: NodeRow) -> str:
    if not row.alive:
        return "dead"
    return "leaving" if row.leaving else "alive"


def differences(view: View) -> dict[str, str]:
    """In what the nodes that stay differ: who has what."""
    staying = [row.node for row in view.nodes if state(row) == "alive"]
    of = {
        "configuration": [(node.name, node.config_digest) for node in staying],
        "version": [(node.name, node.version) for node in staying],
    }
    return {what: _who_has_what(told) for what, told in of.items() if len({value for _, value in told}) > 1}


def _who_has_what(told: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} has {value}" for name, value in sorted(told))
