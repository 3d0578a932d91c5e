"""A lease counts as lost before it can have ended: by the monotonic clock, and by the wall clock, since a machine that
was put to sleep stops the former.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

LASTS = timedelta(seconds=3)
MARGIN_S = 0.3  # that a request may take until it has left


class Lease(NamedTuple):
    """It was extended by a call that began then, so that it ends no earlier than a whole lease after that. The first
    is monotonic seconds.
    """

    began: float
    began_at: datetime
    lasts: timedelta = LASTS

    def is_held(self, now: float, moment: datetime) -> bool:
        """Whether it surely has not ended. A wall clock that was set forward is believed, until the next extension."""
        return self.left(now, moment) > 0

    def left(self, now: float, moment: datetime) -> float:
        """For how many seconds it still has surely not ended; 0 where it may have."""
        usable = self.lasts.total_seconds() - MARGIN_S
        return max(0.0, usable - max(now - self.began, (moment - self.began_at).total_seconds()))
