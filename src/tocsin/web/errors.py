"""One form for every error of every door, and the status of each."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.core.errors import (
    AddressTakenError,
    AlreadyVerifiedError,
    AmbiguousAmountError,
    BrowserPushOffError,
    ChangedMeanwhileError,
    CodeExpiredError,
    ConflictError,
    CountryNotAllowedError,
    Detail,
    ExternalIdTakenError,
    ForbiddenError,
    ForgedError,
    FraudGuardError,
    FromConfigurationError,
    InvalidAlertError,
    InvalidConfigError,
    InvalidMailboxError,
    InvalidPhoneError,
    InvalidRequestError,
    LandlineError,
    LedgerError,
    LedgerUnavailableError,
    NotFoundError,
    NotJsonError,
    OtherCurrencyError,
    PeopleKeyError,
    ProviderUnavailableError,
    RateLimitedError,
    StandsInTheWayError,
    SuppressedError,
    TocsinError,
    TooLargeError,
    TooManyChecksError,
    TooManySendsError,
    UnauthorizedError,
    UnknownClickError,
    UnknownCurrencyError,
    UnknownPurchaseError,
    UnknownZoneError,
    VerificationOffError,
    WrongCodeError,
)
from tocsin.core.spelling import shown


class UnknownHostError(TocsinError):
    """The Host header names somebody else: a page that points its own name at us, or a wrong set-up."""

    code = "unknown_host"


class MethodNotAllowedError(TocsinError):
    """There is something at this path, and it is asked for in another way: by one of `allowed`."""

    code = "method_not_allowed"

    def __init__(self, method: str, path: str, allowed: Sequence[str]) -> None:
        super().__init__(f"{method} is not possible at {path}: the Allow header says what is")
        self.allowed = tuple(allowed)


class TooSlowError(TocsinError):
    """The body did not arrive in time."""

    code = "too_slow"


STATUS: Mapping[type[TocsinError], int] = MappingProxyType(
    {
        NotJsonError: 400,
        UnauthorizedError: 401,
        ForbiddenError: 403,
        ForgedError: 403,
        FraudGuardError: 403,
        NotFoundError: 404,
        StandsInTheWayError: 409,
        AddressTakenError: 409,
        ExternalIdTakenError: 409,
        SuppressedError: 409,
        FromConfigurationError: 409,
        BrowserPushOffError: 409,
        AlreadyVerifiedError: 409,
        VerificationOffError: 409,
        CodeExpiredError: 410,
        ChangedMeanwhileError: 412,
        TooLargeError: 413,
        ConflictError: 422,
        InvalidAlertError: 422,
        InvalidConfigError: 422,
        InvalidRequestError: 422,
        InvalidPhoneError: 422,
        CountryNotAllowedError: 422,
        InvalidMailboxError: 422,
        UnknownZoneError: 422,
        UnknownClickError: 422,
        UnknownCurrencyError: 422,
        OtherCurrencyError: 422,
        UnknownPurchaseError: 422,
        AmbiguousAmountError: 422,
        LandlineError: 422,
        WrongCodeError: 422,
        RateLimitedError: 429,
        TooManySendsError: 429,
        TooManyChecksError: 429,
        ProviderUnavailableError: 503,
        LedgerUnavailableError: 503,
        LedgerError: 500,
        PeopleKeyError: 500,
        TocsinError: 500,
        UnknownHostError: 400,
        MethodNotAllowedError: 405,
        TooSlowError: 408,
    }
)

PROBLEM = "tocsin.problem"  # where a request's scope keeps the error that it was answered with

_RESTART_S = 5.0  # what a restart may take

# The stable words of errors that no part of ours raised.
_CODES = {400: "bad_request", 404: "not_found", 413: "too_large", 415: "not_json"}


def status_of(error: TocsinError) -> int:
    """The status of the nearest kind that has one."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer_to(error: TocsinError) -> Response:
    answer = Response(orjson.dumps(error.as_json()), status_of(error), media_type="application/json")
    if isinstance(error, LedgerUnavailableError | RateLimitedError | ProviderUnavailableError):
        answer.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, UnauthorizedError):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, MethodNotAllowedError):
        answer.headers["Allow"] = ", ".join(error.allowed)
    return answer


def stopping() -> LedgerUnavailableError:
    """Nothing is taken any more."""
    return LedgerUnavailableError("the service stops: send it again when it is back", _RESTART_S)


def answer_to_bug() -> Response:
    return _form(500, "bug", "this should not have happened; the log of the service says more")


def speak_one_form(app: FastAPI) -> None:
    """Whatever goes wrong behind this app is told in our form."""
    app.add_exception_handler(TocsinError, _tell_ours)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(Exception, _tell_bug)


async def _tell_ours(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, TocsinError)
    request.scope[PROBLEM] = problem
    return answer_to(problem)


_OURS = "Value error, "  # what the framework sets before a message of ours


async def _tell_invalid(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    wrong = problem.errors()
    details = [
        Detail(shown(".".join(map(str, each["loc"][1:]))), str(each["msg"]).removeprefix(_OURS)) for each in wrong
    ]
    first = details[0]
    return await _tell_ours(request, InvalidRequestError(f"{first.path or 'the body'}: {first.message}", details))


async def _tell_http(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    hint = _HINTS.get(problem.status_code)
    message = hint.format(path=request.url.path) if hint else problem.detail
    return _form(problem.status_code, _CODES.get(problem.status_code, "refused"), message, problem.headers)


async def _tell_bug(_request: Request, _problem: Exception) -> Response:
    return answer_to_bug()


# What helps more than the bare words of the status.
_HINTS = {404: "there is nothing at {path}: the list of all doors is at /docs"}


def _form(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    content: dict[str, Any] = {"error": {"code": code, "message": message, "details": []}}
    return Response(orjson.dumps(content), status, headers, media_type="application/json")
