"""A click: one request for a short link, and who seems to have made it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SEVERAL = "several"  # why somebody is suspect who followed several links of one message at once


class ClickKind(StrEnum):
    """The kinds of clicks: figures count those of persons; suspects are shown beside them, robots are only kept."""

    PERSON = "person"
    SUSPECT = "suspect"  # looks like a person, and behaves like a program that checks links
    ROBOT = "robot"  # a program: it draws a preview, fetches ahead or scans


@dataclass(frozen=True, slots=True)
class Click:
    """A click was made at `at`; `why` is a stable word for what told its kind, empty for persons."""

    at: datetime
    kind: ClickKind
    why: str
