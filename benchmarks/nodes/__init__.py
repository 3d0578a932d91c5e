"""What several nodes on PostgreSQL take, beside one on SQLite: in one run, since this machine has other days."""

from benchmarks.nodes.measuring import measure

__all__ = ["measure"]
