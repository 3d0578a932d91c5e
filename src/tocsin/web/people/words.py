"""The words in which requests tell of people, judged by their shape alone: what they mean is for whoever reads them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from tocsin.pipeline.intake.fields import read_timestamp
from tocsin.web.forms.form import TIME

PREFIX = "/api/v1/contacts"
ONE = PREFIX + "/{id}"

MOST_TAGS, MOST_ADDRESSES = 50, 50


def one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be one line of printable characters")
    return text


def _prose(text: str) -> str:
    """Several lines, and nothing that is no text."""
    if not all(each.isprintable() or each in "\n\r\t" for each in text):
        raise ValueError("must be text: it has characters in it that nobody can read")
    return text


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be a time as RFC 3339 has it, like 2026-11-20T14:00:00Z")  # noqa: TRY004 - pydantic's way
    return read_timestamp(value)


Line = Annotated[str, AfterValidator(one_line), Field(max_length=200)]
Label = Annotated[str, AfterValidator(one_line), Field(min_length=1, max_length=200)]
Tag = Annotated[str, AfterValidator(one_line), Field(min_length=1, max_length=80)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS)]
Prose = Annotated[str, AfterValidator(_prose), Field(min_length=1, max_length=10_000)]
Written = Annotated[str, Field(max_length=400)]  # a number, a mailbox or a zone as people write it
Locale = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(dict(TIME))]


class Asked(BaseModel):
    """What a request says; a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid")
