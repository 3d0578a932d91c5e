"""How Discord says no: a number, a sentence and, for a form, a tree that leads to the field.

Source: Discord documentation, "Opcodes and Status Codes" and "Error Messages".
"""

from collections.abc import Mapping
from typing import Any

from tocsin.sandbox.exchange import Answer

CONTENT_TYPE = {
    "_errors": [
        {
            "code": "CONTENT_TYPE_INVALID",
            "message": 'Expected "Content-Type" header to be one of {"application/json"}.',
        }
    ]
}
NOT_AN_OBJECT = {"_errors": [{"code": "DICT_TYPE_CONVERT", "message": "Only dictionaries may be used in a DictType."}]}
NOT_A_SWITCH = {"_errors": [{"code": "BOOLEAN_TYPE_CONVERT", "message": "Must be either true or false."}]}


class RefusedError(Exception):
    """Carries the answer out of the checks."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def error(status: int, code: int, message: str) -> Answer:
    return Answer.json(status, {"message": message, "code": code})


def form_error(errors: Mapping[str, Any]) -> Answer:
    return Answer.json(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors})
