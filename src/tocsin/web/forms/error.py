"""An error, with each field that is wrong."""

from collections.abc import Mapping
from types import MappingProxyType

from tocsin.web.forms.form import TEXT, WHOLE, Form, explained, record, ref, several

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
                "checks_left": explained(WHOLE, "Of `wrong_code` alone: so often another one can be tried."),
            },
            needed=("code", "message", "details"),
        ),
        "Note": _NOTE,
    }
)
