"""The words in which requests tell of people, judged by their shape alone: what they mean is for whoever reads them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from tocsin.pipeline.intake.fields import read_timestamp
from tocsin.pipeline.people.bounds import LOCALE, LONGEST_LINE, LONGEST_LOCALE, LONGEST_TAG, LONGEST_WORDING, MOST_TAGS
from tocsin.web.forms.form import TIME

PREFIX = "/api/v1/contacts"
ONE = PREFIX + "/{id}"

MOST_ADDRESSES = 50


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


Line = Annotated[str, AfterValidator(one_line), Field(max_length=LONGEST_LINE)]
Label = Annotated[str, AfterValidator(one_line), Field(min_length=1, max_length=LONGEST_LINE)]
Tag = Annotated[str, AfterValidator(one_line), Field(min_length=1, max_length=LONGEST_TAG)]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS)]
Prose = Annotated[str, AfterValidator(_prose), Field(min_length=1, max_length=LONGEST_WORDING)]
Written = Annotated[str, Field(max_length=400)]  # a number, a mailbox or a zone as people write it
Locale = Annotated[str, Field(pattern=f"^{LOCALE}$", max_length=LONGEST_LOCALE)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(dict(TIME))]


class Asked(BaseModel):
    """What a request says; a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid")
