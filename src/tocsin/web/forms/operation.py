"""What operators look at: monitors, conditions and how the service does now."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.web.forms.form import (
    ANYTHING,
    FLAG,
    MONEY,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Form,
    explained,
    maybe,
    record,
    ref,
    several,
)

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Monitor": record(
            {
                "id": TEXT,
                "retailer": TEXT,
                "skus": several(TEXT),
                "interval": explained(NUMBER, "Seconds between two signs of life, as it promised."),
                "state": {"enum": ["active", "lost"]},
                "registered_at": TIME,
                "heard_at": TIME,
                "lost_at": maybe(TIME),
            }
        ),
        "Watched": record(
            {
                "sku": TEXT,
                "retailer": TEXT,
                "variant": maybe(TEXT),
                "seller": maybe(TEXT),
                "state": {"enum": ["in_stock", "sold_out", "announced", "unseen"]},
                "since": explained(maybe(TIME), "When it came into its state."),
                "silent_since": explained(maybe(TIME), "Every monitor that looks at it is lost."),
                "last_seen_at": maybe(TIME),
                "last_alert": maybe(ref("Alert")),
                "prices": explained(several(record({"at": TIME, "price": MONEY})), "The oldest first."),
                "monitors": several(record({"id": TEXT, "state": {"enum": ["active", "lost"]}, "heard_at": TIME})),
            }
        ),
        "Condition": record(
            {
                "what": TEXT,
                "about": TEXT,
                "headline": TEXT,
                "detail": TEXT,
                "mend": explained(TEXT, "What to do."),
                "began_at": TIME,
                "over_at": maybe(TIME),
            }
        ),
        "Mirror": record(
            {
                "name": TEXT,
                "behind": explained(WHOLE, "What waits for it."),
                "caught_up_in_s": explained(maybe(WHOLE), "Seconds, at its present pace; null where nobody can tell."),
                "written_at": explained(maybe(TIME), "When it last took something."),
                "calls_left": explained(maybe(WHOLE), "Requests of this month; null where they are not counted."),
                "problem": explained(TEXT, "What it said last, where it takes nothing; else empty."),
            }
        ),
        "Node": record(
            {
                "id": explained(TEXT, "Drawn at each start."),
                "name": TEXT,
                "version": TEXT,
                "configuration": explained(TEXT, "The same where the configuration is the same."),
                "this": explained(FLAG, "It is the one that was asked."),
                "state": {"enum": ["alive", "leaving", "dead"]},
                "started_at": maybe(TIME),
                "lease_left_s": explained(
                    maybe(NUMBER), "Seconds that it still counts as alive unheard of; null where a process is alone."
                ),
                "lanes": several(TEXT),
                "jobs": explained(several(TEXT), "What one of them does for all."),
            }
        ),
        "Stats": record(
            {
                "last_minute": record(
                    {
                        "accepted": WHOLE,
                        "sent": WHOLE,
                        "waiting": WHOLE,
                        "p50_s": explained(
                            maybe(NUMBER), "Seconds that half of the sent and waiting ones took at most."
                        ),
                        "p99_s": explained(maybe(NUMBER), "The same of 99 in 100."),
                    }
                ),
                "queue": explained(ANYTHING, "What waits to leave, by band."),
                "objective": explained(maybe(ANYTHING), "Whether alerts are told in time, by channel."),
                "shadow": ref("Shadow"),
            }
        ),
        "Shadow": record({"everything": FLAG, "channels": explained(several(TEXT), "Those that send nothing.")}),
    }
)
