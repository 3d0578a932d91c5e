from uuid import UUID

import pytest

from tocsin.core.decision import Decision, Reason, Receipt
from tocsin.core.errors import Detail, InvalidAlertError

ONE, TWO = UUID(int=1), UUID(int=2)
PROBLEM = InvalidAlertError("no price", [Detail("price", "an in_stock alert needs one")])


@pytest.mark.parametrize(
    ("receipt", "told"),
    [
        (
            Receipt(decision=Decision.ACCEPTED, id=ONE, reason=Reason.REOPENED),
            {"id": str(ONE), "decision": "accepted", "reason": "reopened"},
        ),
        (
            Receipt(decision=Decision.FILTERED, id=ONE, reason=Reason.STALE),
            {"id": str(ONE), "decision": "filtered", "reason": "stale"},
        ),
        (
            Receipt(decision=Decision.DUPLICATE, reason=Reason.REPEAT, duplicate_of=TWO),
            {"decision": "duplicate", "reason": "repeat", "duplicate_of": str(TWO)},
        ),
        (
            Receipt(decision=Decision.ACCEPTED, id=ONE, reason=Reason.NEW, notes=(Detail("url", "was mended"),)),
            {
                "id": str(ONE),
                "decision": "accepted",
                "reason": "new",
                "notes": [{"path": "url", "message": "was mended"}],
            },
        ),
        (
            Receipt(decision=Decision.INVALID, error=PROBLEM.as_json()["error"]),
            {
                "decision": "invalid",
                "error": {
                    "code": "invalid_alert",
                    "message": "no price",
                    "details": [{"path": "price", "message": "an in_stock alert needs one"}],
                },
            },
        ),
    ],
    ids=["accepted", "filtered", "duplicate", "noted", "invalid"],
)
def test_an_answer_is_told_as_the_doors_promise_and_read_back(receipt, told):
    assert receipt.as_json() == told
    assert Receipt.from_json(told) == receipt
