"""When it is known that no row with a smaller key comes any more, for whoever follows a table by its keys."""

from datetime import timedelta

SETTLED = timedelta(seconds=2)
"""Keys are drawn before their commits. On PostgreSQL, what is younger than this may still be overtaken by a row with a
smaller key, on another connection."""
