"""The forms of figures."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.core.analytics import Dimension
from tocsin.core.purchase import PurchaseState
from tocsin.rules.success import Verdict
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
    one_of,
    record,
    ref,
    several,
)

_SHARE = maybe(NUMBER)
_MS = maybe(NUMBER)
_REASONS = explained(ANYTHING, "How many, by the reason.")
_RATE = record({"of": WHOLE, "is": WHOLE, "rate": explained(_SHARE, "A part of 1; null over nothing.")})
_END_TO_END = record(
    {
        "of": explained(WHOLE, "Deliveries whose response time counts: all that were due, but what was held by wish."),
        "told": explained(WHOLE, "Of these: those that the provider took."),
        **{name: explained(_MS, "Milliseconds; null where fewer were told at all.") for name in ("p50", "p95", "p99")},
        "over_1s": explained(WHOLE, "Those that took longer, and those that were never told."),
    }
)
_UPTIME = record(
    {
        "up_min": WHOLE,
        "down_min": WHOLE,
        "idle_min": WHOLE,
        "rate": explained(_SHARE, "Of the minutes that are not idle."),
        "minutes": explained(TEXT, "By channel and hour: `u` up, `d` down, `.` idle, for each minute that has begun."),
    },
    needed=("up_min", "down_min", "idle_min", "rate"),
)
_SATISFACTION = record(
    {
        "of": explained(WHOLE, "How many said whether it was useful."),
        "is": WHOLE,
        "rate": _SHARE,
        "low": explained(_SHARE, "The 95 % Wilson interval."),
        "high": _SHARE,
        "few": explained(FLAG, "Fewer than 20: they say nothing."),
    }
)
_TOO_LATE = record(
    {
        "sold_out": explained(WHOLE, "It was gone by then."),
        "told_late": explained(WHOLE, "It was still there: the delay was ours."),
    }
)
_CLICKS: Mapping[str, Form] = {
    "clicks": record(
        {"people": WHOLE, "suspect": WHOLE, "robots": WHOLE, "unique": explained(WHOLE, "One for a person and alert.")}
    ),
    "click_rate": _RATE,
}
_PURCHASES: Mapping[str, Form] = {
    "purchases": explained(WHOLE, "All but reversed ones, by when they were made."),
    "purchase_states": explained(
        record({state.value: WHOLE for state in PurchaseState}),
        "`reported`: a person said so, and no money is known of.",
    ),
}
_MONEY: Mapping[str, Form] = {
    "currency": TEXT,
    "amount": explained(MONEY, "Of confirmed purchases, as the commission is."),
    "commission": MONEY,
    "pending_amount": MONEY,
    "pending_commission": MONEY,
    "cost": MONEY,
    "profit": MONEY,
    "roi": explained(_SHARE, "Profit over cost; null where it cost nothing."),
}
_DELIVERIES: Mapping[str, Form] = {
    "alerts": explained(WHOLE, "Accepted alerts; by channel or list those with a delivery there."),
    "due": explained(WHOLE, "Deliveries that were to be made: all but those that we cancelled."),
    "accepted": explained(WHOLE, "Taken by the provider, within their life."),
    "confirmed": explained(WHOLE, "Of these: known to have arrived."),
    "failed": explained(WHOLE, "Refused."),
    "unknown": explained(WHOLE, "May have arrived."),
    "expired": WHOLE,
    "late": explained(WHOLE, "Taken after the end of their life."),
    "failed_over": explained(WHOLE, "Another target was asked instead."),
    "waiting": WHOLE,
    "not_sent": explained(ANYTHING, "How many we cancelled, by the reason; they are not due."),
    "left_out": explained(ANYTHING, "How many people of lists were not planned for, by the reason."),
    "delivery_rate": record(
        {"of": WHOLE, "is": WHOLE, "low": _SHARE, "high": explained(_SHARE, "With what may have arrived.")}
    ),
    "confirmed_rate": explained(_RATE, "Where a provider says later whether it arrived."),
}
_CHANNEL: Mapping[str, Form] = {
    **_DELIVERIES,
    "uptime": _UPTIME,
    "end_to_end_ms": _END_TO_END,
    **_CLICKS,
    **_PURCHASES,
    **_MONEY,
    "other_currencies": several(record(_MONEY)),
}
# What a row is about; each is there where it was asked for.
_ABOUT: Mapping[str, Form] = {
    "at": explained(TIME, "When its bucket begins."),
    **{by.value: maybe(TEXT) for by in Dimension if by is not Dimension.ALL},
}


def _row(fields: Mapping[str, Form]) -> Form:
    fields = {**fields, "query": explained(ANYTHING, "Lists what was counted: for GET /api/v1/deliveries.")}
    return record({**_ABOUT, **fields}, needed=tuple(fields))


def _answer(row: str, **more: Form) -> Form:
    fields: Mapping[str, Form] = {
        "since": explained(TIME, "Down to the hour."),
        "until": explained(TIME, "Up to the hour."),
        "as_of": explained(maybe(TIME), "Up to when everything is counted."),
        "rows": several(ref(row)),
        **more,
    }
    before = {name: form for name, form in fields.items() if name != "as_of"}
    return record(
        {**fields, "before": explained(record(before), "The period before, where it was asked for.")},
        needed=tuple(fields),
    )


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "OverviewRow": _row({"filtered": WHOLE, **_CHANNEL, "satisfaction": _SATISFACTION}),
        "ChannelRow": _row(_CHANNEL),
        "LatencyRow": _row(
            {
                "alerts": WHOLE,
                "end_to_end_ms": _END_TO_END,
                "within_1s": _RATE,
                "mean_ms": record(
                    {
                        "accepted": explained(_MS, "From detection to our word that we have it."),
                        "first_attempt": explained(_MS, "From there to the first request."),
                        "answer": explained(_MS, "From there to the provider's yes."),
                        "receipt": explained(_MS, "From there to its word that it arrived."),
                    }
                ),
                "steps": several(record({"up_to_ms": maybe(NUMBER), "count": WHOLE})),
                "too_late": _TOO_LATE,
            }
        ),
        "FailureRow": _row(
            {
                **dict.fromkeys(("due", "failed", "expired", "failed_over", "late", "unknown"), WHOLE),
                "failure_rate": _RATE,
                **dict.fromkeys(("reasons", "not_sent", "left_out"), _REASONS),
            }
        ),
        "ConversionRow": _row(
            {
                "alerts": WHOLE,
                "accepted": WHOLE,
                **_CLICKS,
                **_PURCHASES,
                "conversion_rate": explained(_RATE, "Purchases of unique clicks."),
                "alert_conversion": explained(_RATE, "Alerts that brought a purchase, of all."),
                "amount": MONEY,
                "currency": TEXT,
                "satisfaction": _SATISFACTION,
                "too_late": _TOO_LATE,
            }
        ),
        "RoiRow": _row({"accepted": WHOLE, **_PURCHASES, **_MONEY}),
        "SuccessMetric": record(
            {
                "metric": TEXT,
                "bar": explained(TEXT, "What it has to reach."),
                "target": NUMBER,
                "of": WHOLE,
                "is": WHOLE,
                "rate": _SHARE,
                "low": explained(_SHARE, "The 95 % Wilson interval."),
                "high": _SHARE,
                "verdict": one_of(Verdict),
                "channel": explained(maybe(TEXT), "The one that was down most; of `channel_uptime` alone."),
            },
            needed=("metric", "bar", "target", "of", "is", "rate", "low", "high", "verdict"),
        ),
        "Overview": _answer("OverviewRow", success=several(ref("SuccessMetric"))),
        "ChannelFigures": _answer("ChannelRow"),
        "LatencyFigures": _answer("LatencyRow"),
        "FailureFigures": _answer("FailureRow"),
        "ConversionFigures": _answer("ConversionRow"),
        "RoiFigures": _answer("RoiRow"),
    }
)
