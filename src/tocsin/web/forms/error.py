"""An error, with each field that is wrong."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.web.forms.form import TEXT, Form, explained, record, ref, several

_NOTE = record(
    {"path": explained(TEXT, "The field, or empty."), "message": explained(TEXT, "What is wrong and how to mend it.")}
)


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Error": record({"error": ref("Problem")}),
        "Problem": record(
            {
                "code": explained(TEXT, "A stable word."),
                "message": explained(TEXT, "What is wrong and how to mend it."),
                "details": explained(several(ref("Note")), "Each field that is wrong."),
            }
        ),
        "Note": _NOTE,
    }
)
