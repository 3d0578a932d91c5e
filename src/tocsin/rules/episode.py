"""An episode that has ended must not silence the next: what of its memory still counts."""

from collections.abc import Mapping
from datetime import datetime

from tocsin.core.alert import RepeatKey
from tocsin.core.decision import Episode, LastAccepted

NOTHING: Mapping[RepeatKey, LastAccepted] = {}


def standing(episode: Episode | None, now: datetime) -> Mapping[RepeatKey, LastAccepted]:
    """What was last accepted of each type and currency since the restock, or, while sold out, since it was sold out.

    Where that time lies ahead, the wall clock was set back and tells nothing of the order: then all of it stands,
    or every repeat would be news until the clock has caught up.
    """
    if episode is None:
        return NOTHING
    began = episode.closed_at or episode.opened_at
    if began is None or now < began:
        return episode.last
    return {key: accepted for key, accepted in episode.last.items() if accepted.at >= began}
