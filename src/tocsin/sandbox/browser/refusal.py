"""How push services say no: Mozilla with a number of its own, Apple with a reason (autopush, "Error codes"; Apple,
"Sending web push notifications").
"""

from tocsin.sandbox.exchange import Answer


class RefusedError(Exception):
    """Carries the answer out of the checks."""

    def __init__(self, status: int, errno: int, message: str) -> None:
        super().__init__(message)
        body = {"code": status, "errno": errno, "error": _PHRASES.get(status, "Error"), "message": message}
        headers = {"Cache-Control": "max-age=86400"} if status == GONE else {}
        self.answer = Answer.json(status, body, headers)


class TokenError(RefusedError):
    """Apple says the same of everything that is wrong with a token."""

    def __init__(self) -> None:
        Exception.__init__(self, "BadJwtToken")
        self.answer = Answer.json(403, {"reason": "BadJwtToken"})


GONE = 410
_PHRASES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 410: "Gone", 413: "Request Entity Too Large"}
