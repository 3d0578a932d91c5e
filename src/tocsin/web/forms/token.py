"""A token, without and with its secret, and what the one that asks may do."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.web.forms.form import TEXT, TIME, Form, explained, maybe, record, several

_TOKEN: Mapping[str, Form] = {
    "id": TEXT,
    "name": TEXT,
    "scopes": several(TEXT),
    "created_at": TIME,
    "expires_at": maybe(TIME),
    "revoked_at": maybe(TIME),
    "last_used_at": maybe(TIME),
}

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Token": record(_TOKEN),
        "MadeToken": record({**_TOKEN, "token": explained(TEXT, "The secret; never shown again.")}),
        "Grant": record({"id": TEXT, "name": TEXT, "scopes": several(TEXT), "expires_at": maybe(TIME)}),
    }
)
