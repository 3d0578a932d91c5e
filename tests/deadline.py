"""How long is waited for what must come."""

DEADLINE_S = 60  # the machine may be busy with other things; only what never comes costs this
