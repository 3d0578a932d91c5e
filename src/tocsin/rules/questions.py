"""Whether the next mail asks its reader what came of an alert: once for a click, not at once, and not often."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.core.recipients import Recipient
from tocsin.rules.personal import wishes_of

AFTER = timedelta(hours=1)  # a click: whoever buys is busy with that
WITHIN = timedelta(days=7)  # of it: later nobody remembers


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRule:
    """`every`: nobody is asked again sooner than that; None: nobody is asked."""

    every: timedelta | None = timedelta(days=7)

    def is_asked(self, recipient: Recipient, now: datetime) -> bool:
        question = recipient.question
        if self.every is None or question is None or not wishes_of(recipient).questions:
            return False
        if not AFTER <= now - question.clicked_at <= WITHIN:
            return False
        asked = question.asked_at
        return asked is None or (asked < question.clicked_at and now - asked >= self.every)
