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
        usable = self.lasts.total_seconds() - MARGIN_S
        return now - self.began < usable and (moment - self.began_at).total_seconds() < usable
