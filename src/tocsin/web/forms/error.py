"""An error, with each field that is wrong."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.web.forms.form import TEXT, Form, record, ref, several, told

_NOTE = record({"path": told(TEXT, "The field, or empty."), "message": told(TEXT, "What is wrong and how to mend it.")})


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "Error": record({"error": ref("Problem")}),
        "Problem": record(
            {
                "code": told(TEXT, "A stable word."),
                "message": told(TEXT, "What is wrong and how to mend it."),
                "details": told(several(ref("Note")), "Each field that is wrong."),
            }
        ),
        "Note": _NOTE,
    }
)
