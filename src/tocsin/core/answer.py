"""An answer: what somebody says of an alert that they were told of."""

from enum import StrEnum


class Answer(StrEnum):
    """The answers that somebody can give; of those about one delivery the last one counts."""

    BOUGHT = "bought"
    USEFUL = "useful"
    TOO_LATE = "too_late"
    NOT_FOR_ME = "not_for_me"
