"""A mention says whom a message may ring out to: decided by the rules, never by what an alert says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mention:
    everyone: bool = False
    roles: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that a mention budget is kept for: `everyone`, `role:1180000000000000002`."""
        return (*(("everyone",) if self.everyone else ()), *(f"role:{role}" for role in self.roles))


NOBODY = Mention()
